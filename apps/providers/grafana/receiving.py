"""How Grafana signs its notifications: an HMAC of the body, or of a time and the body, or a bearer token alone.

Source: grafana/alerting http/hmac.go (constants, not comments): hex without a prefix, `<seconds>:` before the body
where a header for the time is configured. Versions before that send what the contact point's authorization says.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from apps.providers.alert_groups import group_of
from apps.providers.hooks import SharedSecretHook, StampedHook

STAMP = "X-Grafana-Alerting-Timestamp"
BEARER = SharedSecretHook()


@dataclass(frozen=True)
class GrafanaHook(StampedHook):
    """Notifications that are signed with or without a time, or carry the secret where they are not signed."""

    header: str = "X-Grafana-Alerting-Signature"
    algorithm: str = "sha256"
    identity: tuple[str, ...] = ()
    event: tuple[str, ...] = ("status",)
    stamp_header: str = STAMP

    def accepts(self, headers: Mapping[str, str], body: bytes, secret: str, now: float) -> bool:
        """Say whether these bytes come from whoever knows the secret; a time that is there must be signed and now.

        A body that begins with a time is none: it would be a notification whose time somebody has moved into it.
        """
        if not headers.get(self.header):
            return BEARER.accepts(headers, body, secret, now)
        if headers.get(self.stamp_header):
            return super().accepts(headers, body, secret, now)
        return not re.match(rb"\s*[0-9]+:", body) and self.signs(headers.get(self.header, ""), body, secret)

    def identity_of(self, headers: Mapping[str, str], told: Mapping[str, Any]) -> Any:
        """Return what the notification says of its alerts."""
        return group_of(told)
