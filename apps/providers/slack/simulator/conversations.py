"""Channels: list, look at, read, join, make, archive."""

import re
from typing import Any

from ...simulation.messages import Request
from ...simulation.world import World
from .messages import shown
from .workspace import Fields, Workspace, channel_of, flag, method, number, problem

NAME = re.compile(r"[a-z0-9_-]{1,80}")
HISTORY_LIMIT = 999


@method("conversations.list", "channels:read")
def index(world: World, request: Request, workspace: Workspace, fields: Fields) -> dict[str, Any]:
    """A page of channels; the cursor is an offset."""
    channels = [
        c for c in workspace["channels"].values() if not (flag(fields, "exclude_archived") and c["is_archived"])
    ]
    limit, offset = number(fields, "limit", 100), number(fields, "cursor", 0)
    page = [described(channel) for channel in channels[offset : offset + limit]]
    following = str(offset + limit) if offset + limit < len(channels) else ""
    return {"channels": page, "response_metadata": {"next_cursor": following}}


@method("conversations.info", "channels:read")
def info(world: World, request: Request, workspace: Workspace, fields: Fields) -> dict[str, Any]:
    """One channel."""
    return {"channel": described(channel_of(workspace, fields))}


@method("conversations.history", "channels:history")
def history(world: World, request: Request, workspace: Workspace, fields: Fields) -> dict[str, Any]:
    """The newest messages first; metadata only with `include_all_metadata`."""
    channel = channel_of(workspace, fields)
    if not channel["is_member"]:
        raise problem("not_in_channel")
    top = [m for m in channel["messages"] if m.get("thread_ts", m["ts"]) == m["ts"] or m.get("broadcast")]
    return _page(channel, top, fields)


@method("conversations.replies", "channels:history")
def replies(world: World, request: Request, workspace: Workspace, fields: Fields) -> dict[str, Any]:
    """A thread, oldest first."""
    channel = channel_of(workspace, fields)
    ts = str(fields.get("ts", ""))
    thread = [m for m in channel["messages"] if ts in (m["ts"], m.get("thread_ts"))]
    if not thread:
        raise problem("thread_not_found")
    limit, offset = min(number(fields, "limit", 1000), 1000), number(fields, "cursor", 0)
    asked, more = flag(fields, "include_all_metadata"), offset + limit < len(thread)
    page = [_with_thread(channel, m, shown(m, metadata=asked)) for m in thread[offset : offset + limit]]
    following = {"response_metadata": {"next_cursor": str(offset + limit)}} if more else {}
    return {"messages": page, "has_more": more, **following}


@method("conversations.members", "channels:read")
def members(world: World, request: Request, workspace: Workspace, fields: Fields) -> dict[str, Any]:
    """Who is in a channel."""
    return {"members": channel_of(workspace, fields)["members"], "response_metadata": {"next_cursor": ""}}


@method("conversations.join", "channels:join", writes=True)
def join(world: World, request: Request, workspace: Workspace, fields: Fields) -> dict[str, Any]:
    """The bot enters a channel; being in already is a warning, no error."""
    channel = channel_of(workspace, fields)
    if channel["is_archived"]:
        raise problem("is_archived")
    if channel["is_member"]:
        return {"channel": described(channel), "warning": "already_in_channel"}
    channel["is_member"] = True
    request.effect("join", channel=channel["id"])
    return {"channel": described(channel)}


@method("conversations.create", "channels:manage", writes=True)
def create(world: World, request: Request, workspace: Workspace, fields: Fields) -> dict[str, Any]:
    """A new channel; a name that is taken, archived channels included, is refused."""
    name = str(fields.get("name", ""))
    if not NAME.fullmatch(name):
        raise problem("invalid_name_specials" if name else "invalid_name_required")
    if any(c["name"] == name for c in workspace["channels"].values()):
        raise problem("name_taken")
    key = f"C{workspace['team']['id'][1:]}{len(workspace['channels']) + 1}"
    workspace["channels"][key] = {
        "id": key, "name": name, "is_channel": True, "is_private": flag(fields, "is_private"),
        "is_archived": False, "is_general": False, "is_member": True, "created": int(world.now()),
        "creator": workspace["bot"]["user_id"], "topic": "", "members": [workspace["bot"]["user_id"]],
        "messages": [],
    }  # fmt: skip
    request.effect("create_channel", channel=key, name=name)
    return {"channel": described(workspace["channels"][key])}


