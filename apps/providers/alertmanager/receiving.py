"""How Alertmanager says who it is: a bearer token in its receiver's `http_config`, since it signs nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from apps.providers.alert_groups import group_of
from apps.providers.hooks import SharedSecretHook


@dataclass(frozen=True)
class AlertmanagerHook(SharedSecretHook):
    """Notifications with a bearer token. One that is repeated tells no news."""

    def identity_of(self, headers: Mapping[str, str], told: Mapping[str, Any]) -> Any:
        """Return what the notification says of its alerts; who sends it has shown the secret."""
        return group_of(told)
