"""What Slack sends by itself: pressed buttons, slash commands, events. Signed over the raw bytes, read by the bytes.

Sources: slackapi/python-slack-sdk `slack_sdk.signature`, docs.slack.dev on interactivity, slash commands and events.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from apps.providers.hooks import StampedHook, at_path, read_json

SLASH, HANDSHAKE, EVENT = "slash_command", "url_verification", "event_callback"
ANSWERS = "https://hooks.slack.com/"  # where a response_url may lead, and nowhere else
LONGEST_COURTESY = 1_000  # bytes
MOST_FIELDS = 100
LONGEST_CHALLENGE = 500  # characters


@dataclass(frozen=True)
class SlackHook(StampedHook):
    """Requests signed `v0=` over `v0:<time>:<body>`; the body is JSON, or a form that may hold JSON.

    Headers other than signature and time are not signed, so the kind of body is told by its first byte.
    """

    header: str = "X-Slack-Signature"
    algorithm: str = "sha256"
    identity: tuple[str, ...] = ()
    event: tuple[str, ...] = ()
    prefix: str = "v0="
    secret: str = "signing_secret"  # noqa: S105 - the name of the credential
    stamp_header: str = "X-Slack-Request-Timestamp"
    before: str = "v0:{stamp}:"

    def is_courtesy(self, body: bytes) -> bool:
        """Say whether Slack only looks whether our certificate is good (`ssl_check=1`), which it does unsigned."""
        if len(body) > LONGEST_COURTESY or b"ssl_check=1" not in body.split(b"&"):
            return False
        return not {b"payload", b"command"} & {field.partition(b"=")[0] for field in body.split(b"&")}

    def read(self, headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
        """Return what is told, always with a `type`, never with Slack's old verification token.

        Raises ValueError for a body that says two things at once or nothing that is known.
        """
        told = read_json(body) if body.lstrip()[:1] == b"{" else _form(body)
        return heard(told)

    def identity_of(self, headers: Mapping[str, str], told: Mapping[str, Any]) -> Any:
        """Return what makes a delivery the same one: Slack's id of the event, or of what the person did."""
        if told.get("type") == EVENT:
            return told.get("event_id")
        if told.get("trigger_id"):
            return told["trigger_id"]
        pressed = at_path(_first_action(told), ("action_ts",))
        where = [told.get("type"), at_path(told, ("container", "message_ts")), at_path(told, ("user", "id")), pressed]
        texts = [one for one in where if isinstance(one, str)]
        return ":".join(texts) if len(texts) == len(where) else None

    def event_of(self, headers: Mapping[str, str], told: Mapping[str, Any]) -> Any:
        """Return the slash command, the kind of event, or the kind of interaction."""
        if told.get("type") == SLASH:
            return told.get("command")
        return at_path(told, ("event", "type")) if told.get("type") == EVENT else told.get("type")

    def reply(self, told: Mapping[str, Any]) -> str | None:
        """Return the challenge of Slack's handshake; all else is acknowledged with an empty answer."""
        challenge = told.get("challenge")
        if told.get("type") != HANDSHAKE or not isinstance(challenge, str) or len(challenge) > LONGEST_CHALLENGE:
            return ""
        return json.dumps({"challenge": challenge})


def heard(told: Any) -> dict[str, Any]:
    """Return a delivery without what nobody needs: the old token, and a response_url that leads elsewhere.

    Raises ValueError for anything but an object with a type.
    """
    if not isinstance(told, dict) or not isinstance(told.get("type"), str):
        raise ValueError("A delivery of Slack is an object that says what it is.")
    kept = {name: value for name, value in told.items() if name != "token"}
    if not str(kept.get("response_url", ANSWERS)).startswith(ANSWERS):
        del kept["response_url"]
    return kept


def _form(body: bytes) -> Any:
    """Return what a form says: its one `payload`, or the fields of a slash command. Raises ValueError."""
    pairs = parse_qsl(
        body.decode("ascii"), keep_blank_values=True, strict_parsing=True, errors="strict", max_num_fields=MOST_FIELDS
    )
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("A field stands there twice.")
    if "payload" in fields:
        return read_json(fields["payload"])
    if "command" not in fields:
        raise ValueError("The form is no slash command.")
    return {**fields, "type": SLASH}


def _first_action(told: Mapping[str, Any]) -> Any:
    actions = told.get("actions")
    return actions[0] if isinstance(actions, list) and actions else None
