"""What the connected providers can do, as data that the linter and the editor read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

from apps.providers.base import Action, Provider
from apps.providers.registry import providers


@dataclass(frozen=True)
class Offer:
    """One provider that has the action a playbook names."""

    provider: str
    name: str
    action: Action


@dataclass(frozen=True)
class Catalogue:
    """Every action by connection role, and the roles that people can hold here.

    What is empty is not known, and nothing is found wrong with it.
    """

    offers_by_use: tuple[tuple[str, tuple[Offer, ...]], ...] = ()
    people_roles: frozenset[str] = frozenset()

    def offers(self, use: str) -> tuple[Offer, ...]:
        """Return the providers that can do `<role>.<action>`."""
        return dict(self.offers_by_use).get(use, ())

    def uses(self) -> Iterator[str]:
        """Yield every known `<role>.<action>`."""
        return (use for use, _ in self.offers_by_use)


def catalogue_of(providers: Iterable[Provider]) -> Catalogue:
    """Return the catalogue of these providers, sorted by use."""
    found: dict[str, list[Offer]] = {}
    for provider in providers:
        for role in provider.roles:
            for action in provider.actions:
                offer = Offer(provider.slug, provider.name, action)
                found.setdefault(f"{role}.{action.name}", []).append(offer)
    return Catalogue(tuple((use, tuple(offers)) for use, offers in sorted(found.items())))


@cache
def installed() -> Catalogue:
    """Return the catalogue of the providers that this installation has."""
    return catalogue_of(providers())
