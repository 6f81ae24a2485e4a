"""The page and its components: looked at, and their status set."""

from ...simulation.messages import Request, Response, answer
from ...simulation.routing import Routes
from ...simulation.world import World
from .account import page_of, refused, wanted

ROUTES = Routes()
STATES = ("operational", "under_maintenance", "degraded_performance", "partial_outage", "major_outage", "")


@ROUTES.add("GET", "/pages/{page}")
def page(world: World, request: Request, page: str) -> Response:
    """The page itself."""
    found = page_of(world, request, page)
    return answer(200, {name: found[name] for name in ("id", "name", "domain")})


@ROUTES.add("GET", "/pages/{page}/components")
def index(world: World, request: Request, page: str) -> Response:
    """A page of components."""
    own = list(page_of(world, request, page)["components"].values())
    size = min(request.number("per_page", 100), 100)
    begin = (max(request.number("page", 1), 1) - 1) * size
    return answer(200, own[begin : begin + size])


@ROUTES.add("GET", "/pages/{page}/components/{key}")
def show(world: World, request: Request, page: str, key: str) -> Response:
    """One component."""
    own = page_of(world, request, page)["components"]
    if key not in own:
        raise refused(world, 404, "Component not found")
    return answer(200, own[key])


@ROUTES.add("PATCH", "/pages/{page}/components/{key}")
@ROUTES.add("PUT", "/pages/{page}/components/{key}")
def change(world: World, request: Request, page: str, key: str) -> Response:
    """Sets a component's status; the same status again changes nothing."""
    own = page_of(world, request, page)["components"]
    if key not in own:
        raise refused(world, 404, "Component not found")
    state = wanted(request, "component").get("status")
    if state is not None and state not in STATES:
        raise refused(world, 422, f"Status {state} is not valid")
    if state is not None and state != own[key]["status"]:
        own[key]["status"] = state
        request.effect("component", component=key, status=state)
    return answer(200, own[key])
