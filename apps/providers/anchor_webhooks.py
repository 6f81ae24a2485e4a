"""Posts anchors of the record to the addresses in ANCHOR_WEBHOOKS, under the same rules as every other request."""

from __future__ import annotations

from urllib.parse import urlsplit

from apps.providers import http
from apps.providers.base import ProviderError
from apps.timeline import handing_on

LIMITS = http.Limits(total_seconds=10, max_bytes=65536, cut=True)


def hand_on_anchors() -> int:
    """Send every webhook the anchors that it has not taken yet; returns how many were taken."""
    return handing_on.hand_on(_post)


def _post(url: str, line: bytes) -> None:
    """Post one anchor. Raises NotTaken unless the answer is 2xx; the sentence names the host alone."""
    parts = urlsplit(url)
    name = f"Webhook {parts.hostname}"
    secrets = tuple(word for word in (parts.path, parts.query) if len(word) > 1)
    headers = {"Content-Type": "application/json"}
    try:
        answer = http.send(http.Request(name, "POST", url, headers, line, secrets, shown="anchor"), LIMITS)
    except ProviderError as error:
        raise handing_on.NotTaken(str(error)) from None
    if not answer.ok:
        raise handing_on.NotTaken(f"{name} answered {answer.status}.")
