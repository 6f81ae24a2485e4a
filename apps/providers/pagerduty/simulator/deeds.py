"""What happens at PagerDuty by other hands."""

from collections.abc import Callable
from typing import Any

from ...simulation.organisations import ordered
from ...simulation.world import World
from .beginning import add, described
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


def join(world: World, order: dict[str, Any]) -> dict[str, Any]:
    """A new customer with an account of its own; returns how to connect to it."""
    state, organisation = world.state("pagerduty"), ordered(order)
    add(state, organisation)
    return described(state, organisation)


def tidy(world: World, order: dict[str, Any]) -> dict[str, Any]:
    """All but the newest `keep` incidents of an account are archived, as after months of use."""
    incidents = world.state("pagerduty")["accounts"][order["organisation"]]["incidents"]
    gone = list(incidents)[: -int(order["keep"])]
    for key in gone:
        del incidents[key]
    return {"archived": len(gone)}


DEEDS: dict[str, Callable[[World, dict[str, Any]], Any]] = {
    "resolve": resolve,
    "open": open_one,
    "join": join,
    "tidy": tidy,
}
