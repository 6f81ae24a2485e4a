"""Answers, with a reason, whether somebody may do something in their organisation. Reads only."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from guardian.models import GroupObjectPermission

from apps.accounts.models import Organisation, Person, Role
from apps.accounts.places import ENVIRONMENT, SERVICE, Place, place_of
from apps.accounts.rights import DEEDS, EVERY, SCOPED
from apps.timeline.answers import YES, Answer, no
from apps.timeline.log import SYSTEM

ORGANISATION = "accounts.organisation"
Granted = dict[tuple[str, str], frozenset[str]]  # ("app.model", its id): rights


def may(person: Any, right: str, thing: Any = None) -> Answer:
    """Return whether `person` (a Person, a Service or SYSTEM) has `right`, and if `thing` is theirs to touch.

    A right counts where it was given: in the whole organisation, in the service of `thing`, or in its
    environment. Costs one query for each person object, however many things are asked about; the first refusal
    costs two more, because it names the roles that could. Raises KeyError for a right that does not exist.
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
    if right in rights_of(person) or (thing is not None and right in rights_in(person, place_of(thing))):
        return YES
    return no(_who_could(person, right, deed, place_of(thing) if right in SCOPED else Place()))


def may_somewhere(person: Any, right: str) -> Answer:
    """Return whether `person` has `right` in any place: enough to enter a list that shows only what they may see."""
    answer = may(person, right)
    held = _granted(person) if isinstance(person, Person) and person.active else {}
    return YES if any(right in rights for rights in held.values()) else answer


def rights_of(person: Any) -> frozenset[str]:
    """Return every right of a Person or Service that counts in the whole organisation."""
    if not isinstance(person, Person):
        return frozenset(person.rights)
    return _granted(person).get((ORGANISATION, str(person.organisation_id)), frozenset())


def rights_in(person: Any, place: Place) -> frozenset[str]:
    """Return the rights that were given to a Person in this service or environment only."""
    if not isinstance(person, Person) or not place:
        return frozenset()
    granted = _granted(person)
    in_service = granted.get((SERVICE, str(place.service)), frozenset())
    return (in_service | granted.get((ENVIRONMENT, str(place.environment)), frozenset())) & SCOPED


def places_with(person: Person, right: str) -> tuple[frozenset[str], frozenset[str]]:
    """Return the ids of the services, and of the environments, in which a person was given `right`."""
    held = [place for place, rights in _granted(person).items() if right in rights]
    services, environments = (frozenset(key for kind, key in held if kind == each) for each in (SERVICE, ENVIRONMENT))
    return services, environments


def roles_that_may(organisation_id: Any, right: str, thing: Any = None) -> list[Role]:
    """Return the roles that have `right`, in the whole organisation or where `thing` is, by name. Two queries."""
    return [role for role in _roles_of(organisation_id) if _role_may(role, right, place_of(thing))]


def forget_rights(person: Person) -> None:
    """Ask the database again next time: the person's roles have just changed."""
    for kept in ("_rights", "_sight", "_roles"):
        person.__dict__.pop(kept, None)


def _granted(person: Person) -> Granted:
    """Return everything the person's roles were given, read once; it lives as long as the person's request."""
    if "_rights" not in person.__dict__:
        person.__dict__["_rights"] = _read(person) if person.user_id is not None and person.active else {}
    return person.__dict__["_rights"]


def _read(person: Person) -> Granted:
    """Only what is given to the groups of roles that the person holds counts, and nobody is above that."""
    rows = GroupObjectPermission.objects.filter(
        group__user=person.user_id, group__user__is_active=True, group__role__holdings__person=person
    )
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    names = rows.values_list("content_type__app_label", "content_type__model", "object_pk", "permission__codename")
    for app, model, key, right in names:
        found[f"{app}.{model}", key].add(right)
    return {place: EVERY.intersection(rights) for place, rights in found.items()}


def _organisation_of(thing: Any) -> Any:
    return thing.pk if isinstance(thing, Organisation) else thing.organisation_id


def _who_could(person: Any, right: str, deed: str, place: Place) -> str:
    roles = person.__dict__.get("_roles") or _roles_of(person.organisation_id)
    if isinstance(person, Person):
        person.__dict__["_roles"] = roles
    could = [_with_article(role.name) for role in roles if _role_may(role, right, place)]
    if not could:
        return f"No role here may {deed} yet. An administrator can give one that may."
    listed = could[0] if len(could) == 1 else f"{', '.join(could[:-1])} or {could[-1]}"
    return f"Only {listed} may {deed}."


def _roles_of(organisation_id: Any) -> list[Role]:
    rows = Role.objects.filter(organisation_id=organisation_id).prefetch_related("grants")
    return list(rows.order_by("name"))


def _role_may(role: Role, right: str, place: Place) -> bool:
    if right in role.rights:
        return True
    places = {(grant.service_id, grant.environment_id) for grant in role.grants.all() if right in grant.rights}
    return right in SCOPED and bool(places & {(place.service, None), (None, place.environment)} - {(None, None)})


def _with_article(name: str) -> str:
    return f"{'an' if name[:1].lower() in 'aeio' else 'a'} {name}"
