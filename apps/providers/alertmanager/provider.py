"""Alertmanager: takes in its alerts, and looks whether it answers."""

from __future__ import annotations

from apps.providers.alertmanager import checking
from apps.providers.alertmanager.receiving import AlertmanagerHook
from apps.providers.base import Access, Field, Finding
from apps.providers.examining import ReadsOnly
from apps.providers.hooks import WEBHOOK_SECRET


class Alertmanager(ReadsOnly):
    """One Alertmanager that sends its notifications here."""

    slug = "alertmanager"
    name = "Alertmanager"
    credentials = (
        Field(
            "token", "Bearer token", required=False, help="For a proxy that asks for one, to look whether it answers."
        ),
        WEBHOOK_SECRET,
    )
    hook = AlertmanagerHook(event=("status",))
    address_required = False  # one that cannot be reached from here can send all the same
    roles = ("metrics",)
    support = "https://prometheus.io/community/"

    def check(self, access: Access) -> list[Finding]:
        """Look whether it answers; change nothing."""
        return checking.findings(access)
