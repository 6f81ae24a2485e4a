"""Find a message again by its marker, so that a post whose answer was lost is never posted twice."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from apps.providers.base import Access, ProviderError
from apps.providers.calling import Denied, Query
from apps.providers.endings import dig
from apps.providers.slack.composing import comparable
from apps.providers.slack.wire import ask

EVENT_TYPE = "rollback_portal"
PAGE, PAGES = 200, 5  # of a channel, newest first
THREAD_PAGES = 25  # of a thread, which comes oldest first
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


def search(access: Access, channel: str, marker: str, text: str, thread: str = "") -> Search:
    """Look for the marker through the newest messages of a channel, or through a thread. Raises nothing."""
    try:
        return _search(_messages(access, channel_id(access, channel), thread), marker, text)
    except ProviderError as error:
        return Search(Trace.UNREADABLE, str(error))


def message_at(access: Access, channel: str, ts: str) -> Any:
    """Return the message that Slack calls `ts`, in the channel or in a thread of it. Raises ProviderError."""
    about: Query = {"channel": channel_id(access, channel), "include_all_metadata": "true", "inclusive": "true"}
    body = ask(access, "conversations.history", {**about, "latest": ts, "oldest": ts, "limit": 1})
    for message in _listed(body):
        if dig(message, "ts") == ts:
            return message
    try:
        body = ask(access, "conversations.replies", {**about, "ts": ts, "limit": 1})
    except Denied as error:
        raise ProviderError(f"Slack shows no message {ts} in {channel}. {error}") from error
    for message in _listed(body):
        if dig(message, "ts") == ts:
            return message
    raise ProviderError(f"Slack shows no message {ts} in {channel}.")


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


def _search(messages: Iterator[Any], marker: str, text: str) -> Search:
    twin = Search(Trace.ABSENT, "No message with our marker is there.")
    for message in messages:
        if _marker_of(message) == marker:
            return Search(Trace.FOUND, "The message is there.", str(dig(message, "ts") or ""))
        if comparable(dig(message, "text")) == comparable(text) and not dig(message, "metadata"):
            why = "A message with this text, but without a marker, is there: it may be ours or not."
            twin = Search(Trace.TWIN, why, str(dig(message, "ts") or ""))
    return twin


def _messages(access: Access, channel: str, thread: str) -> Iterator[Any]:
    """Yield the messages of a channel, newest first, or of a thread, oldest first."""
    method, pages = ("conversations.replies", THREAD_PAGES) if thread else ("conversations.history", PAGES)
    query: dict[str, str | int | None] = {"channel": channel, "limit": PAGE, "include_all_metadata": "true"}
    cursor = ""
    for _ in range(pages):
        body = ask(access, method, {**query, "ts": thread, "cursor": cursor})
        yield from _listed(body)
        cursor = str(dig(body, "response_metadata", "next_cursor") or "")
        if not cursor:
            return


def _listed(body: Any) -> list[Any]:
    """Return a list that has to be there: its absence must not be mistaken for an empty one."""
    messages = dig(body, "messages")
    if not isinstance(messages, list):
        raise ProviderError("Slack answered with something that is not a list of messages.")
    return messages


def _marker_of(message: Any) -> Any:
    if dig(message, "metadata", "event_type") != EVENT_TYPE:
        return None
    return dig(message, "metadata", "event_payload", "marker")
