"""Ask Slack whether the bot can post to the channel and read it back. Posts nothing."""

from __future__ import annotations

from typing import Any

from apps.providers.base import Access, Finding, ProviderError
from apps.providers.calling import Denied
from apps.providers.endings import dig, quoted
from apps.providers.slack.searching import channel_id
from apps.providers.slack.wire import API, ask, body_of, sentence

READ_BACK = "Where the answer to a message is lost, the portal then has to ask a person whether it was posted."


def findings(access: Access) -> list[Finding]:
    """Return one sentence for each thing that was looked at. Raises nothing."""
    try:
        answer = API.read(access, "/api/auth.test", method="POST")
        body = body_of(answer) if answer.ok else None
        if body is None:
            raise API.unreadable(access, answer, "Who the bot is")
        if not body["ok"]:
            raise Denied(sentence("signing in", body))
    except ProviderError as error:
        return [Finding("error", str(error), "sign-in")]
    who = f"Signed in to {quoted(body.get('team') or 'Slack')} as {quoted(body.get('user') or 'the bot')}."
    found = [Finding("ok", who, "sign-in"), *_token(access), *_scopes(answer.headers.get("x-oauth-scopes", ""))]
    return [*found, *_channel(access, access.settings.get("channel", "")), *_inbound(access)]


def _scopes(given: str) -> list[Finding]:
    scopes = {scope.strip() for scope in given.split(",") if scope.strip()}
    if not scopes:
        text = "Slack does not tell which scopes the app has; posting needs chat:write."
        return [Finding("ok", text, "rights")]
    if "chat:write" not in scopes:
        return [Finding("error", "The bot may not post: its app lacks the scope chat:write.", "rights")]
    return [Finding("ok", "The bot may post, answer and change its messages (chat:write).", "rights")]


def _token(access: Access) -> list[Finding]:
    """Say what the token's own form tells: of another kind, or one that ends."""
    token = str(access.credentials.get("bot_token", "")).strip()
    if token.startswith("xoxe."):
        text = "The bot token rotates: it ends after 12 hours. Switch token rotation off for this app."
        return [Finding("warning", text, "expiry")]
    if token.startswith("xoxp-"):
        text = "This is a person's token: messages go out in that person's name. Use the app's bot token (xoxb-…)."
        return [Finding("warning", text, "token")]
    return []


def _inbound(access: Access) -> list[Finding]:
    if access.credentials.get("signing_secret"):
        return []
    text = "Without a signing secret no button and no slash command of Slack is believed; messages work without."
    return [Finding("warning", text, "signing-secret")]


def _channel(access: Access, channel: str) -> list[Finding]:
    try:
        found = channel_id(access, channel)
    except ProviderError as error:
        return [Finding("warning", str(error), "channel")]
    about: Any = {}
    try:
        about = dig(ask(access, "conversations.info", {"channel": found}), "channel")
    except Denied as error:
        if "channel_not_found" in str(error):
            return [Finding("error", str(error), "channel")]
    except ProviderError as error:
        return [Finding("warning", str(error), "channel")]
    if dig(about, "is_archived"):
        return [Finding("error", f"The channel {quoted(channel)} is archived. Choose another one.", "channel")]
    if dig(about, "is_member") is False:
        text = f"The app is not in the channel {quoted(channel)}. Invite it there."
        return [Finding("error", text, "channel")]
    return [
        Finding("ok", f"The channel {quoted(dig(about, 'name') or channel)} is there.", "channel"),
        _history(access, found),
    ]


def _history(access: Access, channel: str) -> Finding:
    try:
        ask(access, "conversations.history", {"channel": channel, "limit": 1})
    except ProviderError as error:
        return Finding("warning", f"{error} {READ_BACK}", "history")
    return Finding("ok", "The channel can be read back, so no message is posted twice.", "history")
