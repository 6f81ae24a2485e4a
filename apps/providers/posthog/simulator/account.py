"""Who asks: personal keys with scopes on the private side, project tokens on the public one."""

from typing import Any

from ...simulation.messages import Refused, Request, Response, answer
from ...simulation.routing import Routes
from ...simulation.world import World

ROUTES = Routes()
PUBLIC = ("/flags", "/decide", "/batch", "/capture", "/i/v0/", "/e/")


def problem(kind: str, code: str, detail: str, attr: str | None = None) -> dict[str, Any]:
    """The body of an error."""
    return {"type": kind, "code": code, "detail": detail, "attr": attr}


def guard(world: World, request: Request) -> Response | None:
    """401 for a private page without a personal key that somebody has."""
    if request.path.startswith(PUBLIC) or request.bearer() in world.state("posthog")["keys"]:
        return None
    text = "Invalid access token." if request.bearer() else "Authentication credentials were not provided."
    code = "authentication_failed" if request.bearer() else "not_authenticated"
    return answer(401, problem("authentication_error", code, text))


def project_of(world: World, request: Request, project: str, scope: str) -> dict[str, Any]:
    """The project, when it is the key's own and the key has the scope. Raises `Refused`."""
    state = world.state("posthog")
    own = state["keys"][request.bearer()]
    if project not in (own, "@current"):
        raise Refused(answer(403, problem("authentication_error", "permission_denied", "You don't have access.")))
    if scope not in state["simulation"]["scopes"]:
        text = f"API key missing required scope '{scope}'"
        raise Refused(answer(403, problem("authentication_error", "permission_denied", text)))
    found: dict[str, Any] = state["projects"][own]
    return found


def paged(request: Request, items: list[Any], most: int) -> Response:
    """One page of a list, with the addresses before and behind it."""
    size, offset = min(request.number("limit", 100), most), request.number("offset", 0)
    base = f"{request.address}{request.sent_path}?limit={size}&offset="
    behind = f"{base}{offset + size}" if len(items) > offset + size else None
    before = f"{base}{max(0, offset - size)}" if offset else None
    page = items[offset : offset + size]
    return answer(200, {"count": len(items), "next": behind, "previous": before, "results": page})


@ROUTES.add("GET", "/api/personal_api_keys/@current/", "/api/personal_api_keys/@current")
def current(world: World, request: Request) -> Response:
    """What the key may do."""
    scopes = world.settings("posthog")["scopes"]
    return answer(200, {"id": "simulated", "label": "Rollback portal", "scopes": scopes, "scoped_teams": []})


@ROUTES.add("GET", "/api/projects/{project}/", "/api/environments/{project}/")
def show(world: World, request: Request, project: str) -> Response:
    """The project."""
    found = project_of(world, request, project, "query:read")
    return answer(200, {"id": int(world.state("posthog")["keys"][request.bearer()]), "name": found["name"]})
