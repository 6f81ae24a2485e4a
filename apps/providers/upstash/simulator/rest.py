"""Redis over REST: one command, many, or one in the path; who may, and in which encoding."""

from base64 import b64encode
from typing import Any

from ...simulation.messages import Malformed, Request, Response, answer
from ...simulation.routing import Routes
from ...simulation.world import World
from . import management
from .commands import CHANGING, known, perform
from .scanning import CommandError

ROUTES = Routes()


def mutates(request: Request) -> bool:
    """Whether any command of the call writes, or the developer API changes something."""
    if request.path.startswith(management.PREFIX):
        return request.method != "GET"
    try:
        body = request.json() if request.body else []
    except Malformed:
        return False
    single = request.path.strip("/") not in ("pipeline", "multi-exec")
    commands = [_command(request, body)] if single else body
    return any(isinstance(c, list) and c and str(c[0]).upper() in CHANGING for c in commands)


def guard(world: World, request: Request) -> Response | None:
    """401 for an unknown token, 405 for other methods."""
    if request.path.startswith(management.PREFIX):
        return management.guard(world, request)
    if request.method not in ("GET", "POST", "PUT", "HEAD"):
        return answer(405, {"error": "ERR method not allowed"})
    state = world.state("upstash")
    sent = _token(request)
    if sent not in state["tokens"] and sent not in state["read_only_tokens"]:
        return answer(401, {"error": "WRONGPASS invalid or missing auth token"})
    return None


@ROUTES.add("POST", "/pipeline", "/multi-exec")
def pipeline(world: World, request: Request) -> Response:
    """Many commands, each with its own result or error; `multi-exec` does all or none."""
    commands = request.json()
    if not isinstance(commands, list) or not all(isinstance(c, list) and c for c in commands):
        return answer(400, {"error": "ERR failed to parse pipeline request"})
    if request.path == "/multi-exec" and (bad := next((e for e in map(unknown, commands) if e), None)):
        return answer(400, {"error": f"EXECABORT Transaction discarded because of: {bad}"})
    return answer(200, [_result(world, request, command) for command in commands], **_sync(world))


@ROUTES.add("POST", "/")
@ROUTES.add("PUT", "/")
def single(world: World, request: Request) -> Response:
    """One command as a JSON array."""
    result = _result(world, request, _command(request, request.json()))
    return answer(400 if "error" in result else 200, result, **_sync(world))


@ROUTES.add("GET", "/")
def hello(world: World, request: Request) -> Response:
    """What the address answers without a command."""
    return answer(200, "Welcome to Serverless Redis, refer to the documentation for how to use it.")


@ROUTES.add("GET", "/{words:path}")
@ROUTES.add("POST", "/{words:path}")
def in_path(world: World, request: Request, words: str) -> Response:
    """One command in the path: `/get/foo`; a body is its last argument."""
    result = _result(world, request, _command(request, None))
    return answer(400 if "error" in result else 200, result, **_sync(world))


def _token(request: Request) -> str:
    return request.bearer() or request.first("_token")


def _command(request: Request, body: Any) -> list[Any]:
    if request.path != "/":
        from_path = request.path.strip("/").split("/")
        return [*from_path, request.body.decode()] if request.body else from_path
    return body if isinstance(body, list) else []


def unknown(command: list[Any]) -> str:
    """Why a command could not even be queued, or an empty text."""
    try:
        known(str(command[0]).upper())
    except CommandError as error:
        return str(error)
    return ""


def _result(world: World, request: Request, command: list[Any]) -> dict[str, Any]:
    state = world.state("upstash")
    sent = _token(request)
    read_only = sent in state["read_only_tokens"] or state["simulation"]["read_only"]
    keys = state["databases"][state["tokens"].get(sent) or state["read_only_tokens"][sent]]
    name = str(command[0]).upper() if command else ""
    if read_only and (name in CHANGING or name in ("SCAN", "KEYS")):
        return {"error": f"NOPERM this user has no permissions to run the '{name.lower()}' command"}
    if state["simulation"]["exhausted"]:
        return {"error": "ERR max daily request limit exceeded. Limit: 10000, Usage: 10000."}
    before = len(keys)
    try:
        result = perform([str(part) for part in command], keys, state["simulation"])
    except CommandError as error:
        return {"error": str(error)}
    if name in CHANGING:
        request.effect(name.lower(), arguments=len(command) - 1, keys_before=before, keys_after=len(keys))
    if request.headers.get("upstash-encoding", "").lower() == "base64":
        result = _encoded(result)
    return {"result": result}


def _encoded(result: Any) -> Any:
    """Strings in base64, as the official clients ask; `OK` stays as it is."""
    if isinstance(result, str):
        return result if result == "OK" else b64encode(result.encode()).decode()
    if isinstance(result, list):
        return [_encoded(item) for item in result]
    return result


def _sync(world: World) -> dict[str, str]:
    return {"upstash_sync_token": f"sim={world.now_ms()}"}
