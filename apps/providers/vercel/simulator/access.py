"""Who asks the Vercel simulator, what they may see, and how it refuses."""

import re
from typing import Any

from ...simulation import messages, traffic
from ...simulation.messages import Request, Response, answer
from ...simulation.world import World

VERSION = re.compile(r"^/v\d+(?=/)")


class Refused(messages.Refused):
    """A refusal in Vercel's shape."""

    def __init__(self, status: int, code: str, message: str, **extra: Any) -> None:
        super().__init__(refuse_with(status, code, message, **extra))


def refuse_with(status: int, code: str, message: str, **extra: Any) -> Response:
    """An error in Vercel's shape: `{"error": {"code", "message", …}}`."""
    return answer(status, {"error": {"code": code, "message": message, **extra}})


def unversioned(path: str) -> str:
    """The path without its `/v9`, since every version of an address is served alike."""
    return VERSION.sub("", path)


def guard(world: World, request: Request) -> Response | None:
    """Refuses a missing or unknown token and a team that is not the token's."""
    state = world.state("vercel")
    traffic.finish_builds(state, world.now_ms())
    token = request.bearer()
    if not token:
        return refuse_with(401, "missing_token", "No authentication token was sent.", missingToken=True)
    holder = state["tokens"].get(token)
    if holder is None:
        return refuse_with(403, "forbidden", "Not authorized", invalidToken=True)
    team = state["teams"][holder]
    asked = request.first("teamId") or request.first("slug")
    if asked not in ("", team["id"], team["slug"]):
        return refuse_with(403, "forbidden", "Not authorized: the token has no access to this team.")
    if request.method not in ("GET", "HEAD") and state["simulation"]["rights"] == "read":
        return refuse_with(403, "forbidden", "You don't have permission to create the resource.")
    if request.method not in ("GET", "HEAD") and "/env" in request.path and state["simulation"]["rights"] == "deploy":
        return refuse_with(403, "forbidden", "You don't have permission to change the Environment Variable.")
    return None


def team_of(world: World, request: Request) -> dict[str, Any]:
    """The team whose token was sent (the guard has let it in)."""
    state = world.state("vercel")
    team: dict[str, Any] = state["teams"][state["tokens"][request.bearer()]]
    return team


def project_of(world: World, request: Request, name: str) -> dict[str, Any]:
    """The project by id or name, its job up to date; raises `Refused` 404."""
    team = team_of(world, request)
    for project in world.state("vercel")["projects"].values():
        if project["accountId"] == team["id"] and name in (project["id"], project["name"]):
            traffic.settle(project, world.now_ms())
            found: dict[str, Any] = project
            return found
    raise Refused(404, "not_found", "Project not found", id=name)


def deployment_of(world: World, request: Request, name: str) -> dict[str, Any]:
    """The deployment by id or url; raises `Refused` 404, or 410 when it was removed."""
    team = team_of(world, request)
    for deployment in world.state("vercel")["deployments"].values():
        if deployment["team"] == team["id"] and name in (deployment["id"], deployment["url"]):
            if deployment["removed"]:
                raise Refused(410, "deployment_deleted", "The deployment has been deleted.", id=name)
            found: dict[str, Any] = deployment
            return found
    raise Refused(404, "not_found", "Deployment not found", id=name)
