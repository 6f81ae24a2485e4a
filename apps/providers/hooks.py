"""How a provider signs what it sends by itself, and where such a delivery says which one it is. Data, as declared."""

from __future__ import annotations

import hmac
from dataclasses import dataclass

from apps.providers.declaring import Field

WEBHOOK_SECRET = Field(
    "webhook_secret",
    "Webhook secret",
    required=False,
    help="Of a webhook at the provider that sends to this connection's webhook address.",
)


@dataclass(frozen=True)
class Hook:
    """A provider's deliveries. `identity` and `event` are paths into the signed body: only what is signed counts."""

    header: str  # that carries one signature, or several between commas
    algorithm: str  # sha1 or sha256, always as an HMAC over the raw bytes, in lowercase hex
    identity: tuple[str, ...]
    event: tuple[str, ...]
    prefix: str = ""  # stands before the hex

    def signs(self, given: str, body: bytes, secret: str) -> bool:
        """Say whether one of the signatures in the header's text is ours for these bytes. Nothing is signed by ""."""
        expected = self.prefix + hmac.new(secret.encode(), body, self.algorithm).hexdigest()
        each = [signature.strip().encode("utf-8", "replace") for signature in given.split(",")]
        fits = [hmac.compare_digest(expected.encode(), signature) for signature in each]
        return bool(secret) and any(fits)
