"""How Slack's Web API is spoken: HTTP 200 even for a failure, the truth is in `ok` and `error`.

Sources: the method pages of docs.slack.dev and slackapi/python-slack-sdk.
"""

from __future__ import annotations

from typing import Any

from apps.providers.base import Access
from apps.providers.calling import Api, Denied, Query, credential
from apps.providers.endings import quoted
from apps.providers.http import Answer

API = Api(
    "Slack",
    "https://slack.com",
    lambda access: {"Authorization": f"Bearer {credential(access, 'bot_token', 'Slack')}"},
)
RATE_LIMITED = frozenset({"ratelimited", "rate_limited"})
# Documented as possibly raised after some of the work was done.
UNCERTAIN = frozenset({"fatal_error", "internal_error", "service_unavailable", "request_timeout"})
ADVICE = {
    "channel_not_found": "Slack does not show the app this channel. Invite the app to it.",
    "not_in_channel": "The app is not in the channel. Invite it there.",
    "is_archived": "The channel is archived. Choose another one.",
    "missing_scope": "The app lacks a permission (scope). Add it and install the app again.",
    "restricted_action": "The workspace does not let this app post there.",
    "invalid_auth": "Slack does not accept the bot token. Enter a valid one.",
    "not_authed": "Slack does not accept the bot token. Enter a valid one.",
    "token_revoked": "The bot token was revoked. Enter a valid one.",
    "token_expired": "The bot token has expired. Enter a valid one.",
    "account_inactive": "The bot's account is switched off in Slack.",
    "msg_too_long": "The text is too long for Slack. Shorten it.",
    "no_text": "The text is empty.",
    "message_not_found": "The channel has no such message. Look whether channel and time stamp belong together.",
    "cant_update_message": "The app may change only messages that it posted itself.",
    "edit_window_closed": "The workspace allows changes only for a while after posting. Post a new message.",
    "thread_not_found": "The channel has no such thread. Look whether channel and time stamp belong together.",
    "cannot_reply_to_message": "Nobody can answer this message. Post to the channel instead.",
    "invalid_blocks": "Slack cannot show these blocks.",
    "ekm_access_denied": "The workspace's administrator has suspended posting.",
}


def ask(access: Access, method: str, query: Query | None = None) -> dict[str, Any]:
    """Return the answer of a reading method. Raises Denied where Slack says no, ProviderError otherwise."""
    answer = API.read(access, f"/api/{method}", query)
    body = body_of(answer) if answer.ok else None
    if body is None:
        raise API.unreadable(access, answer, f"Slack's {method}")
    if not body.get("ok"):
        raise Denied(sentence(method, body))
    return body


def body_of(answer: Answer) -> dict[str, Any] | None:
    """Return an answer's body when it is one of Slack's, else None. Raises UnreadableAnswer."""
    body = answer.json()
    return body if isinstance(body, dict) and isinstance(body.get("ok"), bool) else None


def sentence(method: str, body: dict[str, Any]) -> str:
    """Return Slack's error as a sentence with what to do."""
    code = quoted(body.get("error") or "no reason")
    needed = f" It needs {quoted(body['needed'])}." if body.get("needed") else ""
    return f"Slack refused {method}: {code}.{needed} {ADVICE.get(code, '')}".strip()
