"""What happens at Linear by other hands: an issue moves or goes, a new customer comes."""

from collections.abc import Callable
from typing import Any

from ...simulation.organisations import ordered
from ...simulation.world import World
from . import beginning

Order = dict[str, Any]


def move(world: World, order: Order) -> Order:
    """Somebody changes the status of an issue: {identifier, status}."""
    space, one = _found(world, str(order["identifier"]))
    (wanted,) = (each for each in space["states"].values() if each["name"] == order["status"])
    one["state"] = wanted["id"]
    return {"status": wanted["name"]}


def remove(world: World, order: Order) -> Order:
    """Somebody deletes an issue: {identifier}."""
    space, one = _found(world, str(order["identifier"]))
    del space["issues"][one["id"]]
    return {}


def join(world: World, order: Order) -> Order:
    """A new customer with a workspace of its own."""
    organisation = ordered(order)
    beginning.add(world.state("linear"), organisation, world.now())
    return beginning.described(world.state("linear"), organisation)


def _found(world: World, identifier: str) -> tuple[dict[str, Any], dict[str, Any]]:
    for space in world.state("linear")["workspaces"].values():
        for one in space["issues"].values():
            if identifier == f"{space['team']['key']}-{one['number']}":
                return space, one
    raise LookupError(f"No issue {identifier}.")


DEEDS: dict[str, Callable[[World, Order], Any]] = {"move": move, "remove": remove, "join": join}
