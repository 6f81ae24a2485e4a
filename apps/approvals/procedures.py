"""Which procedures there are, as rules and previews see them. The app that has them says so at its start."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from apps.approvals.ruling import Own


@dataclass(frozen=True)
class Procedure:
    """Something that can be proposed: what it says itself at each severity, and what it does at worst."""

    slug: str
    name: str
    own: Callable[[str], Own]
    impacts: frozenset[str]


Known = Callable[[Any], list[Procedure]]
_known: list[Known] = []


def procedures_come_from(known: Known) -> None:
    """Register who knows the procedures of an organisation, given by its key. Called once, from an app's ready()."""
    _known[:] = [known]


def procedures_of(organisation_id: Any) -> list[Procedure]:
    """Return the procedures that can be proposed in an organisation, by name."""
    return [procedure for known in _known for procedure in known(organisation_id)]
