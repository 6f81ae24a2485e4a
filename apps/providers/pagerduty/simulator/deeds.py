"""What happens at PagerDuty by other hands."""

from collections.abc import Callable
from typing import Any

from ...simulation.world import World
from .making import change_status, incident


def resolve(world: World, order: dict[str, Any]) -> dict[str, Any]:
    """Somebody resolves an incident in PagerDuty's own page."""
    for account in world.state("pagerduty")["accounts"].values():
        if order["incident"] in account["incidents"]:
            record = account["incidents"][order["incident"]]
            change_status(record, "resolved", world.now(), "a person")
            return {"incident": record["id"], "status": record["status"]}
    raise LookupError(f"No incident {order['incident']!r}.")


def open_one(world: World, order: dict[str, Any]) -> dict[str, Any]:
    """Somebody opens an incident."""
    made = incident(world.state("pagerduty"), order["organisation"], order["title"], world.now())
    return {"incident": made["id"]}


DEEDS: dict[str, Callable[[World, dict[str, Any]], Any]] = {"resolve": resolve, "open": open_one}
