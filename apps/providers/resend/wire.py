"""How Resend's API is spoken. Sources: resend/resend-openapi, resend.com/docs/api-reference (errors, rate-limit)."""

from __future__ import annotations

from typing import Any

from apps.providers.base import Access, ProviderError
from apps.providers.calling import Api, credential
from apps.providers.endings import dig, quoted
from apps.providers.http import Answer

BATCH = "/emails/batch"
MOST_ADDRESSES = 100  # mails in one batch
LONGEST_KEY = 256  # characters of an idempotency key
RESTRICTED = "restricted_api_key"  # what a key that may only send gets for every other question

API = Api(
    "Resend",
    "https://api.resend.com",
    lambda access: {"Authorization": f"Bearer {credential(access, 'api_key', 'Resend')}"},
)


def name_of(answer: Answer) -> str:
    """Return the name of Resend's error, or an empty text for an answer that has none."""
    try:
        return quoted(dig(answer.json(), "name"))
    except ProviderError:
        return ""


def domains(access: Access) -> tuple[Answer, dict[str, str] | None]:
    """Return Resend's answer and the status of each sending domain by name; None when the key may only send.

    Raises ProviderError.
    """
    answer = API.read(access, "/domains", {"limit": 100})
    if answer.status in (401, 403) and name_of(answer) == RESTRICTED:
        return answer, None
    listed: Any = dig(answer.json(), "data") if answer.ok else None
    if not isinstance(listed, list):
        raise API.unreadable(access, answer, "The list of sending domains")
    return answer, {str(dig(one, "name")).lower(): quoted(dig(one, "status")) for one in listed}
