"""Incidents over REST: list, look at, open, move, snooze."""

from typing import Any

from ...simulation.messages import Request, Response, answer
from ...simulation.routing import Routes
from ...simulation.world import World
from .account import Refused, account_of, acting_user, incident_of
from .making import change_status, incident, shown

ROUTES = Routes()
STATUSES = ("triggered", "acknowledged", "resolved")
LAST_ITEM = 10_000  # offset + limit may not reach further


@ROUTES.add("GET", "/incidents")
def index(world: World, request: Request) -> Response:
    """A page of incidents, newest first."""
    limit, offset = min(request.number("limit", 25), 100), request.number("offset", 0)
    if offset + limit > LAST_ITEM:
        raise Refused(400, 2001, "Invalid Input Provided", "Offset plus limit must be at most 10000.")
    every = [i for i in account_of(world, request)["incidents"].values() if _fits(i, request)]
    every.sort(key=lambda i: -i["incident_number"])
    page = [_shown(world, request, i) for i in every[offset : offset + limit]]
    total = len(every) if request.first("total") == "true" else None
    more = offset + limit < len(every)
    return answer(200, {"incidents": page, "limit": limit, "offset": offset, "more": more, "total": total})


@ROUTES.add("GET", "/incidents/{name}")
def show(world: World, request: Request, name: str) -> Response:
    """One incident by id or number."""
    return answer(200, {"incident": _shown(world, request, incident_of(world, request, name))})


@ROUTES.add("POST", "/incidents")
def create(world: World, request: Request) -> Response:
    """Opens an incident; an `incident_key` that is open already is refused with 400."""
    acting_user(world, request)
    account, state = account_of(world, request), world.state("pagerduty")
    wanted = request.object().get("incident") or {}
    if not wanted.get("title") or not wanted.get("service"):
        raise Refused(400, 2001, "Invalid Input Provided", "Title and service are required.")
    if wanted["service"].get("id") != account["service"]["id"]:
        raise Refused(400, 2001, "Invalid Input Provided", "Service not found.")
    key = str(wanted.get("incident_key") or "")
    if key and any(i["incident_key"] == key and i["status"] != "resolved" for i in account["incidents"].values()):
        message = "Open incident with matching dedup key already exists on this service"
        raise Refused(400, 2002, "Arguments Caused Error", message)
    slug = next(slug for slug, each in state["accounts"].items() if each is account)
    made = incident(state, slug, str(wanted["title"]), world.now(), key)
    made["body"] = str((wanted.get("body") or {}).get("details", ""))
    made["urgency"] = wanted.get("urgency") or "high"
    request.effect("open_incident", incident=made["id"], key=key)
    return answer(201, {"incident": _shown(world, request, made)})


@ROUTES.add("PUT", "/incidents/{name}")
def change(world: World, request: Request, name: str) -> Response:
    """Moves or renames one incident."""
    user = acting_user(world, request)
    record = incident_of(world, request, name)
    _apply(world, request, record, request.object().get("incident") or {}, user)
    return answer(200, {"incident": _shown(world, request, record)})


@ROUTES.add("PUT", "/incidents")
def change_many(world: World, request: Request) -> Response:
    """Moves several incidents."""
    user = acting_user(world, request)
    wanted = request.object().get("incidents") or []
    records = [(incident_of(world, request, str(item.get("id"))), item) for item in wanted]
    for record, item in records:
        _apply(world, request, record, item, user)
    return answer(200, {"incidents": [_shown(world, request, record) for record, _ in records]})


@ROUTES.add("POST", "/incidents/{name}/snooze")
def snooze(world: World, request: Request, name: str) -> Response:
    """Silences an incident for a while."""
    acting_user(world, request)
    record = incident_of(world, request, name)
    duration = request.object().get("duration")
    if not isinstance(duration, int) or not 1 <= duration <= 604800:
        raise Refused(400, 2001, "Invalid Input Provided", "Duration must be between 1 and 604800.")
    request.effect("snooze", incident=record["id"], seconds=duration)
    return answer(201, {"incident": _shown(world, request, record)})


@ROUTES.add("GET", "/incidents/{name}/alerts")
def alerts(world: World, request: Request, name: str) -> Response:
    """The one alert that an event made; an incident that was made over REST has none."""
    record = incident_of(world, request, name)
    status = "resolved" if record["status"] == "resolved" else "triggered"
    about = {"id": f"A{record['id'][1:]}", "type": "alert", "status": status, "alert_key": record["incident_key"]}
    more = {"summary": record["title"], "created_at": record["created_at"], "severity": "critical", "suppressed": False}
    items = [{**about, **more, "service": record["service"]}] if record.get("by_event") else []
    return answer(200, {"alerts": items, "limit": 25, "offset": 0, "more": False, "total": None})


def _shown(world: World, request: Request, record: dict[str, Any]) -> dict[str, Any]:
    return shown(record, request.address, world.settings("pagerduty"))


def _apply(
    world: World, request: Request, record: dict[str, Any], wanted: dict[str, Any], user: dict[str, Any]
) -> None:
    status = wanted.get("status")
    if status is not None and status not in STATUSES:
        raise Refused(400, 1003, "Invalid Status Provided", f"{status} is not a status.")
    if status is not None and status == record["status"] and world.settings("pagerduty")["repeats"] == "refuse":
        code = {"resolved": 1001, "acknowledged": 1002, "triggered": 1003}[status]
        raise Refused(400, code, f"Incident Already {status.capitalize()}", "Incident already has this status.")
    if status is not None and status != record["status"]:
        change_status(record, status, world.now(), user["name"])
        request.effect("status", incident=record["id"], status=status)
    for name in ("title", "urgency", "priority", "conference_bridge"):
        if name in wanted:
            record[name] = wanted[name]
            request.effect("change_incident", incident=record["id"], field=name)


def _fits(record: dict[str, Any], request: Request) -> bool:
    statuses = request.query.get("statuses[]", [])
    services = request.query.get("service_ids[]", [])
    return (
        (not statuses or record["status"] in statuses)
        and (not services or record["service"]["id"] in services)
        and request.first("incident_key") in ("", record["incident_key"])
        and (request.first("since") or "0") <= record["created_at"] <= (request.first("until") or "9")
    )
