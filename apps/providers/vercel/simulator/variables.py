"""Environment variables of a project; a change does nothing until something is built again."""

from typing import Any

from ...simulation.messages import Request, Response, answer
from ...simulation.routing import Routes
from ...simulation.world import World
from . import webhooks
from .access import Refused, deployment_of, project_of

ROUTES = Routes()


CIPHERTEXT = "eyJ2IjoidjIiLCJzaW11bGF0ZWQiOnRydWV9"


@ROUTES.add("GET", "/projects/{project}/env")
def index(world: World, request: Request, project: str) -> Response:
    """The variables, by target and branch; encrypted values in clear only for `decrypt=true`, sensitive ones never."""
    record = project_of(world, request, project)
    target, branch = request.first("target"), request.first("gitBranch")
    fitting = [
        variable
        for variable in record["env"]
        if (not target or target in targets(variable)) and (not branch or variable.get("gitBranch") in (None, branch))
    ]
    start = request.number("until", 0)
    size = int(world.settings("vercel")["env_page"])
    page = fitting[start : start + size]
    following = start + size if start + size < len(fitting) else None
    clear = request.first("decrypt") == "true"
    shown = [_shown(variable, clear=clear) for variable in page]
    return answer(200, {"envs": shown, "pagination": {"count": len(shown), "next": following, "prev": None}})


@ROUTES.add("GET", "/projects/{project}/env/{name}")
def show(world: World, request: Request, project: str, name: str) -> Response:
    """One variable in clear, unless it is sensitive."""
    return answer(200, _shown(_find(project_of(world, request, project), name), clear=True))


@ROUTES.add("GET", "/env/pull/{name}", "/env/pull/{name}/{target}", "/env/pull/{name}/{target}/{branch:path}")
def pull(world: World, request: Request, name: str, target: str = "development", branch: str = "") -> Response:
    """Name and value of a project's environment, or of what a deployment was built with, and Vercel's own besides."""
    hidden = world.settings("vercel")["sensitive_in_pull"] == "absent"
    if name.startswith("dpl_"):
        if not world.settings("vercel")["tells_deployment_env"]:
            raise Refused(403, "forbidden", "You don't have permission to read the deployment's variables.")
        deployment = deployment_of(world, request, name)
        record, found = project_of(world, request, deployment["project"]), dict(deployment["env"])
        target = "production" if deployment["target"] else "preview"
    else:
        record = project_of(world, request, name)
        found = now(record, target)
    for variable in record["env"]:
        if variable["type"] == "sensitive" and variable["key"] in found:
            found.pop(variable["key"]) if hidden else found.update({variable["key"]: ""})
    own = {"VERCEL": "1", "VERCEL_ENV": target, "VERCEL_OIDC_TOKEN": f"oidc.{world.now_ms()}", "NX_DAEMON": "false"}
    return answer(200, {"env": {**found, **own}, "buildEnv": {"TURBO_REMOTE_ONLY": "true"}})


@ROUTES.add("POST", "/projects/{project}/env")
def create(world: World, request: Request, project: str) -> Response:
    """201 even when some could not be made; those stand under `failed`."""
    record = project_of(world, request, project)
    body = request.json()
    created, failed = [], []
    for wanted in body if isinstance(body, list) else [body]:
        old = next((v for v in record["env"] if _clashes(v, wanted)), None)
        if old and request.first("upsert") != "true":
            message = f"A variable with the name `{old['key']}` already exists for the target."
            failed.append({"error": {"code": "ENV_CONFLICT", "message": message, "envVarKey": old["key"]}})
            continue
        created.append(_put(world, record, old, wanted))
        request.effect("set_env", project=record["id"], key=wanted.get("key"))
        webhooks.happened(world, "project.env-variable.created", record)
    many = isinstance(body, list)
    made: Any = created if many or not created else created[0]
    return answer(201, {"created": made, "failed": failed})


@ROUTES.add("PATCH", "/projects/{project}/env/{name}")
def change(world: World, request: Request, project: str, name: str) -> Response:
    """Changes any part of a variable."""
    record = project_of(world, request, project)
    variable = _find(record, name)
    request.effect("set_env", project=record["id"], key=variable["key"])
    webhooks.happened(world, "project.env-variable.updated", record)
    return answer(200, _put(world, record, variable, request.object()))


@ROUTES.add("DELETE", "/projects/{project}/env/{name}")
def delete(world: World, request: Request, project: str, name: str) -> Response:
    """Removes a variable and answers with it."""
    record = project_of(world, request, project)
    variable = _find(record, name)
    record["env"].remove(variable)
    request.effect("delete_env", project=record["id"], key=variable["key"])
    webhooks.happened(world, "project.env-variable.deleted", record)
    return answer(200, _shown(variable))


def now(project: dict[str, Any], target: str | None) -> dict[str, str]:
    """Name and value of what is built in at this moment for a target (None is a preview)."""
    return {v["key"]: v["value"] for v in project["env"] if (target or "preview") in targets(v)}


def targets(variable: dict[str, Any]) -> list[str]:
    """Where a variable is used; Vercel takes one target as a text too."""
    given = variable.get("target") or []
    return [given] if isinstance(given, str) else list(given)


def _clashes(variable: dict[str, Any], wanted: dict[str, Any]) -> bool:
    """Whether a wanted variable is there already: the same name for one of its targets, on the same branch."""
    same = variable["key"] == wanted.get("key") and variable.get("gitBranch") == wanted.get("gitBranch")
    return same and (not wanted.get("target") or bool(set(targets(variable)) & set(targets(wanted))))


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
            "id": f"env_{project['id'].removeprefix('prj_')}{world.now_ms()}{len(project['env']) + 1}",
            "gitBranch": None,
            "createdAt": world.now_ms(),
            "type": "plain",
        }
        project["env"].append(variable)
    for name in ("key", "value", "type", "target", "gitBranch", "comment"):
        if name in new:
            variable[name] = new[name]
    variable["updatedAt"] = world.now_ms()
    return _shown(variable)


def _shown(variable: dict[str, Any], *, clear: bool = True) -> dict[str, Any]:
    shown = {**variable, "securityIssues": [], "decrypted": True}
    if variable.get("type") == "sensitive":
        return {**shown, "value": "", "decrypted": False}
    if variable.get("type") == "encrypted" and not clear:
        return {**shown, "value": CIPHERTEXT, "decrypted": False}
    return shown
