"""Groups of a sign-in service give roles here: the rows an administrator edits, and following them at a sign-in."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, transaction

from apps.accounts import lifecycle
from apps.accounts.events import GROUP_MAPPED, GROUP_UNMAPPED, GROUPS_NOT_FOLLOWED
from apps.accounts.models import GroupMapping, Organisation, Person, Role, RoleHolding
from apps.accounts.permissions import may
from apps.accounts.rights import ADMINISTER
from apps.timeline.answers import Refused, Unacceptable
from apps.timeline.log import SYSTEM, record

PROVIDER = "oidc"  # an installation has one sign-in service


@transaction.atomic
def add_mapping(organisation: Organisation, *, group: str, role: Role, by: Any) -> GroupMapping:
    """Give `role` to whoever is in `group`, from their next sign-in. Raises Unacceptable for one that is there."""
    may(by, ADMINISTER, organisation).or_refuse()
    if role.organisation_id != organisation.pk:
        raise Unacceptable("role: there is no such thing here.", code="unknown_reference", field="role")
    named = group.strip()
    if not named or len(named) > 200:
        raise Unacceptable("group: write its name as the sign-in service does, at most 200 characters.", field="group")
    try:
        with transaction.atomic():
            mapping = GroupMapping.objects.create(organisation=organisation, provider=PROVIDER, group=named, role=role)
    except IntegrityError as taken:
        raise Unacceptable(f"group: {named} already gives {role.name}.", field="group") from taken
    record(GROUP_MAPPED, role, by=by, role=role.name, group=named)
    return mapping


@transaction.atomic
def remove_mapping(mapping: GroupMapping, *, by: Any) -> None:
    """End a mapping. Where no other group gives the role, whoever had it by a group loses it at once."""
    may(by, ADMINISTER, mapping).or_refuse()
    role = mapping.role
    mapping.delete()
    record(GROUP_UNMAPPED, role, by=by, role=role.name, group=mapping.group)
    if GroupMapping.objects.filter(role=role, provider=PROVIDER).exists():
        return
    for holding in RoleHolding.objects.filter(role=role, source=PROVIDER).select_related("person"):
        _take(holding.person, role, by)


def follow(person: Person, *, groups: frozenset[str]) -> None:
    """Give and take the roles that the service's groups stand for; what people gave stays as it is."""
    mappings = GroupMapping.objects.filter(organisation=person.organisation_id, provider=PROVIDER)
    wanted = {mapping.role_id: mapping.role for mapping in mappings.select_related("role") if mapping.group in groups}
    given = RoleHolding.objects.filter(person=person, source=PROVIDER).select_related("role")
    for holding in given:
        if holding.role_id not in wanted:
            _take(person, holding.role, SYSTEM)
    for role in wanted.values():
        lifecycle.give_role(person, role, by=SYSTEM, source=PROVIDER)


def named(claim: Any) -> frozenset[str]:
    """Return the groups that a claim lists; a single text is one group, anything else is none."""
    listed = [claim] if isinstance(claim, str) else claim if isinstance(claim, list) else []
    return frozenset(group for group in listed if isinstance(group, str))


def _take(person: Person, role: Role, by: Any) -> None:
    """Take what the service gave; an organisation is never left without an administrator, and that is told."""
    try:
        with transaction.atomic():
            lifecycle.take_role(person, role, by=by, source=PROVIDER)
    except Refused as refusal:
        record(GROUPS_NOT_FOLLOWED, person, by=by, name=person.name, role=role.name, reason=refusal.message)
