"""What a provider that serves releases can also tell: its deployments, what is live, and whether production
is pinned.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, runtime_checkable

from apps.providers.base import Access


@dataclass(frozen=True)
class HostedDeployment:
    """One deployment as the provider lists it. `served_production`: it has had production traffic."""

    reference: str
    created_at: datetime | None
    ready: bool
    served_production: bool
    url: str = ""
    commit: str = ""
    branch: str = ""
    message: str = ""
    author: str = ""
    page: str = ""


@dataclass(frozen=True)
class Live:
    """Which deployment production serves: `reference` is empty while the addresses disagree or nothing is
    known.

    `addresses` maps each production address to the deployment it points to; `source` says in words how it was
    found.
    """

    reference: str
    source: str
    addresses: Mapping[str, str] = field(default_factory=dict)
    moving_to: str = ""


@dataclass(frozen=True)
class Pinned:
    """Production was rolled back and no longer follows new releases until somebody promotes one."""

    reference: str
    since: datetime | None
    reason: str = ""


@runtime_checkable
class Hosting(Protocol):
    """Optional ability; ask with `isinstance(provider, Hosting)`. All three only read and raise
    ProviderError.
    """

    def deployments(self, access: Access) -> Sequence[HostedDeployment]:
        """Return production deployments that were built, newest first."""

    def live(self, access: Access) -> Live:
        """Return what production serves now."""

    def pinned(self, access: Access) -> Pinned | None:
        """Return how production is pinned, or None."""
