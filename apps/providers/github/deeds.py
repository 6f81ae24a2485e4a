"""What every deed at GitHub is made of: a look, a change, and how reads before a change may fail."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from apps.providers.base import Access, Call, Observation, Outcome, ProviderError, Sending, Verification
from apps.providers.calling import Denied
from apps.providers.http import NotSent

Looks = Callable[[Access, Call, Sending | None], Observation]
Changes = Callable[[Access, Call, Sending], Outcome]
Judges = Callable[[Access, Call, Sending, Observation], Verification]
T = TypeVar("T")


class Unready(Exception):
    """What has to be known before the change could not be read just now; nothing was sent."""


@dataclass(frozen=True)
class Deed:
    """How one action is looked at, made, and (where a look alone does not say it) proven."""

    observe: Looks
    apply: Changes
    verify: Judges | None = None


def prepared(read: Callable[[], T]) -> T:
    """Return what has to be read before a change. Raises Unready for what may pass, Denied or NotSent for the rest."""
    try:
        return read()
    except (NotSent, Denied):
        raise
    except ProviderError as error:
        raise Unready(f"{error} Nothing was sent.") from error
