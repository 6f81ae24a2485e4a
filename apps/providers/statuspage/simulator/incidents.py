"""Incidents: made, updated, resolved, listed and searched. Every one made and every update mails the subscribers."""

from datetime import UTC, datetime
from typing import Any

from ...simulation.messages import Request, Response, answer
from ...simulation.routing import Routes
from ...simulation.world import World
from .account import page_of, refused, wanted
from .components import STATES

ROUTES = Routes()
REALTIME = ("investigating", "identified", "monitoring", "resolved")
MAINTENANCE = ("scheduled", "in_progress", "verifying", "completed")
IMPACTS = ("none", "maintenance", "minor", "major", "critical")
OF_STATE = {"degraded_performance": "minor", "partial_outage": "major", "major_outage": "critical"}


@ROUTES.add("POST", "/pages/{page}/incidents")
def create(world: World, request: Request, page: str) -> Response:
    """A new incident, whatever else is open."""
    own, given = page_of(world, request, page), wanted(request, "incident")
    if not given.get("name"):
        raise refused(world, 422, "Name can't be blank")
    _valid(world, own, given)
    key = f"inc{len(own['incidents']) + 1:09d}"
    now = _time(world)
    incident = {
        "id": key, "page_id": page, "name": given["name"], "status": given.get("status", "investigating"),
        "impact_override": given.get("impact_override"), "created_at": now, "updated_at": now, "monitoring_at": None,
        "resolved_at": None, "shortlink": f"https://stspg.example/{key}", "metadata": {}, "component_ids": [],
        "incident_updates": [],
    }  # fmt: skip
    own["incidents"][key] = incident
    _write(world, own, incident, {"body": "", **given})
    request.effect("incident", incident=key, name=given["name"])
    return answer(201, _shown(own, incident))


@ROUTES.add("PATCH", "/pages/{page}/incidents/{key}")
@ROUTES.add("PUT", "/pages/{page}/incidents/{key}")
def change(world: World, request: Request, page: str, key: str) -> Response:
    """Changes an incident; a body or a status adds an update."""
    own, given = page_of(world, request, page), wanted(request, "incident")
    incident = _one(world, own, key)
    _valid(world, own, given)
    _write(world, own, incident, given)
    if given.get("status") == "resolved" and world.settings("statuspage")["resolve_resets"]:
        for one in incident["component_ids"]:
            own["components"][one]["status"] = "operational"
    request.effect("update", incident=key, status=incident["status"])
    return answer(200, _shown(own, incident))


@ROUTES.add("GET", "/pages/{page}/incidents/unresolved")
def unresolved(world: World, request: Request, page: str) -> Response:
    """Incidents that are not resolved, newest first."""
    own = page_of(world, request, page)
    return _listed(request, own, [one for one in _newest(own) if one["status"] in REALTIME[:3]], "per_page")


@ROUTES.add("GET", "/pages/{page}/incidents")
def index(world: World, request: Request, page: str) -> Response:
    """Incidents, newest first; `q` searches names, statuses and updates."""
    own, text = page_of(world, request, page), request.first("q").lower()
    found = [one for one in _newest(own) if text in _searched(one)]
    return _listed(request, own, found, "limit")


@ROUTES.add("GET", "/pages/{page}/incidents/{key}")
def show(world: World, request: Request, page: str, key: str) -> Response:
    """One incident with its updates, newest first."""
    own = page_of(world, request, page)
    return answer(200, _shown(own, _one(world, own, key)))


def _valid(world: World, own: dict[str, Any], given: dict[str, Any]) -> None:
    if given.get("status", "investigating") not in REALTIME + MAINTENANCE:
        raise refused(world, 422, "Status is not included in the list")
    if given.get("impact_override", "none") not in IMPACTS:
        raise refused(world, 422, "Impact override is not included in the list")
    if not all(isinstance(value, dict) for value in (given.get("metadata") or {}).values()):
        raise refused(world, 422, "All top-level values in metadata must be objects")
    for key, state in (given.get("components") or {}).items():
        if key not in own["components"] or state not in STATES:
            raise refused(world, 422, f"Component {key} cannot be {state}")
    if set(given.get("component_ids") or []) - set(own["components"]):
        raise refused(world, 422, "Component ids are not of this page")


def _write(world: World, own: dict[str, Any], incident: dict[str, Any], given: dict[str, Any]) -> None:
    before = {key: own["components"][key]["status"] for key in given.get("components") or {}}
    for name in ("name", "impact_override", "metadata"):
        if name in given:
            incident[name] = given[name]
    for key, state in (given.get("components") or {}).items():
        own["components"][key]["status"] = state
    joined = [*incident["component_ids"], *(given.get("component_ids") or []), *before]
    incident["component_ids"] = list(dict.fromkeys(joined))
    incident["updated_at"] = now = _time(world)
    if "body" not in given and "status" not in given:
        return
    incident["status"] = given.get("status", incident["status"])
    if incident["status"] in ("monitoring", "resolved"):
        incident[f"{incident['status']}_at"] = now
    told = given.get("deliver_notifications", True) is not False
    own["mails"] += told
    affected = [
        {"code": key, "name": own["components"][key]["name"], "old_status": old,
         "new_status": own["components"][key]["status"]} for key, old in before.items()
    ]  # fmt: skip
    number = len(incident["incident_updates"]) + 1
    update = {
        "id": f"{incident['id']}u{number}", "incident_id": incident["id"], "status": incident["status"],
        "body": given.get("body", ""), "created_at": now, "display_at": now, "deliver_notifications": told,
        "affected_components": affected or None,
    }  # fmt: skip
    incident["incident_updates"].insert(0, update)


def _shown(own: dict[str, Any], incident: dict[str, Any]) -> dict[str, Any]:
    parts = [own["components"][key] for key in incident["component_ids"]]
    worst = max((OF_STATE.get(part["status"], "none") for part in parts), key=IMPACTS.index, default="none")
    shown = {name: value for name, value in incident.items() if name != "component_ids"}
    return {**shown, "impact": incident["impact_override"] or worst, "components": parts}


def _listed(request: Request, own: dict[str, Any], found: list[dict[str, Any]], size_name: str) -> Response:
    size = max(1, min(request.number(size_name, 100), 100))
    begin = (max(request.number("page", 1), 1) - 1) * size
    return answer(200, [_shown(own, one) for one in found[begin : begin + size]])


def _searched(incident: dict[str, Any]) -> str:
    updates = [update["body"] for update in incident["incident_updates"]]
    return "\n".join([incident["name"], incident["status"], *updates]).lower()


def _newest(own: dict[str, Any]) -> list[dict[str, Any]]:
    return list(own["incidents"].values())[::-1]


def _one(world: World, own: dict[str, Any], key: str) -> dict[str, Any]:
    if key not in own["incidents"]:
        raise refused(world, 404, "Incident not found")
    found: dict[str, Any] = own["incidents"][key]
    return found


def _time(world: World) -> str:
    return datetime.fromtimestamp(world.now(), UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
