"""What happens in LaunchDarkly by other hands."""

from collections.abc import Callable
from typing import Any

from ...simulation.organisations import ordered
from ...simulation.world import World
from .beginning import add, described
from .flags import turn


def switch(world: World, order: dict[str, Any]) -> dict[str, Any]:
    """Deed: somebody turns a flag in LaunchDarkly's own page."""
    for slug, account in world.state("launchdarkly")["accounts"].items():
        if account["project"] == order["project"]:
            turn(world, None, slug, account["flags"][order["flag"]], "production", bool(order["on"]), "")
            return {"flag": order["flag"], "on": bool(order["on"])}
    raise LookupError(f"No project {order['project']!r}.")


def approve(world: World, order: dict[str, Any]) -> dict[str, Any]:
    """Deed: one of LaunchDarkly's own people approves or declines a request."""
    approval: dict[str, Any] = world.state("launchdarkly")["requests"][order["request"]]
    approval["reviewStatus"] = "declined" if order.get("decline") else "approved"
    return approval


def join(world: World, order: dict[str, Any]) -> dict[str, Any]:
    """Deed: a new customer with a project of its own; returns how to connect to it."""
    state, organisation = world.state("launchdarkly"), ordered(order)
    add(state, organisation, world.now_ms())
    return described(state, organisation)


def look(world: World, order: dict[str, Any]) -> dict[str, Any]:
    """Deed: which of a customer's flags are on in production."""
    flags = world.state("launchdarkly")["accounts"][order["organisation"]]["flags"]
    return {key: flag["environments"]["production"]["on"] for key, flag in flags.items()}


DEEDS: dict[str, Callable[[World, dict[str, Any]], Any]] = {
    "switch": switch,
    "approve": approve,
    "join": join,
    "look": look,
}
