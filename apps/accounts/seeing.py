"""What somebody sees: rows of their organisation, and of these only what is in the services they may see.

The one place that leaves things out: `programs.find`, `refer` and `page` ask it for programs and pages, and every
queryset's `visible_to` for the rest. What is left out looks exactly like what does not exist.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import Model, Q, QuerySet

from apps.accounts.models import Grant, Person
from apps.accounts.permissions import places_with, rights_of
from apps.accounts.places import ENVIRONMENT, SERVICE, WHOLE, Place, place_of
from apps.accounts.rights import SEE, SEE_INTERNAL
from apps.timeline.log import SYSTEM

Rows = TypeVar("Rows", bound=QuerySet[Any])
Ids = frozenset[UUID]
NOWHERE: Ids = frozenset()


@dataclass(frozen=True)
class Sight:
    """What one person sees: everything, or some services, and some environments of the services `around` them."""

    everything: bool = False
    services: Ids = NOWHERE
    environments: Ids = NOWHERE
    around: Ids = NOWHERE

    @property
    def key(self) -> str:
        """A text that two people share who see the same, so that one rendering serves both; `sight_from` reads it."""
        parts = (self.services, self.environments, self.around)
        return "" if self.everything else ";".join(",".join(sorted(str(one) for one in each)) for each in parts)

    def holds(self, place: Place) -> bool:
        """Return whether a place is seen; what is in no place is."""
        if self.everything or not place:
            return True
        if place.environment is None:
            return place.service in self.services | self.around
        return place.service in self.services or place.environment in self.environments


EVERYTHING = Sight(everything=True)


def sight_of(person: Any, right: str = SEE) -> Sight:
    """Return what a Person, a Service or SYSTEM sees, or where they have `right`. At most one query beside `may`'s."""
    if person is SYSTEM or right in rights_of(person):
        return EVERYTHING
    if not isinstance(person, Person):
        return Sight()
    kept = person.__dict__.setdefault("_sight", {})
    if right not in kept:
        services, environments = (frozenset(UUID(key) for key in keys) for keys in places_with(person, right))
        kept[right] = Sight(False, services, environments, _around(environments))
    return kept[right]


def inside_of(person: Any) -> Sight:
    """Return what a person sees from the inside: what they see, where they may read internal notes as well."""
    sight, inside = sight_of(person), sight_of(person, SEE_INTERNAL)
    if sight.everything or inside.everything:
        return inside if sight.everything else sight
    environments = sight.environments & inside.environments
    return Sight(False, sight.services & inside.services, environments, _around(environments))


def sight_from(key: str) -> Sight:
    """Return the sight that was written as `Sight.key`."""
    if not key:
        return EVERYTHING
    return Sight(False, *(frozenset(UUID(one) for one in each.split(",") if one) for each in key.split(";")))


def seen_by(rows: Rows, person: Any) -> Rows:
    """Return the rows of the person's organisation that they see."""
    return within(rows.filter(organisation_id=person.organisation_id), sight_of(person))


def within(rows: Rows, sight: Sight) -> Rows:
    """Leave out what is in a service beyond `sight`; rows that are in no service stay."""
    return rows if sight.everything else rows.filter(_condition(rows.model, sight))


def sees(person: Any, thing: Any) -> bool:
    """Return whether `person` sees `thing`, a row of their organisation that may be in a service."""
    return sight_of(person).holds(place_of(thing))


def _around(environments: Ids) -> Ids:
    """Return the services of these environments: their names are seen, their other environments are not."""
    if not environments:
        return NOWHERE
    rows = Grant.objects.filter(environment__in=environments)
    return frozenset(rows.values_list("environment__service_id", flat=True))


def _condition(model: type[Model], sight: Sight, path: str = "") -> Q:
    """Return what must hold of a row of `model`, reached by `path`, for it to be within sight."""
    names = {field.name for field in model._meta.local_fields}
    if model._meta.label_lower == SERVICE:
        return Q(**{f"{path}pk__in": sight.services | sight.around})
    if model._meta.label_lower == ENVIRONMENT:
        return Q(**{f"{path}service__in": sight.services}) | Q(**{f"{path}pk__in": sight.environments})
    own: list[str] = [name for name in ("service", "environment") if name in names]
    seen, nowhere = _in_place(own, sight, path), Q(**{f"{path}{name}__isnull": True for name in own})
    of_the_whole = _of_the_whole(model, [name for name in WHOLE if name in names], sight, path)
    return seen | (nowhere & of_the_whole) if own else of_the_whole


def _of_the_whole(model: type[Model], parts: list[str], sight: Sight, path: str) -> Q:
    """Return what must hold of what a row is part of: of the first that is there, and of nothing where none is."""
    if not parts:
        return Q()
    first, rest = f"{path}{parts[0]}", parts[1:]
    field: Any = model._meta.get_field(parts[0])
    there = _condition(field.remote_field.model, sight, f"{first}__")
    if not field.null:
        return there
    here, absent = Q(**{f"{first}__isnull": False}), Q(**{f"{first}__isnull": True})
    return (here & there) | (absent & _of_the_whole(model, rest, sight, path))


def _in_place(own: list[str], sight: Sight, path: str) -> Q:
    if own == ["environment"]:
        within_service = Q(**{f"{path}environment__service__in": sight.services})
        return within_service | Q(**{f"{path}environment__in": sight.environments})
    if own == ["service"]:
        return Q(**{f"{path}service__in": sight.services | sight.around})
    if not own:
        return Q()
    whole = Q(**{f"{path}service__in": sight.services}) | Q(**{f"{path}environment__in": sight.environments})
    return whole | Q(**{f"{path}environment__isnull": True, f"{path}service__in": sight.around})
