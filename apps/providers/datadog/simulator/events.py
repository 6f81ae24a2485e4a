"""Events: taken at once, shown a little later, found by tag."""

import time
from typing import Any

from ...simulation.messages import Refused, Request, Response, answer
from ...simulation.routing import Routes
from ...simulation.world import World

ROUTES = Routes()
FIRST_ID = 7_000_000_000_000_000_001


def whose(world: World, request: Request) -> str:
    """The organisation of the API key."""
    slug: str = world.state("datadog")["api_keys"][request.headers["dd-api-key"]]
    return slug


@ROUTES.add("POST", "/api/v1/events")
def create(world: World, request: Request) -> Response:
    """One more event, even when one like it is there."""
    body = request.object()
    if not body.get("title") or not isinstance(body.get("text"), str) or len(body["text"]) > 4000:
        raise Refused(answer(400, {"errors": ["Missing required attributes: title, text"]}))
    kept = world.state("datadog")["events"][whose(world, request)]
    number = FIRST_ID + sum(map(len, world.state("datadog")["events"].values()))
    made = {
        "id": number,
        "id_str": str(number),
        "title": body["title"],
        "text": body["text"],
        "date_happened": int(world.now()),
        "handle": None,
        "priority": body.get("priority") or "normal",
        "related_event_id": None,
        "tags": [str(tag).lower() for tag in body.get("tags") or []],
        "url": f"https://app.datadoghq.example/event/event?id={number}",
    }
    kept.append({**made, "alert_type": body.get("alert_type", "info"), "taken_at": world.now()})
    request.effect("event", title=body["title"])
    return answer(202, {"status": "ok", "event": made})


@ROUTES.add("GET", "/api/v1/events")
def index(world: World, request: Request) -> Response:
    """Events between two times that carry every tag; times are those of the asker's clock."""
    since, until = (request.number(name, 0) + world.now() - time.time() for name in ("start", "end"))
    if not request.first("start") or not request.first("end"):
        raise Refused(answer(400, {"errors": ["start and end are required"]}))
    tags = [tag for tag in request.first("tags").split(",") if tag]
    found = [
        _shown(one)
        for one in world.state("datadog")["events"][whose(world, request)]
        if _appeared(world, one) and since <= one["date_happened"] <= until and set(tags) <= set(one["tags"])
    ]
    size = world.settings("datadog")["page"]
    first = request.number("page", 0) * size
    return answer(200, {"events": list(reversed(found))[first : first + size], "status": "ok"})


@ROUTES.add("GET", "/api/v1/events/{number}")
def show(world: World, request: Request, number: str) -> Response:
    """One event."""
    for one in world.state("datadog")["events"][whose(world, request)]:
        if one["id_str"] == number and _appeared(world, one):
            return answer(200, {"event": _shown(one), "status": "ok"})
    raise Refused(answer(404, {"errors": ["No event matches that event_id."]}))


def _appeared(world: World, event: dict[str, Any]) -> bool:
    return bool(event["taken_at"] + world.settings("datadog")["appear_seconds"] <= world.now())


def _shown(event: dict[str, Any]) -> dict[str, Any]:
    hidden = ("taken_at", "handle", "related_event_id")
    return {name: value for name, value in event.items() if name not in hidden}
