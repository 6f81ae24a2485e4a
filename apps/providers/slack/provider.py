"""Slack: post messages that carry a marker, so that they are found again and not posted twice; change them in place."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
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
from apps.providers.listening import Going, Take
from apps.providers.slack import checking, composing, judging, socket_mode, updating
from apps.providers.slack.hearing import SlackHook
from apps.providers.slack.searching import EVENT_TYPE, Search, Trace, channel_id, search
from apps.providers.slack.wire import API

TIME_STAMP = re.compile(r"[0-9]{1,12}\.[0-9]{1,6}")
CHANNEL = Parameter("channel", "Channel", required=False, help="Id or name; the connection's channel when empty.")
MESSAGE_HELP = "Slack's name of it, such as 1712345678.000100."
POST = Action(
    name="post",
    title="Post a message",
    parameters=(Parameter("text", "Text"), CHANNEL, *composing.RICH),
    risk=Risk.SAFE,
    idempotency_class=IdempotencyClass.FINDABLE,
    undo="A message cannot be unread. Post a correction.",
    usual_seconds=1,
    gives_up_seconds=30,
    settle_seconds=2,
)
REPLY = replace(
    POST,
    name="reply",
    title="Answer in a thread",
    parameters=(
        Parameter("thread", "Thread", help=f"Of its first message. {MESSAGE_HELP}"),
        Parameter("text", "Text"),
        CHANNEL,
        Parameter("broadcast", "Show in the channel too", kind="yes_no", required=False),
        *composing.RICH,
    ),
)
UPDATE = replace(
    POST,
    name="update",
    title="Change a message in place",
    parameters=(
        Parameter("message", "Message", help=MESSAGE_HELP),
        Parameter("text", "Text"),
        CHANNEL,
        *composing.RICH,
    ),
    idempotency_class=IdempotencyClass.ABSOLUTE,
    undo="Change the message again; who has read it has read it.",
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
            help="To trust the buttons, slash commands and events that Slack sends to the portal.",
        ),
        Field(
            "app_token",
            "App-level token",
            required=False,
            help="For Socket Mode, where Slack cannot reach the portal. Scope: connections:write.",
            placeholder="xapp-…",
        ),
    )
    hook = SlackHook()
    actions = (POST, REPLY, UPDATE)
    roles = ("chat",)
    support = "https://slack.com/help"

    def problems(self, call: Call) -> Sequence[str]:
        """Refuse what Slack would cut or cannot show, besides what every provider checks."""
        if found := super().problems(call):
            return found
        name = "message" if call.action == UPDATE.name else "thread"
        if call.action != POST.name and not TIME_STAMP.fullmatch(call.parameters[name]):
            return (f"“{name}” must be Slack's name of a message, such as 1712345678.000100.",)
        return composing.problems(call.parameters)

    def check(self, access: Access) -> list[Finding]:
        """Sign in, look for the channel and for the right to post and to read back; post nothing."""
        return checking.findings(access)

    @ends_in_an_observation
    def observe(self, access: Access, call: Call, sending: Sending | None = None) -> Observation:
        """Say whether the message with this step's marker is there, or whether a message says what it should."""
        if call.action == UPDATE.name:
            return updating.observation(access, _channel(access, call), call)
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
        """Post the message, in the channel or in a thread, or change one."""
        channel = _channel(access, call)
        if call.action == UPDATE.name:
            # Changing takes no name of a channel, only its id.
            body = updating.body(access, channel_id(access, channel), call)
            answer = API.change(access, sending, "POST", "/api/chat.update", body=body)
            return judging.outcome(answer, API.said(access, answer), channel, "update")
        body = {
            "channel": channel,
            **composing.content(call.parameters),
            "metadata": {"event_type": EVENT_TYPE, "event_payload": {"marker": sending.marker}},
            "unfurl_links": False,
            "unfurl_media": False,
            **_thread(call),
        }
        answer = API.change(access, sending, "POST", "/api/chat.postMessage", body=body)
        return judging.outcome(answer, API.said(access, answer), channel)

    def verify(self, access: Access, call: Call, sending: Sending) -> Verification:
        """Say whether the message is there; where the channel cannot be read, Slack's own word has to do."""
        seen = self.observe(access, call, sending)
        if seen.seen is Seen.DESIRED:
            return Verification(Proof.SATISFIED, seen.summary, (("done", seen.summary),))
        if seen.seen is Seen.OTHER:
            return Verification(Proof.NOT_YET, seen.summary, (("running", seen.summary),))
        text = f"Slack confirmed the message. It could not be read back: {seen.summary}"
        return Verification(Proof.SATISFIED, text, (("done", text),))

    def has_line(self, access: Access) -> bool:
        """Say whether Socket Mode is set up: the app-level token is there."""
        return bool(access.credentials.get("app_token"))

    def listen(self, access: Access, take: Take, going: Going) -> None:
        """Hold one Socket Mode line open until it ends or `going` says no more. Raises ProviderError."""
        socket_mode.listen(access, take, going)

    def what_stays(self, call: Call) -> Sequence[str]:
        """Say what undoing a rollback does not take back."""
        return ("Messages that were posted stay in Slack.",)

    def link(self, access: Access, call: Call) -> str:
        """Return an address that opens the channel in Slack."""
        if access.base_url not in ("", self.default_base_url):
            return ""
        return f"https://slack.com/app_redirect?channel={_channel(access, call).lstrip('#')}"

    def _search(self, access: Access, call: Call, sending: Sending) -> Search:
        text, thread = composing.plain(call.parameters["text"]), call.parameters.get("thread") or ""
        return search(access, _channel(access, call), sending.marker, text, thread)


def _thread(call: Call) -> dict[str, Any]:
    if call.action != REPLY.name:
        return {}
    shown = {"reply_broadcast": True} if call.parameters.get("broadcast") else {}
    return {"thread_ts": call.parameters["thread"], **shown}


def _channel(access: Access, call: Call) -> str:
    return str(call.parameters.get("channel") or access.settings.get("channel") or "")
