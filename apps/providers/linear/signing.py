"""How Linear signs its webhooks: an HMAC of the raw body, which itself says when it was sent.

Source: linear/linear packages/sdk/src/webhooks/client.ts (signature in hex, one minute). The header linear-timestamp
is not signed, so a body without its own time is not believed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from apps.providers.endings import dig
from apps.providers.hooks import Hook

FRESH_SECONDS = 60


@dataclass(frozen=True)
class LinearHook(Hook):
    """Deliveries whose signed body holds the time in `webhookTimestamp`, in milliseconds."""

    def accepts(self, headers: Mapping[str, str], body: bytes, secret: str, now: float) -> bool:
        """Say whether the bytes are signed, and were sent within the last minute. The signature is judged first."""
        return super().accepts(headers, body, secret, now) and is_fresh(body, now)


def is_fresh(body: bytes, now: float) -> bool:
    """Say whether a body was sent within a minute of `now` (epoch in seconds)."""
    try:
        sent = dig(json.loads(body), "webhookTimestamp")
    except (ValueError, RecursionError):
        return False
    number = isinstance(sent, int | float) and not isinstance(sent, bool)
    return number and abs(now - sent / 1000) <= FRESH_SECONDS
