"""Find a message again by its marker, so that a post whose answer was lost is never posted twice."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from apps.providers.base import Access, ProviderError
from apps.providers.endings import dig
from apps.providers.slack.wire import ask

EVENT_TYPE = "rollback_portal"
PAGE, PAGES = 200, 5
CHANNEL_PAGES = 10
_CHANNEL_ID = re.compile(r"[CGD][A-Z0-9]{2,}\Z")


class Trace(StrEnum):
    """What a look through a channel says about our message."""

    FOUND = "found"
    ABSENT = "absent"
    TWIN = "twin"  # the same text without any metadata: ours or not, nobody can tell
    UNREADABLE = "unreadable"


@dataclass(frozen=True)
class Search:
    """How a search ended; `ts` is Slack's name of the message that was found."""

    trace: Trace
    why: str = ""
    ts: str = ""


def search(access: Access, channel: str, marker: str, text: str) -> Search:
    """Look through the newest messages of a channel for the marker. Raises nothing."""
    try:
        return _search(access, channel_id(access, channel), marker, text)
    except ProviderError as error:
        return Search(Trace.UNREADABLE, str(error))


def channel_id(access: Access, channel: str) -> str:
    """Return the id of a channel that is given by id or by name. Raises ProviderError.

    Posting takes a name too, reading does not.
    """
    name = channel.lstrip("#")
    if _CHANNEL_ID.match(name):
        return name
    cursor = ""
    for _ in range(CHANNEL_PAGES):
        query: dict[str, str | int | None] = {"limit": 1000, "exclude_archived": "true", "cursor": cursor}
        body = ask(access, "conversations.list", {**query, "types": "public_channel,private_channel"})
        for one in dig(body, "channels") or []:
            if dig(one, "name") == name and isinstance(found := dig(one, "id"), str):
                return found
        cursor = str(dig(body, "response_metadata", "next_cursor") or "")
        if not cursor:
            break
    raise ProviderError(f"Slack shows the app no channel called “{name}”. Enter the channel's id instead.")


def _search(access: Access, channel: str, marker: str, text: str) -> Search:
    cursor, twin = "", Search(Trace.ABSENT, "No message with our marker is in the channel.")
    for _ in range(PAGES):
        query: dict[str, str | int | None] = {
            "channel": channel,
            "limit": PAGE,
            "include_all_metadata": "true",
            "cursor": cursor,
        }
        body = ask(access, "conversations.history", query)
        messages = dig(body, "messages")
        if not isinstance(messages, list):
            raise ProviderError("Slack answered with something that is not a list of messages.")
        for message in messages:
            if _marker_of(message) == marker:
                return Search(Trace.FOUND, "The message is in the channel.", str(dig(message, "ts") or ""))
            if dig(message, "text") == text and not dig(message, "metadata"):
                why = "A message with this text, but without a marker, is there: it may be ours or not."
                twin = Search(Trace.TWIN, why, str(dig(message, "ts") or ""))
        cursor = str(dig(body, "response_metadata", "next_cursor") or "")
        if not cursor:
            break
    return twin


def _marker_of(message: Any) -> Any:
    if dig(message, "metadata", "event_type") != EVENT_TYPE:
        return None
    return dig(message, "metadata", "event_payload", "marker")
