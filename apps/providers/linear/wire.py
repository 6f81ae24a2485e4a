"""How Linear is spoken: one GraphQL address, errors in the body whatever the status, two ways to sign in.

Sources: linear/linear packages/sdk (client.ts, error.ts, schema.graphql).
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from apps.providers.base import Access, ProviderError, Sending
from apps.providers.calling import Api, Denied, credential
from apps.providers.endings import dig, quoted, retry_after_seconds
from apps.providers.http import Answer
from apps.providers.redaction import redact, secrets_in

RATE_LIMITED = "ratelimited"
# Kinds of errors of which Linear says that it did nothing; all others leave it open (LinearErrorType of the SDK).
DEFINITIVE = frozenset(
    {
        "authentication error",
        "feature not accessible",
        "forbidden",
        "graphql error",
        "invalid input",
        "usage limit exceeded",
        "user error",
    }
)
NOT_FOUND = re.compile(r"not found|could not find|does not exist", re.IGNORECASE)
BUDGETS = ("requests", "complexity", "endpoint-requests")


def authorization(access: Access) -> str:
    """Return the header's text: a personal API key stands alone, an OAuth token after “Bearer”."""
    token = credential(access, "token", "Linear")
    bare = token.removeprefix("Bearer ").strip()
    chosen = access.settings.get("sign_in", "")
    oauth = chosen == "OAuth token" or (not chosen and (bare != token or bare.startswith("lin_oauth_")))
    return f"Bearer {bare}" if oauth else bare


API = Api("Linear", "https://api.linear.app", lambda access: {"Authorization": authorization(access)})


@dataclass(frozen=True)
class Refusal:
    """What Linear says instead of doing: the kind of its first error and its words, already redacted."""

    kind: str
    words: str


def refusal(access: Access, answer: Answer) -> Refusal | None:
    """Return the first error of an answer, or None where there is none. The type counts before the status."""
    try:
        errors = dig(answer.json(), "errors")
    except ProviderError:
        return None
    first = dig(errors, 0)
    if not isinstance(first, dict):
        return None
    code = str(dig(first, "extensions", "code") or "").lower().replace("_", " ")
    kind = str(dig(first, "extensions", "type") or "").lower() or code or "unknown"
    kind = RATE_LIMITED if RATE_LIMITED in (kind, code) else kind
    words = dig(first, "extensions", "userPresentableMessage") or dig(first, "message") or kind
    return Refusal(kind, quoted(redact(str(words), secrets_in(access.credentials))))


def wait_seconds(answer: Answer, now: float | None = None) -> float | None:
    """Return how long an exhausted budget asks to wait; its reset is a time in seconds or milliseconds."""
    headers = answer.headers
    for budget in BUDGETS:
        if "retry-after" not in headers and headers.get(f"x-ratelimit-{budget}-remaining") == "0":
            return retry_after_seconds({"x-ratelimit-reset": headers.get(f"x-ratelimit-{budget}-reset", "")}, now)
    return retry_after_seconds({"retry-after": headers.get("retry-after", "")}, now)


def ask(access: Access, query: str, variables: Mapping[str, Any] | None = None, what: str = "") -> Any:
    """Return the data of a query. Raises ProviderError (Denied for a definitive no)."""
    answer = API.read(access, "/graphql", method="POST", body={"query": query, "variables": dict(variables or {})})
    if found := refusal(access, answer):
        text = f"{what or 'Linear'} could not be read. Linear says: “{found.words}” ({found.kind})."
        missing = NOT_FOUND.search(found.words)
        raise (Denied if missing or found.kind in DEFINITIVE else ProviderError)(text)
    if not answer.ok:
        raise API.unreadable(access, answer, what or "Linear")
    data = dig(answer.json(), "data")
    if not isinstance(data, dict):
        raise ProviderError("Linear answered with something that is not the data that was asked for.")
    return data


def tell(access: Access, sending: Sending, query: str, variables: Mapping[str, Any]) -> Answer:
    """Send one mutation and return the answer. Raises NotSent or Lost."""
    return API.change(access, sending, "POST", "/graphql", body={"query": query, "variables": dict(variables)})


def made_id(sending: Sending) -> str:
    """Return the UUID v4 that all attempts of a step give to what they make: Linear makes it once."""
    return str(uuid.UUID(bytes=sha256(sending.idempotency_key.encode()).digest()[:16], version=4))
