"""What happens in Slack by other hands."""

from collections.abc import Callable
from typing import Any

from ...simulation.world import World
from .messages import next_ts


def archive(world: World, order: dict[str, Any]) -> dict[str, Any]:
    """Somebody archives a channel."""
    _channel(world, order)["is_archived"] = True
    return {"archived": order["channel"]}


def leave(world: World, order: dict[str, Any]) -> dict[str, Any]:
    """Somebody removes the bot from a channel."""
    _channel(world, order)["is_member"] = False
    return {"left": order["channel"]}


def say(world: World, order: dict[str, Any]) -> dict[str, Any]:
    """A person writes a message."""
    channel = _channel(world, order)
    user = order.get("user") or channel["members"][0]
    message = {
        "type": "message",
        "user": user,
        "text": str(order["text"]),
        "blocks": [],
        "ts": next_ts(world),
    }
    channel["messages"].append(message)
    return message


def _channel(world: World, order: dict[str, Any]) -> dict[str, Any]:
    for channel in world.state("slack")["workspaces"][order["organisation"]]["channels"].values():
        if order["channel"] in (channel["id"], channel["name"]):
            found: dict[str, Any] = channel
            return found
    raise LookupError(f"No channel {order['channel']!r}.")


DEEDS: dict[str, Callable[[World, dict[str, Any]], Any]] = {"archive": archive, "leave": leave, "say": say}
