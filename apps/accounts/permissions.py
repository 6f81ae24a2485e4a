"""Answers, with a reason, whether somebody may do something in their organisation. Reads only."""

from __future__ import annotations

from typing import Any

from guardian.core import ObjectPermissionChecker

from apps.accounts.models import Organisation, Person, Role
from apps.accounts.rights import DEEDS, EVERY
from apps.timeline.answers import YES, Answer, no
from apps.timeline.log import SYSTEM


def may(person: Any, right: str, thing: Any = None) -> Answer:
    """Return whether `person` (a Person, a Service or SYSTEM) has `right`, and if `thing` is theirs to touch.

    Costs at most two queries for each person object, however often it is asked; a refusal costs one more,
    because it names the roles that could. Raises KeyError for a right that does not exist.
    """
    deed = DEEDS[right]
    if person is SYSTEM:
        return YES
    if person is None:
        return no("Sign in first.")
    if not person.active:
        return no(f"{person.name} has been deactivated and can no longer {deed}.")
    if thing is not None and _organisation_of(thing) != person.organisation_id:
        return no("It belongs to another organisation.")
    if right in rights_of(person):
        return YES
    return no(_who_could(person, right, deed))


def rights_of(person: Any) -> frozenset[str]:
    """Return every right of a Person or Service. Kept on the object, which lives as long as its request."""
    if not isinstance(person, Person):
        return frozenset(person.rights)
    if "_rights" not in person.__dict__:
        person.__dict__["_rights"] = _granted(person)
    return person.__dict__["_rights"]


def forget_rights(person: Person) -> None:
    """Ask the database again next time: the person's roles have just changed."""
    person.__dict__.pop("_rights", None)


def _granted(person: Person) -> frozenset[str]:
    if person.user is None or not person.active:
        return frozenset()
    checker = ObjectPermissionChecker(person.user)
    return EVERY.intersection(checker.get_perms(Organisation(pk=person.organisation_id)))


def _organisation_of(thing: Any) -> Any:
    return thing.pk if isinstance(thing, Organisation) else thing.organisation_id


def _who_could(person: Any, right: str, deed: str) -> str:
    names = Role.objects.filter(organisation_id=person.organisation_id, rights__contains=[right]).order_by("name")
    could = [_with_article(name) for name in names.values_list("name", flat=True)]
    if not could:
        return f"No role here may {deed} yet. An administrator can give one that may."
    listed = could[0] if len(could) == 1 else f"{', '.join(could[:-1])} or {could[-1]}"
    return f"Only {listed} may {deed}."


def _with_article(name: str) -> str:
    return f"{'an' if name[:1].lower() in 'aeio' else 'a'} {name}"
