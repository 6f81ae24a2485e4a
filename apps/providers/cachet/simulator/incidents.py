"""Incidents and their updates: made, changed, listed and looked at."""

import uuid
from typing import Any

from ...simulation.messages import Request, Response, answer
from ...simulation.routing import Routes
from ...simulation.world import World
from .account import LABELS, listed, missing, moment, page_of, signed_in, unacceptable, writable
from .components import described as described_component
from .components import valid_state

ROUTES = Routes()


@ROUTES.add("POST", "/api/incidents")
def create(world: World, request: Request) -> Response:
    """A new incident; without `visible` only people who are signed in see it."""
    own, given = writable(world, request, "incidents.manage"), request.object()
    if not str(given.get("name") or ""):
        raise unacceptable("name", "The name field is required.")
    if len(given["name"]) > 255:
        raise unacceptable("name", "The name field must not be greater than 255 characters.")
    message = _message(given)
    parts = {}
    for part in given.get("components") or []:
        if str(part.get("id")) not in own["components"]:
            raise unacceptable("components.0.id", "The selected components.0.id is invalid.")
        parts[str(part["id"])] = valid_state(part.get("status"))
    number = len(own["incidents"]) + 1
    incident = {
        "id": number, "guid": str(uuid.uuid4()), "name": given["name"].strip(), "status": _state(given),
        "message": message, "visible": bool(given.get("visible", False)), "stickied": bool(given.get("stickied")),
        "notifications": bool(given.get("notifications")), "at": world.now(), "components": parts,
        "meta": given.get("meta") or {}, "updates": [],
    }  # fmt: skip
    own["incidents"][str(number)] = incident
    own["mails"] += incident["notifications"]
    request.effect("incident", incident=number, name=incident["name"])
    return answer(201, {"data": _described(incident)})


@ROUTES.add("PUT", "/api/incidents/{key}")
@ROUTES.add("PATCH", "/api/incidents/{key}")
def change(world: World, request: Request, key: str) -> Response:
    """Changes an incident itself; `meta` replaces what was there."""
    own, given = writable(world, request, "incidents.manage"), request.object()
    incident = _one(own, key)
    for name in ("name", "message", "visible", "stickied", "notifications", "meta"):
        if name in given:
            incident[name] = given[name]
    if "status" in given:
        incident["status"] = _state(given)
    request.effect("change", incident=incident["id"])
    return answer(200, {"data": _described(incident)})


@ROUTES.add("GET", "/api/incidents")
def index(world: World, request: Request) -> Response:
    """Incidents that may be seen, newest first, filtered by name, status or metadata."""
    found = [one for one in _seen(world, request) if _fits(one, request)]
    return listed(request, [_described(one, request) for one in found])


@ROUTES.add("GET", "/api/incidents/{key}")
def show(world: World, request: Request, key: str) -> Response:
    """One incident, with what `include` names."""
    own = page_of(world, request)
    incident = next((one for one in _seen(world, request) if str(one["id"]) == key), None)
    if incident is None:
        raise missing()
    body: dict[str, Any] = {"data": _described(incident, request)}
    if "components" in request.first("include"):
        body["included"] = [described_component(own["components"][part]) for part in incident["components"]]
    return answer(200, body)


@ROUTES.add("GET", "/api/incidents/{key}/updates")
def updates(world: World, request: Request, key: str) -> Response:
    """A page of an incident's updates, oldest first."""
    incident = next((one for one in _seen(world, request) if str(one["id"]) == key), None)
    if incident is None:
        raise missing()
    return listed(request, [_described_update(one) for one in incident["updates"]])


@ROUTES.add("POST", "/api/incidents/{key}/updates")
def update(world: World, request: Request, key: str) -> Response:
    """Adds an update, which gives the incident its status."""
    own, given = writable(world, request, "incident-updates.manage"), request.object()
    incident = _one(own, key)
    if "status" not in given:
        raise unacceptable("status", "The status field is required.")
    added = {
        "id": int(key) * 1000 + len(incident["updates"]) + 1, "updateable_id": incident["id"],
        "updateable_type": "incident", "status": _state(given), "message": _message(given), "at": world.now(),
    }  # fmt: skip
    incident["updates"].append(added)
    incident["status"] = added["status"]
    own["mails"] += bool(incident["notifications"])
    request.effect("update", incident=incident["id"], status=added["status"])
    return answer(201, {"data": _described_update(added)})


def _state(given: dict[str, Any]) -> int:
    if given.get("status") not in LABELS:
        raise unacceptable("status", "The selected status is invalid.")
    return int(given["status"])


def _message(given: dict[str, Any]) -> str:
    if not str(given.get("message") or "").strip():
        raise unacceptable("message", "The message field is required.")
    return str(given["message"]).strip()  # Laravel trims


def _one(own: dict[str, Any], key: str) -> dict[str, Any]:
    if key not in own["incidents"]:
        raise missing()
    found: dict[str, Any] = own["incidents"][key]
    return found


def _seen(world: World, request: Request) -> list[dict[str, Any]]:
    everything = list(page_of(world, request)["incidents"].values())[::-1]
    return [one for one in everything if one["visible"] or signed_in(world, request)]


def _fits(incident: dict[str, Any], request: Request) -> bool:
    state, name = request.first("filter[status]"), request.first("filter[name]")
    meta = {k[13:-1]: v[0] for k, v in request.query.items() if k.startswith("filter[meta][")}
    return (
        state in ("", str(incident["status"]))
        and name.lower() in incident["name"].lower()
        and all(str(incident["meta"].get(key)) == value for key, value in meta.items())
    )


def _described(incident: dict[str, Any], request: Request | None = None) -> dict[str, Any]:
    hidden = ("at", "components", "updates", "meta")
    attributes = {name: value for name, value in incident.items() if name not in hidden}
    if request and "meta" in request.first("include"):
        attributes["meta"] = incident["meta"]
    attributes["status"] = {"human": LABELS[incident["status"]], "value": incident["status"]}
    times = {name: moment(incident["at"]) for name in ("occurred", "published", "created", "updated")}
    return {"id": str(incident["id"]), "type": "incidents", "attributes": {**attributes, **times}}


def _described_update(update: dict[str, Any]) -> dict[str, Any]:
    attributes = {name: value for name, value in update.items() if name != "at"}
    attributes["status"] = {"human": LABELS[update["status"]], "value": update["status"]}
    times = {name: moment(update["at"]) for name in ("created", "updated")}
    return {"id": str(update["id"]), "type": "updates", "attributes": {**attributes, **times}}
