"""Grafana: takes in the notifications of its alerting, and looks whether it answers."""

from __future__ import annotations

from apps.providers.base import Access, Finding
from apps.providers.examining import ReadsOnly
from apps.providers.grafana import checking
from apps.providers.grafana.receiving import GrafanaHook
from apps.providers.hooks import WEBHOOK_SECRET


class Grafana(ReadsOnly):
    """One Grafana that sends its notifications here."""

    slug = "grafana"
    name = "Grafana"
    credentials = (WEBHOOK_SECRET,)
    hook = GrafanaHook()
    address_required = False  # one that cannot be reached from here can send all the same
    roles = ("metrics",)
    support = "https://grafana.com/help/"

    def check(self, access: Access) -> list[Finding]:
        """Look whether it answers; change nothing."""
        return checking.findings(access)
