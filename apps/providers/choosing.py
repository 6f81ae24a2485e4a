"""Everything that can be connected, in the order in which somebody looks for it."""

from __future__ import annotations

from dataclasses import dataclass

from apps.providers import registry
from apps.providers.base import Provider

ANYTHING = "Anything else"
MANY = 3  # whoever fills more roles than this is for no one thing
TITLES = {"flags": "Feature flags", "status": "Status page", "identity": "Users and sign-in"}


@dataclass(frozen=True)
class Shelf:
    """Providers of one kind, under a heading."""

    title: str
    providers: tuple[Provider, ...]


def shelves(wanted: str = "") -> list[Shelf]:
    """Return what can be connected, by what it is for; with `wanted` only what has each of its words somewhere."""
    words = wanted.casefold().split()
    found: dict[str, list[Provider]] = {}
    for provider in registry.providers():
        if all(word in _said(provider) for word in words):
            found.setdefault(_title(provider), []).append(provider)
    anything = found.pop(ANYTHING, [])
    ordered = [Shelf(title, tuple(sorted(them, key=lambda one: one.name))) for title, them in found.items()]
    return [*ordered, Shelf(ANYTHING, tuple(anything))] if anything else ordered


def _title(provider: Provider) -> str:
    if len(provider.roles) > MANY:
        return ANYTHING
    role = provider.roles[0] if provider.roles else ANYTHING
    return TITLES.get(role, role.capitalize())


def _said(provider: Provider) -> str:
    titles = [action.title for action in provider.actions] + [check.title for check in provider.checks]
    return " ".join([provider.slug, provider.name, *provider.roles, *titles]).casefold()
