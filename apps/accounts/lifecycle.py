"""What is done with organisations, people and their roles, in the order of their life."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Model
from django.utils import timezone

from apps.accounts import granting, sessions
from apps.accounts.events import (
    CONTACT_CHANGED,
    ORGANISATION_CREATED,
    PERSON_ADDED,
    PERSON_DEACTIVATED,
    PERSON_REACTIVATED,
    PERSON_RENAMED,
    ROLE_GIVEN,
    ROLE_TAKEN,
)
from apps.accounts.models import Organisation, Person, Role, RoleHolding, User
from apps.accounts.permissions import forget_rights, may
from apps.accounts.raising import gained_by, refuse_raising_oneself
from apps.accounts.rights import ADMINISTER
from apps.accounts.zones import known_zones
from apps.timeline.answers import Forbidden, Refused, Unacceptable
from apps.timeline.log import record

PHONE = re.compile(r"\+?[0-9][0-9 ()./-]{3,38}")


@transaction.atomic
def create_organisation(slug: str, *, name: str, by: Any, time_zone: str = "UTC") -> Organisation:
    """Return a new organisation with the standard roles.

    Raises Unacceptable for a slug that is taken or unreadable. Asks no permission: only the command line
    and the set-up link come here, and nobody has a role yet.
    """
    organisation = Organisation(slug=slug.lower(), name=name.strip(), time_zone=time_zone)
    _check(organisation)
    _check_zone(time_zone)
    try:
        with transaction.atomic():
            organisation.save()
    except IntegrityError as taken:
        raise Unacceptable(f"slug: there is already an organisation {slug}.", field="slug") from taken
    granting.make_standard_roles(organisation)
    record(ORGANISATION_CREATED, organisation, by=by, name=organisation.name)
    return organisation


@transaction.atomic
def add_person(
    organisation: Organisation,
    *,
    email: str,
    by: Any,
    name: str = "",
    roles: Iterable[str] = (),
    password: str | None = None,
) -> Person:
    """Return a new person with these roles (slugs). Their account is made, or found by its address.

    `password` is used only for a new account: nobody can set the password of one that exists. Raises
    Unacceptable for an address that is unreadable or already here, and for a role that is not here.
    """
    may(by, ADMINISTER, organisation).or_refuse()
    address = email.strip().lower()
    shown = name.strip() or address.partition("@")[0]  # never the account's own name: it may be another team's
    person = Person(organisation=organisation, email=address, name=shown)
    _check(person)
    if Person.objects.filter(organisation=organisation, email=address).exists():
        raise Unacceptable(f"email: {address} is already here.", field="email")
    held = [_role(organisation, slug) for slug in dict.fromkeys(roles)]
    person.user = _account(address, name.strip(), password)
    try:
        with transaction.atomic():
            person.save()
    except IntegrityError as taken:
        raise Unacceptable(f"email: {address} is already here.", field="email") from taken
    record(PERSON_ADDED, person, by=by, name=person.name, email=address)
    for role in held:
        _give(person, role, by)
    return person


@transaction.atomic
def change_details(person: Person, *, name: str, time_zone: str, by: Any) -> Person:
    """Change one's own name and the time zone one reads in ("" means the organisation's)."""
    if by.pk != person.pk:
        raise Forbidden("People change their own details.")
    person = _lock(person)
    before, person.name = person.name, name.strip()
    _check_zone(time_zone or "UTC")
    _check(person)
    person.save(update_fields=["name"])
    User.objects.filter(people=person).update(time_zone=time_zone)
    if person.name != before:
        record(PERSON_RENAMED, person, by=by, before=before, name=person.name)
    return person


@transaction.atomic
def give_role(person: Person, role: Role, *, by: Any, source: str = "") -> Person:
    """Let `person` hold `role`, given by a person or (`source`) by a sign-in service. Giving it twice changes nothing,
    but what a person gives stays when the service takes its own back.
    """
    person = _lock(person)
    may(by, ADMINISTER, person).or_refuse()
    if person.organisation_id != role.organisation_id:
        raise Unacceptable("role: there is no such thing here.", code="unknown_reference", field="role")
    held = RoleHolding.objects.filter(person=person, role=role)
    if person.pk == by.pk and not held.exists():
        refuse_raising_oneself(by, role, gained_by(role), named=True)
    if not held.exists():
        _give(person, role, by, source)
    elif not source and held.exclude(source="").update(source=""):
        record(ROLE_GIVEN, person, by=by, name=person.name, role=role.name)
    return person


@transaction.atomic
def take_role(person: Person, role: Role, *, by: Any, source: str | None = None) -> Person:
    """Take `role` from `person`; it counts from their next request. The last administrator keeps theirs.

    With `source` it is taken only where that sign-in service gave it.
    """
    person = _lock(person)
    may(by, ADMINISTER, person).or_refuse()
    held = RoleHolding.objects.filter(person=person, role=role)
    if source is not None and not held.filter(source=source).exists():
        return person
    if ADMINISTER in role.rights:
        _refuse_without_administrator(person, role)
    gone, _ = held.delete()
    if gone:
        granting.withdraw(person, role)
        record(ROLE_TAKEN, person, by=by, name=person.name, role=role.name)
    return person


@transaction.atomic
def change_contact(person: Person, *, phone: str, by: Any) -> Person:
    """Keep the number under which a person is called; their own deed, or an administrator's. "" means none."""
    if by.pk != person.pk:
        may(by, ADMINISTER, person).or_refuse()
    person = _lock(person)
    before, person.phone = person.phone, " ".join(phone.split())
    if person.phone and not PHONE.fullmatch(person.phone):
        raise Unacceptable("phone: give a number as it is dialled, like +61 3 5550 1234.", field="phone")
    if person.phone != before:
        person.save(update_fields=["phone"])
        record(CONTACT_CHANGED, person, by=by, name=person.name)  # the number itself is nobody else's to read
    return person


