"""How Clerk's Backend API is spoken. Sources: clerk/openapi-specs (bapi/2026-05-12), Clerk's page on rate limits."""

from __future__ import annotations

from typing import Any

from apps.providers.base import Access, ProviderError
from apps.providers.calling import Api, credential
from apps.providers.endings import dig, quoted
from apps.providers.http import Answer
from apps.providers.redaction import redact, secrets_in

PREFIXES = {"sk_live_": "production", "sk_test_": "development"}


class ClerkApi(Api):
    """Clerk's errors stand in a list, each with a short and a long text."""

    def said(self, access: Access, answer: Answer) -> str:
        """Return Clerk's own error text, redacted and short, or an empty text."""
        try:
            first = dig(answer.json(), "errors", 0)
        except ProviderError:
            return ""
        text = dig(first, "long_message") or dig(first, "message") or ""
        return quoted(redact(str(text), secrets_in(access.credentials)))


API = ClerkApi(
    "Clerk",
    "https://api.clerk.com",
    lambda access: {"Authorization": f"Bearer {credential(access, 'secret_key', 'Clerk')}"},
)


def ask(access: Access, path: str, what: str) -> Any:
    """Return the body of an address below `/v1`. Raises ProviderError."""
    answer = API.read(access, f"/v1{path}")
    if not answer.ok:
        raise API.unreadable(access, answer, what)
    return answer.json()


def count(access: Access) -> int:
    """Return how many users there are. Raises ProviderError."""
    found = dig(ask(access, "/users/count", "The number of users"), "total_count")
    if not isinstance(found, int) or isinstance(found, bool):
        raise ProviderError("Clerk answered with something that is not a number of users.")
    return found


def instance_of(access: Access) -> str:
    """Return whether the key is one for production or development, or an empty text for neither."""
    key = str(access.credentials.get("secret_key") or "").strip()
    return next((name for prefix, name in PREFIXES.items() if key.startswith(prefix)), "")
