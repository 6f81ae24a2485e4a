"""Roles are the organisation's own: made, renamed, given rights here and there, and people named to stand in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.text import slugify

from apps.accounts import granting
from apps.accounts.events import ROLE_CHANGED, ROLE_CREATED, ROLE_GRANTED, ROLE_SUBSTITUTED
from apps.accounts.models import Grant, Organisation, Person, Role, RoleHolding, Substitute
from apps.accounts.permissions import may
from apps.accounts.places import SERVICE, kind_of
from apps.accounts.raising import refuse_raising_oneself
from apps.accounts.rights import ADMINISTER, DEEDS, EVERY, SCOPED
from apps.timeline.answers import Refused, Unacceptable
from apps.timeline.log import record

MOST_SUBSTITUTES = 10


@transaction.atomic
def create_role(
    organisation: Organisation, *, name: str, by: Any, slug: str = "", duties: str = "", rights: Iterable[str] = ()
) -> Role:
    """Return a new role that nobody holds yet. Raises Unacceptable for a slug that is taken or an unknown right."""
    may(by, ADMINISTER, organisation).or_refuse()
    _lock(organisation.pk)
    role = Role(organisation=organisation, name=name.strip(), slug=(slug or slugify(name)).lower(), duties=duties)
    role.rights = _known(rights, EVERY)
    _check(role)
    role.group = granting.make_group(role)
    try:
        with transaction.atomic():
            role.save()
    except IntegrityError as taken:
        raise Unacceptable(f"slug: there is already a role {role.slug}.", field="slug") from taken
    granting.keep_in_step([role])
    record(ROLE_CREATED, role, by=by, name=role.name, deeds=_deeds(role.rights))
    return role


@transaction.atomic
def change_role(role: Role, *, name: str, duties: str, rights: Iterable[str], by: Any) -> Role:
    """Rename a role, say its duties, and set its rights in the whole organisation.

    They count from the next request of whoever holds it. Raises Refused when nobody would be left to administer.
    """
    may(by, ADMINISTER, role).or_refuse()
    role = _locked(role)
    before, role.name, role.duties = role.name, name.strip(), duties.strip()
    had, role.rights = set(role.rights), _known(rights, EVERY)
    _check(role)
    gained, lost = set(role.rights) - had, had - set(role.rights)
    refuse_raising_oneself(by, role, gained)
    if ADMINISTER in lost:
        _refuse_without_administrator(role)
    role.save(update_fields=["name", "duties", "rights"])
    granting.keep_in_step([role])
    record(
        ROLE_CHANGED, role, by=by, name=role.name, before=before, gained=sorted(gained), lost=sorted(lost),
        deeds=_deeds(role.rights),
    )  # fmt: skip
    return role


@transaction.atomic
def grant_in(role: Role, thing: Any, *, rights: Iterable[str], by: Any) -> Grant | None:
    """Set which rights a role has in one service or one environment (`thing`), beside those it has everywhere.

    No rights take the grant away, and None is returned.
    """
    may(by, ADMINISTER, role).or_refuse()
    may(by, ADMINISTER, thing).or_refuse()
    role = _locked(role)
    where = {"service" if kind_of(thing) == SERVICE else "environment": thing}
    grant = Grant.objects.filter(role=role, **where).first() or Grant(
        organisation_id=role.organisation_id, role=role, **where
    )
    had, grant.rights = set(grant.rights), _known(rights, SCOPED)
    refuse_raising_oneself(by, role, set(grant.rights) - had)
    if grant.rights:
        grant.save()
    elif not grant._state.adding:
        grant.delete()
    granting.keep_in_step([role])
    record(ROLE_GRANTED, role, by=by, name=role.name, place=str(thing), deeds=_deeds(grant.rights), had=sorted(had))
    return grant if grant.rights else None


@transaction.atomic
def name_substitutes(role: Role, people: Sequence[Person], *, by: Any) -> Role:
    """Name who takes the role's seat when its holders let their time run out, in this order. None empties it.

    Questions that were asked before keep the substitutes they were asked with.
    """
    may(by, ADMINISTER, role).or_refuse()
    role = _locked(role)
    chosen = list(dict.fromkeys(people))
    if len(chosen) > MOST_SUBSTITUTES:
        raise Unacceptable(f"people: name at most {MOST_SUBSTITUTES}.", field="people")
    for person in chosen:
        if person.organisation_id != role.organisation_id or not person.active:
            raise Unacceptable("people: there is no such thing here.", code="unknown_reference", field="people")
    had = set(Substitute.objects.filter(role=role).values_list("person_id", flat=True))
    if any(person.pk == by.pk and person.pk not in had for person in chosen):
        refuse_raising_oneself(by, role, set(role.rights), named=True)
    Substitute.objects.filter(role=role).delete()
    Substitute.objects.bulk_create(
        Substitute(organisation_id=role.organisation_id, role=role, person=person, position=position)
        for position, person in enumerate(chosen, start=1)
    )
    record(ROLE_SUBSTITUTED, role, by=by, name=role.name, people=", ".join(one.name for one in chosen) or "nobody")
    return role


def _lock(organisation_id: Any) -> None:
    """Whoever changes who administers an organisation waits for the other; lifecycle takes the same lock."""
    Organisation.objects.select_for_update(no_key=True).get(pk=organisation_id)


def _locked(role: Role) -> Role:
    _lock(role.organisation_id)
    return Role.objects.select_for_update(of=["self"], no_key=True).select_related("group").get(pk=role.pk)


def _known(rights: Iterable[str], allowed: frozenset[str]) -> list[str]:
    wanted = set(rights)
    if unknown := sorted(wanted - allowed):
        where = "" if unknown[0] not in EVERY else " in one place only"
        raise Unacceptable(f"rights: {unknown[0]!r} cannot be given{where}.", field="rights")
    return sorted(wanted)


def _refuse_without_administrator(role: Role) -> None:
    """Refuse to take the right to administer from a role when nobody has it by another one."""
    others = RoleHolding.objects.filter(
        organisation_id=role.organisation_id, role__rights__contains=[ADMINISTER], person__active=True
    ).exclude(role=role)
    if not others.exists():
        raise Refused(f"Nobody would be left to look after people here: {role.name} keeps that right.")


def _deeds(rights: Iterable[str]) -> str:
    return "; ".join(DEEDS[right] for right in DEEDS if right in set(rights)) or "nothing"


def _check(role: Role) -> None:
    try:
        role.clean_fields(exclude={"organisation", "group", "rights"})
    except ValidationError as problem:
        field, told = next(iter(problem.message_dict.items()))
        raise Unacceptable(f"{field}: {told[0]}", field=field) from problem
