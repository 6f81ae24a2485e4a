"""Slack's Web API: who am I, post a message, read a channel. Failures are 200 with ok: false, as documented."""

from __future__ import annotations

import json
import socket
import time
from typing import Any

from tests.acceptance.foreign.serving import Answer, Entry, Foreign

CHANNEL = {"id": "C0FOREIGN", "name": "incidents", "is_archived": False, "is_private": False, "is_member": True}


class Slack(Foreign):
    """One workspace with one channel. `variant`: full, or blind (the history may not be read)."""

    def __init__(self, line: socket.socket, *, token: str, prefix: str = "", variant: str = "full") -> None:
        self.token, self.variant, self.messages = token, variant, list[dict[str, Any]]()
        super().__init__(line, prefix)

    @property
    def texts(self) -> list[str]:
        """Every message that is there."""
        with self.lock:
            return [str(message["text"]) for message in self.messages]

    def is_write(self, entry: Entry) -> bool:
        return entry.path == "/api/chat.postMessage"

    def answer(self, entry: Entry) -> Answer:
        method = entry.path.removeprefix("/api/")
        if entry.headers.get("authorization") != f"Bearer {self.token}":
            return _no("invalid_auth")
        given = entry.body if isinstance(entry.body, dict) else {}
        given |= {name: values[0] for name, values in entry.query.items()}
        run = {
            "auth.test": self._me,
            "chat.postMessage": self._post,
            "conversations.history": self._history,
            "conversations.list": self._channels,
            "conversations.info": self._channel,
        }.get(method)
        return run(entry, given) if run else _no("unknown_method")

    def _me(self, entry: Entry, _: dict[str, Any]) -> Answer:
        return _yes(url="https://foreign.slack.com/", team="Foreign", user="rollbacks", team_id="T1", user_id="U1")

    def _channel(self, entry: Entry, given: dict[str, Any]) -> Answer:
        return _yes(channel=CHANNEL) if _is_ours(given) else _no("channel_not_found")

    def _channels(self, entry: Entry, _: dict[str, Any]) -> Answer:
        return _yes(channels=[CHANNEL], response_metadata={"next_cursor": ""})

    def _history(self, entry: Entry, given: dict[str, Any]) -> Answer:
        if self.variant == "blind":
            return _no("missing_scope", needed="channels:history", provided="chat:write")
        if given.get("channel") != CHANNEL["id"]:
            return _no("channel_not_found")
        oldest = float(given.get("oldest") or 0)
        found = [message for message in reversed(self.messages) if float(message["ts"]) > oldest]
        if str(given.get("include_all_metadata")).lower() not in {"true", "1"}:
            found = [{key: value for key, value in one.items() if key != "metadata"} for one in found]
        return _yes(messages=found, has_more=False)

    def _post(self, entry: Entry, given: dict[str, Any]) -> Answer:
        if not _is_ours(given):
            return _no("channel_not_found")
        if not (given.get("text") or given.get("blocks")):
            return _no("no_text")
        stamp = f"{time.time():.6f}"
        message = {"type": "message", "user": "U1", "bot_id": "B1", "ts": stamp, "text": given.get("text", "")}
        if metadata := given.get("metadata"):
            message["metadata"] = json.loads(metadata) if isinstance(metadata, str) else metadata
        self.messages.append(message)
        entry.effect = f"posted {given.get('text', '')}"
        return _yes(channel=CHANNEL["id"], ts=stamp, message=message)


def _is_ours(given: dict[str, Any]) -> bool:
    return str(given.get("channel", "")).lstrip("#") in {CHANNEL["id"], CHANNEL["name"]}


def _yes(**more: Any) -> Answer:
    return Answer(200, {"ok": True, **more})


def _no(error: str, **more: Any) -> Answer:
    return Answer(200, {"ok": False, "error": error, **more})
