"""Open a connection for use: the one place where sealed credentials are opened."""

from __future__ import annotations

from apps.providers import sealing
from apps.providers.base import Access
from apps.providers.models import Connection


def context_of(connection: Connection) -> str:
    """Return what the seal of this connection is bound to, so that a sealed text fits no other row."""
    return f"connection:{connection.pk}"


def access(connection: Connection) -> Access:
    """Return how to reach the account: its address, settings and opened credentials.

    Raises sealing.SealBroken or sealing.KeysMissing, both with a sentence for people.
    """
    sealed = connection.sealed_credentials
    opened = sealing.open_sealed(sealed, context_of(connection)) if sealed else {}
    return Access(connection.base_url, connection.settings, opened, connection.name)
