"""The Upstash simulator: Redis over REST, one database for each organisation's token.

A failed command answers 400 with `{"error"}`; inside a pipeline it is an item and the answer stays 200. SCAN
gives empty batches with a cursor that goes on, and some keys twice. The read-only token may neither write nor
SCAN.

Settings: `batch` (100: most keys a SCAN gives, whatever COUNT asks), `empty_every` (4: every so many batches
is empty; 0 never), `duplicates` (true), `read_only` (false: the usual token may no longer write). Deed:
`fill` {organisation, prefix, count}: the customer's site caches pages again.
"""

from base64 import b64encode
from typing import Any

from ..simulation.messages import Malformed, Request, Response, answer
from ..simulation.organisations import MOTION_MAVERICKS, ORGANISATIONS, Organisation
from ..simulation.routing import Routes
from ..simulation.world import Refusal, Simulator, State, World, habits
from .commands import CHANGING, CommandError, perform

ROUTES = Routes()
SHARE_LINKS = 1284
DIRTY_PERCENT = 12  # of the cached share pages hold a signature that only the broken release understands


def refuse(refusal: Refusal) -> Response:
    """An error in Upstash's shape."""
    extra = {"retry_after": refusal.retry_after} if refusal.retry_after else {}
    return answer(refusal.status, {"error": f"ERR {refusal.message}"}, **extra)


def token(organisation: Organisation) -> str:
    """The standard token of an organisation's database."""
    return f"upstash-simulated-{organisation.slug}"


def start(epoch: float) -> State:
    """A database with keys for every organisation; the portal's holds its cached share pages."""
    databases = {o.slug: _filled(o) for o in ORGANISATIONS}
    return {
        "simulation": habits(batch=100, empty_every=4, duplicates=True, read_only=False),
        "tokens": {token(o): o.slug for o in ORGANISATIONS},
        "read_only_tokens": {f"{token(o)}-read-only": o.slug for o in ORGANISATIONS},
        "databases": databases,
    }


def describe(state: State) -> dict[str, Any]:
    """Settings, credentials and objects; the first organisation's at the top."""
    each = {}
    for organisation in ORGANISATIONS:
        keys = state["databases"][organisation.slug]
        counts: dict[str, int] = {}
        for key in keys:
            prefix = key.partition(":")[0] + ":"
            counts[prefix] = counts.get(prefix, 0) + 1
        each[organisation.slug] = {
            "settings": {},
            "credentials": {"rest_token": token(organisation)},
            "objects": {"keys": len(keys), "prefixes": counts},
        }
    return {**each[ORGANISATIONS[0].slug], "organisations": each}


def mutates(request: Request) -> bool:
    """Whether any command of the call writes."""
    try:
        body = request.json() if request.body else []
    except Malformed:
        return False
    single = request.path.strip("/") not in ("pipeline", "multi-exec")
    commands = [_command(request, body)] if single else body
    return any(isinstance(c, list) and c and str(c[0]).upper() in CHANGING for c in commands)


def guard(world: World, request: Request) -> Response | None:
    """401 for an unknown token, 405 for other methods."""
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
    if request.path == "/multi-exec" and (bad := next((e for e in map(_unknown, commands) if e), None)):
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


def fill(world: World, order: dict[str, Any]) -> dict[str, Any]:
    """Deed: keys appear as if the site had cached pages again."""
    keys = world.state("upstash")["databases"][order["organisation"]]
    for number in range(int(order["count"])):
        keys[f"{order['prefix']}again-{number:05d}"] = "page"
    return {"keys": len(keys)}


def _token(request: Request) -> str:
    return request.bearer() or request.first("_token")


def _command(request: Request, body: Any) -> list[Any]:
    if request.path != "/":
        from_path = request.path.strip("/").split("/")
        return [*from_path, request.body.decode()] if request.body else from_path
    return body if isinstance(body, list) else []


def _unknown(command: list[Any]) -> str:
    try:
        perform(["COMMAND-EXISTS", command[0]], {}, None)
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


def _filled(organisation: Organisation) -> dict[str, str]:
    keys = {f"session:{organisation.slug}:{n:04d}": "signed-in" for n in range(214)}
    keys.update({f"rate:{organisation.slug}:{n:03d}": str(n % 60) for n in range(96)})
    if organisation is MOTION_MAVERICKS:
        keys.update({f"share:{n:05d}": _cached_page(n) for n in range(SHARE_LINKS)})
        keys.update({f"milestone:{n:03d}": "cached" for n in range(41)})
    else:
        keys.update({f"page:{n:03d}": "cached" for n in range(130)})
    return keys


def _cached_page(number: int) -> str:
    return "signed-with-key-2" if number * 37 % 100 < DIRTY_PERCENT else "signed-with-key-1"


SIMULATOR = Simulator(
    slug="upstash",
    routes=ROUTES,
    start=start,
    describe=describe,
    refuse=refuse,
    controls={"fill": fill},
    guard=guard,
    mutates=mutates,
)
