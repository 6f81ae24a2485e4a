"""What the connected providers can do, as data that the linter and the editor read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import TypeVar

from apps.providers.base import Action, Check, Provider
from apps.providers.registry import providers

T = TypeVar("T")


@dataclass(frozen=True)
class Offer:
    """One provider that has the action a playbook names; `tells_loss` where it says itself what would be lost."""

    provider: str
    name: str
    action: Action
    tells_loss: bool = False


@dataclass(frozen=True)
class Question:
    """One provider that has the check a playbook names."""

    provider: Provider
    check: Check


@dataclass(frozen=True)
class Catalogue:
    """Every action and check by connection role, and the roles that people can hold here.

    What is empty is not known, and nothing is found wrong with it.
    """

    offers_by_use: tuple[tuple[str, tuple[Offer, ...]], ...] = ()
    people_roles: frozenset[str] = frozenset()
    questions_by_use: tuple[tuple[str, tuple[Question, ...]], ...] = ()

    def offers(self, use: str) -> tuple[Offer, ...]:
        """Return the providers that can do `<role>.<action>`."""
        return dict(self.offers_by_use).get(use, ())

    def questions(self, use: str) -> tuple[Question, ...]:
        """Return the providers that can be asked the check `<role>.<check>`."""
        return dict(self.questions_by_use).get(use, ())

    def uses(self) -> Iterator[str]:
        """Yield every known `<role>.<action>`."""
        return (use for use, _ in self.offers_by_use)


def catalogue_of(providers: Iterable[Provider]) -> Catalogue:
    """Return the catalogue of these providers, sorted by use."""
    found: dict[str, list[Offer]] = {}
    asked: dict[str, list[Question]] = {}
    for provider in providers:
        for role in provider.roles:
            for check in provider.checks:
                asked.setdefault(f"{role}.{check.name}", []).append(Question(provider, check))
            for action in provider.actions:
                offer = Offer(provider.slug, provider.name, action, type(provider).airlock is not Provider.airlock)
                found.setdefault(f"{role}.{action.name}", []).append(offer)
    return Catalogue(_by_use(found), questions_by_use=_by_use(asked))


def _by_use(found: dict[str, list[T]]) -> tuple[tuple[str, tuple[T, ...]], ...]:
    return tuple((use, tuple(offers)) for use, offers in sorted(found.items()))


@cache
def installed() -> Catalogue:
    """Return the catalogue of the providers that this installation has."""
    return catalogue_of(providers())
