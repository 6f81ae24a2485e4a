"""Events that were accepted become incidents a little later; what nobody can match is dropped in silence."""

from typing import Any

from ...simulation.world import State, World
from .making import change_status, incident


def settle(world: World) -> None:
    """Lets every event appear whose time has come."""
    state = world.state("pagerduty")
    due = [event for event in state["pending"] if event["appears_at"] <= world.now()]
    for event in due:
        state["pending"].remove(event)
        _appear(state, event)


def _appear(state: State, event: dict[str, Any]) -> None:
    organisation, dedup = state["routing"][event["routing_key"]], event["dedup_key"]
    name = f"{event['routing_key']}/{dedup}"
    record = state["accounts"][organisation]["incidents"].get(state["open_alerts"].get(name, ""))
    still_open = record is not None and record["status"] != "resolved"
    if event["action"] == "trigger":
        if still_open and record is not None:
            record["alert_counts"]["all"] += 1
            return
        made = incident(state, organisation, event["summary"], event["appears_at"], dedup, by_event=True)
        state["open_alerts"][name] = made["id"]
    elif still_open and record is not None:
        status = "acknowledged" if event["action"] == "acknowledge" else "resolved"
        change_status(record, status, event["appears_at"], "the integration")
        if status == "resolved":
            del state["open_alerts"][name]