@method("conversations.invite", "channels:manage", writes=True)
def invite(world: World, request: Request, workspace: Workspace, fields: Fields) -> dict[str, Any]:
    """Brings people into a channel, all or none."""
    channel = channel_of(workspace, fields)
    wanted = [user for user in str(fields.get("users", "")).split(",") if user]
    if not wanted or any(user not in workspace["users"] for user in wanted):
        raise problem("user_not_found")
    if all(user in channel["members"] for user in wanted):
        raise problem("already_in_channel")
    channel["members"] = sorted({*channel["members"], *wanted})
    request.effect("invite", channel=channel["id"], users=wanted)
    return {"channel": described(channel)}


@method("conversations.setTopic", "channels:manage", writes=True)
def topic(world: World, request: Request, workspace: Workspace, fields: Fields) -> dict[str, Any]:
    """What the channel is about."""
    channel = channel_of(workspace, fields)
    channel["topic"] = str(fields.get("topic", ""))
    request.effect("topic", channel=channel["id"])
    return {"channel": described(channel)}


@method("conversations.archive", "channels:manage", writes=True)
def archive(world: World, request: Request, workspace: Workspace, fields: Fields) -> dict[str, Any]:
    """Closes a channel."""
    channel = channel_of(workspace, fields)
    if channel["is_archived"]:
        raise problem("already_archived")
    if channel["is_general"]:
        raise problem("cant_archive_general")
    channel["is_archived"] = True
    request.effect("archive", channel=channel["id"])
    return {}


def described(channel: dict[str, Any]) -> dict[str, Any]:
    """A channel as the API words it: without its messages."""
    hidden = ("messages", "members", "topic")
    shown_fields = {name: value for name, value in channel.items() if name not in hidden}
    return {
        **shown_fields,
        "name_normalized": channel["name"],
        "topic": {"value": channel["topic"], "creator": "", "last_set": 0},
        "num_members": len(channel["members"]),
    }


def _with_thread(channel: dict[str, Any], message: dict[str, Any], told: dict[str, Any]) -> dict[str, Any]:
    """A message with what stands under it, where something does."""
    ts = message["ts"]
    replies = [m for m in channel["messages"] if m.get("thread_ts") == ts and m["ts"] != ts]
    if not replies:
        return told
    people = list(dict.fromkeys(m["user"] for m in replies))
    about = {"thread_ts": ts, "reply_count": len(replies), "reply_users_count": len(people), "reply_users": people}
    return {**told, **about, "latest_reply": replies[-1]["ts"], "subscribed": False}


def _page(channel: dict[str, Any], messages: list[dict[str, Any]], fields: Fields) -> dict[str, Any]:
    """Newest first, between `oldest` and `latest`; the cursor is the ts the next page stays below."""
    inclusive = flag(fields, "inclusive")
    oldest, latest = str(fields.get("oldest") or "0"), str(fields.get("latest") or "9" * 10)
    cursor = str(fields.get("cursor") or "")

    def fits(ts: str) -> bool:
        edge = inclusive and ts in (oldest, latest)
        return (edge or float(oldest) < float(ts) < float(latest)) and (not cursor or float(ts) < float(cursor))

    fitting = [m for m in reversed(messages) if fits(m["ts"])]
    limit = min(number(fields, "limit", 100), HISTORY_LIMIT)
    page = fitting[:limit]
    more = len(fitting) > limit
    asked = flag(fields, "include_all_metadata")
    result: dict[str, Any] = {
        "messages": [_with_thread(channel, m, shown(m, metadata=asked)) for m in page],
        "has_more": more,
        "pin_count": 0,
    }
    if more:
        result["response_metadata"] = {"next_cursor": page[-1]["ts"]}
    return result
