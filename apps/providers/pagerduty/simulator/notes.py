"""What is written on an incident: notes, status updates, requests for responders, the log."""

import uuid
from typing import Any

from ...simulation.messages import Request, Response, answer
from ...simulation.routing import Routes
from ...simulation.world import World
from .account import Refused, account_of, acting_user, incident_of
from .making import moment

ROUTES = Routes()
NOTES_LIMIT = 2000


@ROUTES.add("GET", "/incidents/{name}/notes")
def index(world: World, request: Request, name: str) -> Response:
    """Every note, oldest first."""
    return answer(200, {"notes": incident_of(world, request, name)["notes"]})


@ROUTES.add("POST", "/incidents/{name}/notes")
def create(world: World, request: Request, name: str) -> Response:
    """Adds a note; the same note again stands there twice."""
    user = acting_user(world, request)
    record = incident_of(world, request, name)
    content = (request.object().get("note") or {}).get("content")
    if not content or not isinstance(content, str):
        raise Refused(400, 2001, "Invalid Input Provided", "Content is required.")
    if len(record["notes"]) >= NOTES_LIMIT:
        raise Refused(400, 2001, "Invalid Input Provided", "The incident has 2000 notes.")
    note = {
        "id": f"N{record['id'][1:]}{len(record['notes']) + 1:04d}",
        "content": content,
        "created_at": moment(world.now()),
        "user": _reference(user),
        "channel": {"summary": "The PagerDuty website or APIs"},
    }
    record["notes"].append(note)
    record["log"].append({"type": "annotate_log_entry", "created_at": note["created_at"], "summary": content})
    request.effect("note", incident=record["id"], note=note["id"])
    return answer(200, {"note": note})


@ROUTES.add("DELETE", "/incidents/{name}/notes/{note}")
def delete(world: World, request: Request, name: str, note: str) -> Response:
    """Removes a note."""
    acting_user(world, request)
    record = incident_of(world, request, name)
    kept = [each for each in record["notes"] if each["id"] != note]
    if len(kept) == len(record["notes"]):
        raise Refused(404, 2100, "Not Found")
    record["notes"] = kept
    request.effect("delete_note", incident=record["id"], note=note)
    return Response(204)


@ROUTES.add("POST", "/incidents/{name}/status_updates")
def update(world: World, request: Request, name: str) -> Response:
    """Tells the stakeholders; every call tells them again."""
    user = acting_user(world, request)
    record = incident_of(world, request, name)
    message = request.object().get("message")
    if not message:
        raise Refused(400, 2001, "Invalid Input Provided", "Message is required.")
    made = {
        "id": f"S{record['id'][1:]}{len(record['status_updates']) + 1:04d}",
        "message": message,
        "subject": request.object().get("subject"),
        "html_message": request.object().get("html_message"),
        "created_at": moment(world.now()),
        "sender": _reference(user),
    }
    record["status_updates"].append(made)
    request.effect("status_update", incident=record["id"], update=made["id"])
    return answer(200, {"status_update": made})


@ROUTES.add("POST", "/incidents/{name}/responder_requests")
def responders(world: World, request: Request, name: str) -> Response:
    """Asks people to join; 402 without the ability."""
    user = acting_user(world, request)
    record = incident_of(world, request, name)
    if "coordinated_responding" not in world.settings("pagerduty")["abilities"]:
        raise Refused(402, 2014, "Account is missing the ability", "coordinated_responding")
    wanted, known = request.object(), account_of(world, request)["users"]
    if wanted.get("requester_id", user["id"]) not in known:
        raise Refused(400, 2001, "Invalid Input Provided", "Requester not found.")
    made = {
        "id": uuid.uuid5(uuid.NAMESPACE_URL, f"{record['id']}{world.now_ms()}").hex[:14].upper(),
        "incident": {"id": record["id"], "type": "incident_reference", "summary": record["summary"]},
        "requester": _reference(user),
        "requested_at": moment(world.now()),
        "message": wanted.get("message", ""),
        "responder_request_targets": wanted.get("responder_request_targets", []),
    }
    record.setdefault("responder_requests", []).append(made)
    request.effect("responders", incident=record["id"], request=made["id"])
    return answer(200, {"responder_request": made})


@ROUTES.add("GET", "/incidents/{name}/log_entries")
def log(world: World, request: Request, name: str) -> Response:
    """What happened to the incident, newest first."""
    record = incident_of(world, request, name)
    numbered = [{"id": f"R{record['id'][1:]}{n:04d}", **entry} for n, entry in enumerate(record["log"], start=1)]
    entries = numbered[::-1]
    return answer(200, {"log_entries": entries, "limit": 25, "offset": 0, "more": False, "total": None})


def _reference(user: dict[str, Any]) -> dict[str, Any]:
    return {"id": user["id"], "type": "user_reference", "summary": user["name"]}
