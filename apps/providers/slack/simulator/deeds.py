"""What happens in Slack by other hands."""

from collections.abc import Callable
from typing import Any

from ...simulation.organisations import ordered
from ...simulation.world import World
from . import linking
from .beginning import add, described
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
    """A person writes a message, in a `thread` where one is named."""
    channel = _channel(world, order)
    user = order.get("user") or channel["members"][0]
    message = {
        "type": "message",
        "user": user,
        "text": str(order["text"]),
        "blocks": [],
        "ts": next_ts(world),
        **({"thread_ts": order["thread"]} if order.get("thread") else {}),
    }
    channel["messages"].append(message)
    return message


def _channel(world: World, order: dict[str, Any]) -> dict[str, Any]:
    for channel in world.state("slack")["workspaces"][order["organisation"]]["channels"].values():
        if order["channel"] in (channel["id"], channel["name"]):
            found: dict[str, Any] = channel
            return found
    raise LookupError(f"No channel {order['channel']!r}.")


def join(world: World, order: dict[str, Any]) -> dict[str, Any]:
    """A new customer with a workspace of its own; returns how to connect to it."""
    state, organisation = world.state("slack"), ordered(order)
    add(state, organisation, world.now())
    return described(state, organisation)


def tidy(world: World, order: dict[str, Any]) -> dict[str, Any]:
    """All but the newest `keep` messages of each channel pass out of what the plan keeps."""
    gone = 0
    for channel in world.state("slack")["workspaces"][order["organisation"]]["channels"].values():
        gone += max(0, len(channel["messages"]) - int(order["keep"]))
        del channel["messages"][: -int(order["keep"])]
    return {"removed": gone}


DEEDS: dict[str, Callable[[World, dict[str, Any]], Any]] = {
    "archive": archive,
    "leave": leave,
    "say": say,
    "join": join,
    "tidy": tidy,
    "deliver": linking.deliver,
    "refresh": linking.refresh,
    "lines": linking.lines,
}
