"""The playbooks that come with the product, one file each in `playbooks/`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from apps.playbooks.definition import Definition
from apps.playbooks.parsing import parse

FOLDER = Path(__file__).resolve().parents[2] / "playbooks"


@dataclass(frozen=True)
class Shipped:
    """One file: the text people read, comments included, and what it says."""

    text: str
    definition: Definition

    def fits(self, organisation: str, services: frozenset[str], connected: frozenset[str]) -> bool:
        """Say whether it can run in an environment of the organisation (by slug).

        `services` holds the slugs of the services whose environment is asked about, `connected` the
        connection roles that environment has.
        """
        limits = self.definition.fits
        here = not limits.organisations or organisation in limits.organisations
        for_us = not limits.services or not services.isdisjoint(limits.services)
        return here and for_us and self.definition.roles_used <= connected


@cache
def shipped() -> tuple[Shipped, ...]:
    """Return all shipped playbooks by file name. Raises Invalid where one cannot be read."""
    texts = (path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.yaml")))
    return tuple(Shipped(text, parse(text)) for text in texts)