@transaction.atomic
def deactivate_person(person: Person, *, by: Any) -> Person:
    """End a person's access at once: their next request is signed out, their tokens are revoked."""
    person = _lock(person)
    may(by, ADMINISTER, person).or_refuse()
    if not person.active:
        raise Refused(f"{person.name} is already deactivated.", state="deactivated")
    _refuse_without_administrator(person, None)
    person.active = False
    person.save(update_fields=["active"])
    person.tokens.filter(revoked_at=None).update(revoked_at=timezone.now())
    for role in person.roles.all():
        granting.withdraw(person, role)
    sessions.end_access(person.user)
    record(PERSON_DEACTIVATED, person, by=by, name=person.name)
    return person


@transaction.atomic
def reactivate_person(person: Person, *, by: Any) -> Person:
    """Let a deactivated person in again, with the roles they held. Their old tokens stay revoked."""
    person = _lock(person)
    may(by, ADMINISTER, person).or_refuse()
    if person.active:
        raise Refused(f"{person.name} is not deactivated.", state="active")
    person.active = True
    person.save(update_fields=["active"])
    for role in person.roles.all():
        granting.grant(person, role)
    record(PERSON_REACTIVATED, person, by=by, name=person.name)
    return person


def _lock(person: Person) -> Person:
    """Lock the organisation first: whoever changes who administers it waits for the other.

    Rows that only refer to them (a vote, at its commit) do not wait: they may hold the person already.
    """
    Organisation.objects.select_for_update(no_key=True).get(pk=person.organisation_id)
    rows = Person.objects.select_for_update(of=["self"], no_key=True).select_related("user", "organisation")
    return rows.get(pk=person.pk)


def _give(person: Person, role: Role, by: Any, source: str = "") -> None:
    RoleHolding.objects.create(organisation_id=person.organisation_id, person=person, role=role, source=source)
    granting.grant(person, role)
    forget_rights(person)
    record(ROLE_GIVEN, person, by=by, name=person.name, role=role.name)


def _role(organisation: Organisation, slug: str) -> Role:
    role = Role.objects.filter(organisation=organisation, slug=slug).first()
    if role is None:
        raise Unacceptable("roles: there is no such thing here.", code="unknown_reference", field="roles")
    return role


def _account(address: str, name: str, password: str | None) -> User:
    existing = User.objects.filter(email=address).first()
    return existing or User.objects.create_user(address, password, name=name)


def _refuse_without_administrator(person: Person, role: Role | None) -> None:
    """Refuse when nobody would be left to let people in. `role` None: the person leaves altogether."""
    holdings = RoleHolding.objects.filter(
        organisation_id=person.organisation_id, role__rights__contains=[ADMINISTER], person__active=True
    )
    mine = holdings.filter(person=person) if role is None else holdings.filter(person=person, role=role)
    if mine.exists() and not holdings.exclude(pk__in=mine.values("pk")).exists():
        raise Refused(f"{person.name} is the last administrator here. Give somebody else that role first.")


def _check_zone(name: str) -> None:
    if name not in known_zones():
        raise Unacceptable(f"time_zone: there is no time zone {name!r}.", field="time_zone")


def _check(row: Model) -> None:
    """Raise Unacceptable, naming the field, for a value that the row cannot hold."""
    try:
        row.clean_fields(exclude={"organisation", "user", "group"})
    except ValidationError as problem:
        field, told = next(iter(problem.message_dict.items()))
        raise Unacceptable(f"{field}: {told[0]}", field=field) from problem
