"""Slack: post a message that carries a marker, so that it is found again and not posted twice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from apps.providers.base import (
    Access,
    Action,
    Call,
    Field,
    Finding,
    IdempotencyClass,
    Observation,
    Outcome,
    Parameter,
    Proof,
    Provider,
    Risk,
    Seen,
    Sending,
    Verification,
)
from apps.providers.endings import ends_in_an_observation, ends_in_an_outcome
from apps.providers.slack import checking, judging
from apps.providers.slack.searching import EVENT_TYPE, Search, Trace, search
from apps.providers.slack.wire import API

LONGEST_TEXT = 40_000  # characters; Slack cuts what is longer
POST = Action(
    name="post",
    title="Post a message",
    parameters=(
        Parameter("text", "Text"),
        Parameter("channel", "Channel", required=False, help="Id or name; the connection's channel when empty."),
    ),
    risk=Risk.SAFE,
    idempotency_class=IdempotencyClass.FINDABLE,
    undo="A message cannot be unread. Post a correction.",
    usual_seconds=1,
    gives_up_seconds=30,
    settle_seconds=2,
)


class Slack(Provider):
    """One Slack workspace, by way of an app's bot."""

    slug = "slack"
    name = "Slack"
    default_base_url = API.default_base_url
    settings = (
        Field(
            "channel",
            "Channel",
            help="Where messages go when nothing else is said; an id works best.",
            placeholder="C0123456789",
        ),
    )
    credentials = (
        Field(
            "bot_token",
            "Bot token",
            help="Scopes: chat:write, channels:history (groups:history when private).",
            placeholder="xoxb-…",
        ),
        Field(
            "signing_secret",
            "Signing secret",
            required=False,
            help="To trust what Slack sends to the portal.",
        ),
    )
    actions = (POST,)
    roles = ("chat",)
    support = "https://slack.com/help"

    def problems(self, call: Call) -> Sequence[str]:
        """Refuse a text that Slack would cut, besides what every provider checks."""
        found = super().problems(call)
        if not found and len(call.parameters["text"]) > LONGEST_TEXT:
            return (f"The text is longer than {LONGEST_TEXT} characters.",)
        return found

    def check(self, access: Access) -> list[Finding]:
        """Sign in, look for the channel and for the right to post and to read back; post nothing."""
        return checking.findings(access)

    @ends_in_an_observation
    def observe(self, access: Access, call: Call, sending: Sending | None = None) -> Observation:
        """Say whether the message with this step's marker is in the channel."""
        if not sending:
            return Observation(Seen.OTHER, "The message has not been posted.", {"message": "absent"})
        found = self._search(access, call, sending)
        if found.trace is Trace.FOUND:
            return Observation(Seen.DESIRED, found.why, {"message": "posted"}, {"ts": found.ts})
        if found.trace is Trace.ABSENT:
            return Observation(Seen.OTHER, found.why, {"message": "absent"})
        return Observation(Seen.UNREADABLE, f"Whether the message was posted cannot be told. {found.why}")

    @ends_in_an_outcome
    def apply(self, access: Access, call: Call, sending: Sending) -> Outcome:
        """Post the message."""
        body: dict[str, Any] = {
            "channel": _channel(access, call),
            "text": plain(call.parameters["text"]),
            "metadata": {"event_type": EVENT_TYPE, "event_payload": {"marker": sending.marker}},
            "unfurl_links": False,
            "unfurl_media": False,
        }
        answer = API.change(access, sending, "POST", "/api/chat.postMessage", body=body)
        return judging.outcome(answer, API.said(access, answer), body["channel"])

    def verify(self, access: Access, call: Call, sending: Sending) -> Verification:
        """Say whether the message is there; where the channel cannot be read, Slack's own word has to do."""
        found = self._search(access, call, sending)
        if found.trace is Trace.ABSENT:
            return Verification(Proof.NOT_YET, found.why, (("running", found.why),))
        if found.trace is Trace.FOUND:
            return Verification(Proof.SATISFIED, found.why, (("done", found.why),))
        text = f"Slack confirmed the message. It could not be read back: {found.why}"
        return Verification(Proof.SATISFIED, text, (("done", text),))

    def what_stays(self, call: Call) -> Sequence[str]:
        """Say what undoing a rollback does not take back."""
        return ("Messages that were posted stay in Slack.",)

    def link(self, access: Access, call: Call) -> str:
        """Return an address that opens the channel in Slack."""
        if access.base_url not in ("", self.default_base_url):
            return ""
        return f"https://slack.com/app_redirect?channel={_channel(access, call).lstrip('#')}"

    def _search(self, access: Access, call: Call, sending: Sending) -> Search:
        return search(access, _channel(access, call), sending.marker, plain(call.parameters["text"]))


def plain(text: str) -> str:
    """Return a text that Slack shows as it is: no <!channel>, no hidden links."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _channel(access: Access, call: Call) -> str:
    return str(call.parameters.get("channel") or access.settings.get("channel") or "")
