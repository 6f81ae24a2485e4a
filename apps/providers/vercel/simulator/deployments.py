"""Deployments: list, look at one, cancel one, build one again."""

from typing import Any

from ...simulation.messages import Request, Response, answer
from ...simulation.organisations import Release
from ...simulation.routing import Routes
from ...simulation.world import World
from . import shapes, variables
from .access import Refused, deployment_of, project_of, team_of
from .beginning import new_deployment

ROUTES = Routes()


@ROUTES.add("GET", "/deployments", "/now/deployments")
def index(world: World, request: Request) -> Response:
    """The team's deployments, newest first, narrowed and paged by the query."""
    state = world.state("vercel")
    team = team_of(world, request)
    fitting = [
        shapes.listed(state, d)
        for d in sorted(state["deployments"].values(), key=lambda d: -d["created"])
        if d["team"] == team["id"] and not d["removed"] and _fits(state, request, d)
    ]
    limit = min(request.number("limit", 20), 100)
    shown = fitting[:limit]
    more = len(fitting) > limit
    pagination = {
        "count": len(shown),
        "next": shown[-1]["created"] if more else None,
        "prev": shown[0]["created"] if shown else None,
    }
    return answer(200, {"deployments": shown, "pagination": pagination})


@ROUTES.add("GET", "/deployments/{name}", "/now/deployments/{name}", "/deployments/get")
def show(world: World, request: Request, name: str = "") -> Response:
    """One deployment by id or url."""
    deployment = deployment_of(world, request, name or request.first("url"))
    return answer(200, shapes.single(world.state("vercel"), deployment))


@ROUTES.add("GET", "/deployments/{name}/builds", "/now/deployments/{name}/builds")
def builds(world: World, request: Request, name: str) -> Response:
    """What was built; the command line shows it under `inspect`."""
    deployment_of(world, request, name)
    return answer(200, {"builds": []})


@ROUTES.add("GET", "/deployments/{name}/events")
def events(world: World, request: Request, name: str) -> Response:
    """The build log."""
    deployment = deployment_of(world, request, name)
    text = "Build failed" if deployment["state"] == "ERROR" else "Build completed"
    line = {
        "id": f"{deployment['created']}000",
        "created": deployment["created"],
        "date": deployment["created"],
        "deploymentId": deployment["id"],
        "serial": f"{deployment['created']}000",
        "type": "stdout",
        "text": text,
        "info": {"type": "build", "name": f"bld_{deployment['id'].removeprefix('dpl_')}", "entrypoint": "."},
    }
    return answer(200, [line])


@ROUTES.add("PATCH", "/deployments/{name}/cancel")
def cancel(world: World, request: Request, name: str) -> Response:
    """Stops a build; one that has ended is refused with 400."""
    deployment = deployment_of(world, request, name)
    if deployment["state"] in ("READY", "ERROR", "CANCELED"):
        raise Refused(400, "bad_request", f"The deployment has already ended: {deployment['state']}.")
    deployment["state"] = "CANCELED"
    request.effect("cancel_deployment", deployment=deployment["id"])
    return answer(200, shapes.single(world.state("vercel"), deployment))


@ROUTES.add("DELETE", "/deployments/{name}", "/now/deployments/{name}")
def delete(world: World, request: Request, name: str) -> Response:
    """Removes a deployment; it is 410 from then on."""
    deployment = deployment_of(world, request, name)
    deployment["removed"] = True
    request.effect("delete_deployment", deployment=deployment["id"])
    return answer(200, {"uid": deployment["id"], "state": "DELETED"})


@ROUTES.add("POST", "/deployments")
def create(world: World, request: Request) -> Response:
    """Builds an earlier deployment again, as `redeploy` and the promotion of a preview do."""
    body = request.object()
    source = deployment_of(world, request, str(body.get("deploymentId", "")))
    state = world.state("vercel")
    project = project_of(world, request, source["project"])
    number = len(state["deployments"])
    again = Release(
        source["version"], f"dpl_Again{number:03d}", source["commit"], source["author"], 0, source["message"],
        source["broken"], "STAGED",
    )  # fmt: skip
    created = new_deployment(project, again, world.now_ms(), ready="QUEUED")
    wait = int(float(world.settings("vercel")["build_seconds"]) * 1000)
    created.update(target=body.get("target"), substate=None, ready_at=world.now_ms() + wait)
    created["meta"] = {str(key): str(value) for key, value in (body.get("meta") or {}).items()}
    original = world.settings("vercel")["redeploy_env"] == "original"
    created["env"] = dict(source["env"]) if original else variables.now(project, created["target"])
    state["deployments"][created["id"]] = created
    request.effect("create_deployment", deployment=created["id"], source=source["id"])
    return answer(200, shapes.single(state, created))


def _fits(state: dict[str, Any], request: Request, deployment: dict[str, Any]) -> bool:
    project = state["projects"][deployment["project"]]
    named = request.first("projectId") or request.first("app")
    wanted_ids = [part for part in request.first("projectIds").split(",") if part]
    target = request.first("target")
    states = [part for part in request.first("state").split(",") if part]
    candidate = request.first("rollbackCandidate")
    until, since = request.number("until", 0), request.number("since", 0)
    return (
        named in ("", project["id"], project["name"])
        and (not wanted_ids or project["id"] in wanted_ids)
        and (not target or (deployment["target"] or "preview") == target)
        and (not states or deployment["state"] in states)
        and (not candidate or shapes.is_candidate(project, deployment) == (candidate == "true"))
        and request.first("sha") in ("", deployment["commit"])
        and all(deployment["meta"].get(key) == value for key, value in _wanted_meta(request))
        and (not until or deployment["created"] < until)
        and deployment["created"] >= since
    )


def _wanted_meta(request: Request) -> list[tuple[str, str]]:
    """What the query wants of the meta data: `meta-<key>=<value>`."""
    return [(name[5:], values[0]) for name, values in request.query.items() if name.startswith("meta-")]
