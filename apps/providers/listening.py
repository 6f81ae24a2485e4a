"""What a provider can also do that tells us things over a line which we open: for installations nobody can reach."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, runtime_checkable

from apps.providers.base import Access

Take = Callable[[bytes], None]  # keeps and counts one delivery; what it raises means that it was not taken
Going = Callable[[], bool]  # whether to go on


@runtime_checkable
class Listening(Protocol):
    """Optional ability; ask with `isinstance(provider, Listening)`."""

    def has_line(self, access: Access) -> bool:
        """Say whether this connection is set up for it."""

    def listen(self, access: Access, take: Take, going: Going) -> None:
        """Hold one line open until it ends or `going` says no more; acknowledge only what was taken.

        Raises ProviderError where the line cannot be had or breaks.
        """
