"""Messages: post, change, delete, show to one person. Nothing recognises a message that was posted before."""

from typing import Any

from ...simulation.messages import Request
from ...simulation.world import World
from .workspace import Fields, Workspace, channel_of, flag, method, problem

TEXT_LIMIT = 40_000
BLOCKS_LIMIT = 50
BLOCK_TYPES = frozenset(
    {
        "section",
        "divider",
        "header",
        "context",
        "actions",
        "image",
        "input",
        "rich_text",
        "markdown",
        "video",
        "file",
    }
)


@method("chat.postMessage", "chat:write", writes=True)
def post(world: World, request: Request, workspace: Workspace, fields: Fields) -> dict[str, Any]:
    """Adds a message to a channel the bot is in."""
    channel = _writable(workspace, fields)
    message = {**_content(fields), **_author(workspace), "ts": next_ts(world), "type": "message"}
    if fields.get("thread_ts"):
        message["thread_ts"] = str(fields["thread_ts"])
        if flag(fields, "reply_broadcast"):
            message.update(broadcast=True, subtype="thread_broadcast")
    channel["messages"].append(message)
    request.effect("post", channel=channel["id"], ts=message["ts"], metadata=message.get("metadata"))
    return {"channel": channel["id"], "ts": message["ts"], "message": shown(message, metadata=True)}


@method("chat.update", "chat:write", writes=True)
def update(world: World, request: Request, workspace: Workspace, fields: Fields) -> dict[str, Any]:
    """Changes one of the bot's own messages; the same content again is fine."""
    channel = channel_of(workspace, fields)
    message = _found(channel, fields)
    if message["user"] != workspace["bot"]["user_id"]:
        raise problem("cant_update_message")
    content = _content(fields)
    message.update(content, edited={"user": message["user"], "ts": next_ts(world)})
    request.effect("update", channel=channel["id"], ts=message["ts"])
    return {
        "channel": channel["id"],
        "ts": message["ts"],
        "text": message["text"],
        "message": shown(message, metadata=True),
    }


@method("chat.delete", "chat:write", writes=True)
def delete(world: World, request: Request, workspace: Workspace, fields: Fields) -> dict[str, Any]:
    """Removes one of the bot's own messages."""
    channel = channel_of(workspace, fields)
    message = _found(channel, fields)
    if message["user"] != workspace["bot"]["user_id"]:
        raise problem("cant_delete_message")
    channel["messages"].remove(message)
    request.effect("delete", channel=channel["id"], ts=message["ts"])
    return {"channel": channel["id"], "ts": message["ts"]}


@method("chat.postEphemeral", "chat:write", writes=True)
def whisper(world: World, request: Request, workspace: Workspace, fields: Fields) -> dict[str, Any]:
    """Shows a message to one person in the channel."""
    channel = _writable(workspace, fields)
    if fields.get("user") not in channel["members"]:
        raise problem("user_not_in_channel")
    ts = next_ts(world)
    workspace["ephemeral"].append({**_content(fields), "ts": ts, "channel": channel["id"], "user": fields["user"]})
    request.effect("whisper", channel=channel["id"], user=fields["user"], ts=ts)
    return {"message_ts": ts}


@method("chat.getPermalink")
def permalink(world: World, request: Request, workspace: Workspace, fields: Fields) -> dict[str, Any]:
    """The address of a message: here, the page that shows its channel."""
    channel = channel_of(workspace, fields)
    ts = str(fields.get("message_ts", ""))
    _found(channel, {"ts": ts})
    return {
        "channel": channel["id"],
        "permalink": f"{request.address}/view/{workspace['organisation']}/{channel['name']}#{ts}",
    }


def next_ts(world: World) -> str:
    """A time stamp later than every one given before: it is the message's name."""
    state = world.state("slack")
    micros = max(int(world.now() * 1_000_000), int(state["last_ts"]) + 1)
    state["last_ts"] = micros
    return f"{micros // 1_000_000}.{micros % 1_000_000:06d}"


def shown(message: dict[str, Any], *, metadata: bool) -> dict[str, Any]:
    """A message as history tells it; metadata only for those who ask for all of it."""
    return {n: value for n, value in message.items() if n != "broadcast" and (metadata or n != "metadata")}


def _writable(workspace: Workspace, fields: Fields) -> dict[str, Any]:
    channel = channel_of(workspace, fields, by_name=True)
    if channel["is_archived"]:
        raise problem("is_archived")
    if not channel["is_member"]:
        raise problem("not_in_channel")
    return channel


def _content(fields: Fields) -> dict[str, Any]:
    text, blocks = str(fields.get("text") or ""), fields.get("blocks") or []
    if not text and not blocks and not fields.get("attachments") and not fields.get("markdown_text"):
        raise problem("no_text")
    if len(text) > TEXT_LIMIT:
        raise problem("msg_too_long")
    _checked(blocks)
    content: dict[str, Any] = {"text": text or str(fields.get("markdown_text") or ""), "blocks": blocks}
    if metadata := fields.get("metadata"):
        if not isinstance(metadata, dict) or not {"event_type", "event_payload"} <= set(metadata):
            raise problem("invalid_metadata_format")
        content["metadata"] = {
            "event_type": metadata["event_type"],
            "event_payload": metadata["event_payload"],
        }
    return content


def _checked(blocks: Any) -> None:
    """Raises the errors Slack gives for blocks it cannot show (the limits of Block Kit that matter to us)."""
    if not isinstance(blocks, list) or len(blocks) > BLOCKS_LIMIT:
        raise problem("invalid_blocks")
    for block in blocks:
        if not isinstance(block, dict) or block.get("type") not in BLOCK_TYPES:
            raise problem("invalid_blocks", response_metadata={"messages": ["[ERROR] unsupported type"]})
        text = block.get("text") or {}
        limit = 150 if block["type"] == "header" else 3000
        if isinstance(text, dict) and len(str(text.get("text", ""))) > limit:
            raise problem("invalid_blocks", response_metadata={"messages": [f"[ERROR] must be at most {limit}"]})
        if len(block.get("elements") or []) > 25 or len(block.get("fields") or []) > 10:
            raise problem("invalid_blocks", response_metadata={"messages": ["[ERROR] too many items"]})


def _author(workspace: Workspace) -> dict[str, Any]:
    bot = workspace["bot"]
    return {
        "user": bot["user_id"],
        "bot_id": bot["bot_id"],
        "app_id": bot["app_id"],
        "team": workspace["team"]["id"],
        "username": "Rollback Portal",
    }


def _found(channel: dict[str, Any], fields: Fields) -> dict[str, Any]:
    for message in channel["messages"]:
        if message["ts"] == str(fields.get("ts", "")):
            found: dict[str, Any] = message
            return found
    raise problem("message_not_found")
