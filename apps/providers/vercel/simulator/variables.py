"""Environment variables of a project; a change does nothing until something is built again."""

from typing import Any

from ...simulation.messages import Request, Response, answer
from ...simulation.routing import Routes
from ...simulation.world import World
from .access import Refused, project_of

ROUTES = Routes()


@ROUTES.add("GET", "/projects/{project}/env")
def index(world: World, request: Request, project: str) -> Response:
    """Every variable; a sensitive one never shows its value."""
    record = project_of(world, request, project)
    return answer(200, {"envs": [_shown(variable) for variable in record["env"]]})


@ROUTES.add("GET", "/projects/{project}/env/{name}")
def show(world: World, request: Request, project: str, name: str) -> Response:
    """One variable."""
    return answer(200, {**_shown(_find(project_of(world, request, project), name)), "decrypted": True})


@ROUTES.add("POST", "/projects/{project}/env")
def create(world: World, request: Request, project: str) -> Response:
    """201 even when some could not be made; those stand under `failed`."""
    record = project_of(world, request, project)
    body = request.json()
    created, failed = [], []
    for wanted in body if isinstance(body, list) else [body]:
        old = next((v for v in record["env"] if v["key"] == wanted.get("key")), None)
        if old and request.first("upsert") != "true":
            message = f"A variable with the name `{old['key']}` already exists for the target."
            failed.append({"error": {"code": "ENV_CONFLICT", "message": message, "envVarKey": old["key"]}})
            continue
        created.append(_put(world, record, old, wanted))
        request.effect("set_env", project=record["id"], key=wanted.get("key"))
    many = isinstance(body, list)
    made: Any = created if many or not created else created[0]
    return answer(201, {"created": made, "failed": failed})


@ROUTES.add("PATCH", "/projects/{project}/env/{name}")
def change(world: World, request: Request, project: str, name: str) -> Response:
    """Changes any part of a variable."""
    record = project_of(world, request, project)
    variable = _find(record, name)
    request.effect("set_env", project=record["id"], key=variable["key"])
    return answer(200, _put(world, record, variable, request.object()))


@ROUTES.add("DELETE", "/projects/{project}/env/{name}")
def delete(world: World, request: Request, project: str, name: str) -> Response:
    """Removes a variable and answers with it."""
    record = project_of(world, request, project)
    variable = _find(record, name)
    record["env"].remove(variable)
    request.effect("delete_env", project=record["id"], key=variable["key"])
    return answer(200, _shown(variable))


def now(project: dict[str, Any], target: str | None) -> dict[str, str]:
    """Name and value of what is built in at this moment for a target (None is a preview)."""
    return {v["key"]: v["value"] for v in project["env"] if (target or "preview") in targets(v)}


def targets(variable: dict[str, Any]) -> list[str]:
    """Where a variable is used; Vercel takes one target as a text too."""
    given = variable.get("target") or []
    return [given] if isinstance(given, str) else list(given)


def _find(project: dict[str, Any], name: str) -> dict[str, Any]:
    for variable in project["env"]:
        if variable["id"] == name:
            found: dict[str, Any] = variable
            return found
    raise Refused(404, "not_found", "The environment variable was not found.")


def _put(world: World, project: dict[str, Any], old: dict[str, Any] | None, new: dict[str, Any]) -> dict[str, Any]:
    variable = old
    if variable is None:
        variable = {
            "id": f"env_{project['id']}{len(project['env']) + 1}",
            "createdAt": world.now_ms(),
            "type": "plain",
        }
        project["env"].append(variable)
    for name in ("key", "value", "type", "target", "gitBranch", "comment"):
        if name in new:
            variable[name] = new[name]
    variable["updatedAt"] = world.now_ms()
    return _shown(variable)


def _shown(variable: dict[str, Any]) -> dict[str, Any]:
    return {**variable, "value": ""} if variable.get("type") == "sensitive" else dict(variable)
