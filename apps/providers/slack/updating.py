"""Change a message in place: an absolute state, seen by the fingerprint that an update leaves, or by its text."""

from __future__ import annotations

import hashlib
from typing import Any

from apps.providers.base import Access, Call, Observation, ProviderError, Seen
from apps.providers.endings import dig, quoted
from apps.providers.slack import composing
from apps.providers.slack.searching import EVENT_TYPE, message_at


def observation(access: Access, channel: str, call: Call) -> Observation:
    """Say whether the message says what it should. Raises ProviderError where it cannot be read."""
    message = message_at(access, channel, call.parameters["message"])
    text = str(dig(message, "text") or "")
    # Not the text itself: it may be long, and it is drift only when it changes.
    identity = {"message": hashlib.sha256(repr((text, dig(message, "blocks"))).encode()).hexdigest()[:32]}
    readings = {"text": quoted(text)}
    if _says(message, call):
        return Observation(Seen.DESIRED, "The message says what it should.", identity, readings)
    return Observation(Seen.OTHER, f"The message says: “{quoted(text)}”.", identity, readings)


def body(access: Access, channel: str, call: Call) -> dict[str, Any]:
    """Return what to send. Blocks are named even when there are none, for otherwise the old ones would stay."""
    return {
        "channel": channel,
        "ts": call.parameters["message"],
        "blocks": [],
        **composing.content(call.parameters),
        "metadata": {"event_type": EVENT_TYPE, "event_payload": _payload(access, channel, call)},
    }


def _payload(access: Access, channel: str, call: Call) -> dict[str, Any]:
    """Return the fingerprint of what is sent, together with the marker that the message had."""
    try:
        before = message_at(access, channel, call.parameters["message"])
    except ProviderError:
        before = None  # where the channel cannot be read, a marker that is lost would not have been found either
    kept = dig(before, "metadata", "event_payload") if dig(before, "metadata", "event_type") == EVENT_TYPE else None
    marker = {"marker": kept["marker"]} if isinstance(kept, dict) and isinstance(kept.get("marker"), str) else {}
    return {**marker, "content": composing.digest(call.parameters)}


def _says(message: Any, call: Call) -> bool:
    left = dig(message, "metadata", "event_payload", "content")
    if left and dig(message, "metadata", "event_type") == EVENT_TYPE:
        return bool(left == composing.digest(call.parameters))
    wanted = composing.content(call.parameters)
    same = composing.comparable(dig(message, "text")) == composing.comparable(wanted["text"])
    return same and composing.texts_in(dig(message, "blocks")) == composing.texts_in(wanted.get("blocks"))
