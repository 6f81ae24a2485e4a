"""How a provider signs what it sends by itself, and where a delivery says which one it is. Data, as declared.

Whatever the way, the signature is over the raw bytes, is compared in constant time, and an empty secret signs nothing.
Only what is signed counts: an identity or a time that anybody could change is not believed.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from apps.providers.declaring import Field

STALE_SECONDS = 300  # a signed time older or newer than this is a replay (Slack, Svix: five minutes)
WEBHOOK_SECRET = Field(
    "webhook_secret",
    "Webhook secret",
    required=False,
    help="Of a webhook at the provider that sends to this connection's webhook address.",
)


@dataclass(frozen=True)
class Hook:
    """Deliveries signed as an HMAC of the body in lowercase hex. `identity` and `event` are paths into the body.

    Without an identity in the body a delivery is known by its bytes. `event_header` names a header that is not signed
    and is used as a label only. `secret` names the credential that signs.
    """

    header: str  # that carries one signature, or several between commas
    algorithm: str  # sha1 or sha256
    identity: tuple[str, ...]
    event: tuple[str, ...]
    prefix: str = ""  # stands before the hex
    event_header: str = ""
    secret: str = WEBHOOK_SECRET.name

    def is_courtesy(self, body: bytes) -> bool:
        """Say whether this is a mere look at us: unsigned, answered with nothing, and nothing is done about it."""
        return False

    def read(self, headers: Mapping[str, str], body: bytes) -> Any:
        """Return what a signed body says. Raises ValueError or RecursionError for one that is not what it should be."""
        return read_json(body)

    def reply(self, told: Mapping[str, Any]) -> str | None:
        """Return the JSON (or nothing: an empty text) that the sender wants back; None where it does not mind."""
        return None

    def accepts(self, headers: Mapping[str, str], body: bytes, secret: str, now: float) -> bool:
        """Say whether these bytes come from whoever knows the secret. `now` is the epoch in seconds."""
        return self.signs(headers.get(self.header, ""), body, secret)

    def signs(self, given: str, body: bytes, secret: str) -> bool:
        """Say whether one of the signatures in the header's text is ours for these bytes. Nothing is signed by ""."""
        expected = self.prefix + hmac.new(secret.encode(), body, self.algorithm).hexdigest()
        fits = [_same(expected, signature.strip()) for signature in given.split(",")]
        return bool(secret) and any(fits)

    def identity_of(self, headers: Mapping[str, str], told: Mapping[str, Any]) -> Any:
        """Return what the delivery says it is; None when it does not say."""
        return at_path(told, self.identity)

    def event_of(self, headers: Mapping[str, str], told: Mapping[str, Any]) -> Any:
        """Return which kind of event it is, for people; None when it does not say."""
        return at_path(told, self.event) if self.event else headers.get(self.event_header)


@dataclass(frozen=True)
class StampedHook(Hook):
    """An HMAC of a signed time and the body: Slack's `v0:<time>:<body>`. The time must be of the last five minutes."""

    stamp_header: str = ""
    before: str = "{stamp}:"  # what is signed before the body

    def accepts(self, headers: Mapping[str, str], body: bytes, secret: str, now: float) -> bool:
        """Say whether time and bytes are signed, and the time is now."""
        stamp = headers.get(self.stamp_header, "")
        signed = self.before.format(stamp=stamp).encode("utf-8", "replace") + body
        return self.signs(headers.get(self.header, ""), signed, secret) and is_fresh(stamp, now)


@dataclass(frozen=True)
class SvixHook(Hook):
    """Deliveries by Svix (Resend, Clerk): base64 signatures over `<id>.<time>.<body>`, the secret behind `whsec_`."""

    header: str = "svix-signature"
    algorithm: str = "sha256"
    identity: tuple[str, ...] = ()
    event: tuple[str, ...] = ("type",)

    def accepts(self, headers: Mapping[str, str], body: bytes, secret: str, now: float) -> bool:
        """Say whether id, time and bytes are signed by one of the signatures between spaces, and the time is now."""
        name, stamp = headers.get("svix-id", ""), headers.get("svix-timestamp", "")
        try:
            key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
        except (binascii.Error, ValueError):
            key = b""
        signed = f"{name}.{stamp}.".encode("utf-8", "replace") + body
        expected = "v1," + base64.b64encode(hmac.new(key, signed, self.algorithm).digest()).decode()
        fits = [_same(expected, given) for given in headers.get(self.header, "").split(" ")]
        return bool(key) and any(fits) and is_fresh(stamp, now)

    def identity_of(self, headers: Mapping[str, str], told: Mapping[str, Any]) -> Any:
        """Return the signed id of the delivery."""
        return headers.get("svix-id")


@dataclass(frozen=True)
class SharedSecretHook(Hook):
    """Deliveries that are not signed but carry a secret in a header, as Alertmanager's bearer token."""

    header: str = "Authorization"
    algorithm: str = ""
    identity: tuple[str, ...] = ()
    event: tuple[str, ...] = ()
    prefix: str = "Bearer "

    def signs(self, given: str, body: bytes, secret: str) -> bool:
        """Say whether the header holds the secret."""
        return _same(self.prefix + secret, given) and bool(secret)


def is_fresh(stamp: str, now: float) -> bool:
    """Say whether a signed time (epoch seconds as text) is of the last five minutes, and not of the next."""
    return bool(re.fullmatch(r"[0-9]{1,12}", stamp)) and abs(now - int(stamp)) <= STALE_SECONDS


def read_json(body: bytes | str) -> Any:
    """Return the parsed text, strictly: NaN and its like are no JSON. Raises ValueError or RecursionError."""
    return json.loads(body, parse_constant=_refuse)


def at_path(told: Any, path: tuple[str, ...]) -> Any:
    """Return what lies at `path` inside a parsed object, None for an empty path or one that ends early."""
    for name in path:
        told = told.get(name) if isinstance(told, Mapping) else None
    return told if path else None


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON.")


def _same(expected: str, given: str) -> bool:
    return hmac.compare_digest(expected.encode(), given.encode("utf-8", "replace"))
