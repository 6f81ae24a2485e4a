"""Components and what can be asked about Cachet itself."""

from typing import Any

from ...simulation.messages import Request, Response, answer
from ...simulation.routing import Routes
from ...simulation.world import World
from .account import COMPONENT_LABELS, listed, missing, page_of, unacceptable, writable

ROUTES = Routes()


@ROUTES.add("GET", "/api/ping")
def ping(world: World, request: Request) -> Response:
    """Whether the API is there."""
    return answer(200, {"data": "Pong!"})


@ROUTES.add("GET", "/api/version")
def version(world: World, request: Request) -> Response:
    """Which Cachet it is."""
    return answer(200, {"data": {"version": "3.x-dev"}})


@ROUTES.add("GET", "/api/status")
def status(world: World, request: Request) -> Response:
    """How all is: operational while every component is."""
    well = all(one["status"] == 1 for one in page_of(world, request)["components"].values())
    text = "operational" if well else "some_systems_impacted"
    return answer(200, {"data": {"status": text, "message": text.replace("_", " ").capitalize()}})


@ROUTES.add("GET", "/api/subscribers")
def subscribers(world: World, request: Request) -> Response:
    """Who gets mails; an older Cachet has no such address."""
    if not world.settings("cachet")["subscribers"]:
        raise missing()
    writable(world, request, "subscribers.manage")
    return listed(request, [])


@ROUTES.add("GET", "/api/components")
def index(world: World, request: Request) -> Response:
    """A page of components."""
    return listed(request, [described(one) for one in page_of(world, request)["components"].values()])


@ROUTES.add("GET", "/api/components/{key}")
def show(world: World, request: Request, key: str) -> Response:
    """One component."""
    own = page_of(world, request)["components"]
    if key not in own:
        raise missing()
    return answer(200, {"data": described(own[key])})


@ROUTES.add("PUT", "/api/components/{key}")
@ROUTES.add("PATCH", "/api/components/{key}")
def change(world: World, request: Request, key: str) -> Response:
    """Sets a component's status; the same status again changes nothing."""
    own, given = writable(world, request, "components.manage")["components"], request.object()
    if key not in own:
        raise missing()
    state = valid_state(given.get("status", own[key]["status"]))
    if state != own[key]["status"]:
        own[key]["status"] = state
        request.effect("component", component=key, status=state)
    return answer(200, {"data": described(own[key])})


def valid_state(state: Any) -> int:
    """A component's status. Refuses what is none."""
    if state not in COMPONENT_LABELS:
        raise unacceptable("status", "The selected status is invalid.")
    return int(state)


def described(component: dict[str, Any]) -> dict[str, Any]:
    """A component as the API words it."""
    state = {"human": COMPONENT_LABELS[component["status"]], "value": component["status"]}
    attributes = {**component, "status": state, "latest_status": state, "link": None}
    return {"id": str(component["id"]), "type": "components", "attributes": attributes}
