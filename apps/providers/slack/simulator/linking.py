"""Socket Mode: an app-level token opens a line, and what people do comes over it until it is acknowledged."""

import hashlib
import json
import uuid
from typing import Any

from ...simulation.messages import Request, Response, answer
from ...simulation.world import World
from .workspace import arguments, problem, token_of

METHOD = "apps.connections.open"
PATH = "/link/"


def app_token(slug: str) -> str:
    """The app-level token of an organisation's app."""
    return f"xapp-simulated-{slug}"


def open_line(world: World, request: Request) -> Response:
    """`apps.connections.open`: where to connect to; only an app-level token may ask."""
    token, workspaces = token_of(request, arguments(request)), world.state("slack")["workspaces"]
    slug = next((each for each in workspaces if app_token(each) == token), None)
    if slug is None:
        raise problem("not_allowed_token_type" if token.startswith("xoxb-") else "invalid_auth")
    address = request.address.replace("http", "ws", 1)
    app = workspaces[slug]["bot"]["app_id"]
    return answer(200, {"ok": True, "url": f"{address}{PATH}?ticket={_ticket(slug)}&app_id={app}"})


def link(world: World, request: Request) -> dict[str, Any] | None:
    """Whose line a ticket opens, and Slack's greeting; None for a ticket that is none."""
    workspaces = world.state("slack")["workspaces"]
    slug = next((each for each in workspaces if _ticket(each) == request.first("ticket")), None)
    if request.path != PATH or slug is None:
        return None
    connection = {"app_id": workspaces[slug]["bot"]["app_id"]}
    details = {"host": "simulated", "approximate_connection_time": 3600}
    hello = {"type": "hello", "num_connections": 1, "connection_info": connection, "debug_info": details}
    return {"name": slug, "hello": hello}


def deliver(world: World, order: dict[str, Any]) -> dict[str, Any]:
    """Deed: something happens in a workspace and is told over its newest line, `envelope` {type, payload, …}."""
    envelope = {"envelope_id": str(uuid.uuid4()), "accepts_response_payload": False, **order["envelope"]}
    lines = _lines(world, order)
    if not lines:
        raise LookupError("No line is open.")
    lines[-1].send(json.dumps(envelope))
    return {"envelope_id": envelope["envelope_id"]}


def refresh(world: World, order: dict[str, Any]) -> dict[str, Any]:
    """Deed: Slack asks the app to connect anew, and ends the lines."""
    lines = _lines(world, order)
    for line in lines:
        line.send(json.dumps({"type": "disconnect", "reason": "refresh_requested", "debug_info": {}}))
        line.close()
    return {"ended": len(lines)}


def lines(world: World, order: dict[str, Any]) -> dict[str, Any]:
    """Deed: how many lines of a workspace are open, and what was said over them."""
    name = order["organisation"]
    said = [each["said"] for each in world.heard if each["slug"] == "slack" and each["name"] == name]
    return {"open": len(_lines(world, order)), "heard": said}


def _lines(world: World, order: dict[str, Any]) -> list[Any]:
    return [line for line in world.links if line.slug == "slack" and line.name == order["organisation"]]


def _ticket(slug: str) -> str:
    return hashlib.sha256(app_token(slug).encode()).hexdigest()[:32]
