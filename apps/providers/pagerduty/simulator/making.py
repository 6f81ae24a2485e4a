"""Makes incident records; used by the start, by REST and by events."""

from datetime import UTC, datetime
from typing import Any

from ...simulation.world import State


def moment(seconds: float) -> str:
    """RFC 3339 in UTC, whole seconds, as PagerDuty writes times."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def incident(
    state: State, organisation: str, title: str, at: float, key: str = "", by_event: bool = False
) -> dict[str, Any]:
    """Adds a triggered incident to an account and returns it."""
    account = state["accounts"][organisation]
    state["last_number"] += 1
    number = state["last_number"]
    name = f"Q{account['service']['id'][1:7]}{number:05d}"
    record = {
        "id": name,
        "type": "incident",
        "summary": f"[#{number}] {title}",
        "incident_number": number,
        "title": title,
        "status": "triggered",
        "urgency": "high",
        "incident_key": key or name.lower(),
        "created_at": moment(at),
        "updated_at": moment(at),
        "resolved_at": None,
        "last_status_change_at": moment(at),
        "service": {**account["service"], "type": "service_reference"},
        "assignments": [],
        "acknowledgements": [],
        "escalation_policy": account["policy"],
        "priority": None,
        "teams": [],
        "alert_counts": {"all": 1, "triggered": 1, "resolved": 0},
        "incident_type": {"name": "incident_default"},
        "conference_bridge": None,
        "body": "",
        "notes": [],
        "status_updates": [],
        "responder_requests": [],
        "incidents_responders": [],
        "by_event": by_event,
        "log": [{"type": "trigger_log_entry", "created_at": moment(at), "summary": "Triggered"}],
    }
    account["incidents"][name] = record
    return record


def change_status(record: dict[str, Any], status: str, at: float, by: str) -> None:
    """Moves an incident and writes its log; triggering or acknowledging a resolved one opens it again."""
    record.update(status=status, updated_at=moment(at), last_status_change_at=moment(at))
    record["resolved_at"] = moment(at) if status == "resolved" else None
    kind = {"acknowledged": "acknowledge", "resolved": "resolve", "triggered": "unacknowledge"}[status]
    record["log"].append({"type": f"{kind}_log_entry", "created_at": moment(at), "summary": f"{status} by {by}"})


def shown(record: dict[str, Any], address: str, settings: dict[str, Any]) -> dict[str, Any]:
    """An incident as REST words it: notes, updates and log have addresses of their own.

    Whether an incident that an event made shows its key is a habit; without the ability no responders are shown.
    """
    hidden = {"notes", "status_updates", "log", "body", "by_event"}
    if record.get("by_event") and settings.get("event_keys") == "on_alerts":
        hidden.add("incident_key")
    if "coordinated_responding" not in settings["abilities"]:
        hidden |= {"responder_requests", "incidents_responders"}
    fields = {name: value for name, value in record.items() if name not in hidden}
    return {
        **fields,
        "self": f"{address}/incidents/{record['id']}",
        "html_url": f"{address}/view/{record['id']}",
        "body": {"type": "incident_body", "details": record["body"]} if record["body"] else None,
    }
