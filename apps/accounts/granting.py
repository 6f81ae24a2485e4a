"""Keeps django-guardian in step with roles: each is a group, with permissions on its organisation and its places."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.db.models import Q
from guardian.models import GroupObjectPermission

from apps.accounts.models import Grant, Organisation, Person, Role
from apps.accounts.permissions import ORGANISATION, forget_rights
from apps.accounts.places import ENVIRONMENT, SERVICE
from apps.accounts.rights import SCOPED
from apps.accounts.roles import STANDARD_ROLES

Wanted = tuple[str, str, str]  # "app.model", the id of the thing, the right
KINDS = (ORGANISATION, SERVICE, ENVIRONMENT)


def make_standard_roles(organisation: Organisation) -> list[Role]:
    """Give a new organisation its roles, each with a group and the group's permissions."""
    groups = Group.objects.bulk_create([Group(name=f"{organisation.slug}: {role.slug}") for role in STANDARD_ROLES])
    roles = Role.objects.bulk_create(
        Role(
            organisation=organisation,
            slug=standard.slug,
            name=standard.name,
            duties=standard.duties,
            rights=sorted(standard.rights),
            group=group,
        )
        for standard, group in zip(STANDARD_ROLES, groups, strict=True)
    )
    keep_in_step(roles)
    return roles


def make_group(role: Role) -> Group:
    """Return a new group for a role that an organisation adds by itself; its id keeps the name its own."""
    return Group.objects.create(name=f"{role.slug[:60]}: {role.pk}")


def keep_in_step(roles: Iterable[Role]) -> None:
    """Make the permissions of the roles' groups what `Role.rights` and their `Grant` rows say: no more, no less."""
    by_group = {role.group_id: role for role in roles if role.group_id is not None}
    wanted: dict[Any, set[Wanted]] = {group: _wanted(role) for group, role in by_group.items()}
    for grant in Grant.objects.filter(role__in=by_group.values()).select_related("role"):
        kind, key = (SERVICE, grant.service_id) if grant.service_id else (ENVIRONMENT, grant.environment_id)
        wanted[grant.role.group_id] |= {(kind, str(key), right) for right in SCOPED.intersection(grant.rights)}
    extra, had = [], set()
    for row in GroupObjectPermission.objects.filter(group__in=wanted).select_related("permission__content_type"):
        what = _spelt(row)
        had.add((row.group_id, what))
        if what not in wanted[row.group_id]:
            extra.append(row.pk)
    GroupObjectPermission.objects.filter(pk__in=extra).delete()
    missing = [(group, what) for group, each in wanted.items() for what in sorted(each) if (group, what) not in had]
    _permit(missing)


def grant(person: Person, role: Role) -> None:
    """Put the person's account into the role's group."""
    if person.user is not None and person.active and role.group is not None:
        person.user.groups.add(role.group)
    forget_rights(person)


def withdraw(person: Person, role: Role) -> None:
    """Take the person's account out of the role's group."""
    if person.user is not None and role.group is not None:
        person.user.groups.remove(role.group)
    forget_rights(person)


def _wanted(role: Role) -> set[Wanted]:
    return {(ORGANISATION, str(role.organisation_id), right) for right in role.rights}


def _spelt(row: Any) -> Wanted:
    kind = row.permission.content_type
    return f"{kind.app_label}.{kind.model}", row.object_pk, row.permission.codename


def _permit(missing: list[tuple[Any, Wanted]]) -> None:
    if not missing:
        return
    kinds = {each: ContentType.objects.get_by_natural_key(*each.split(".")) for each in KINDS}
    of_kinds = Q(content_type__in=kinds.values())
    permissions = {(each.content_type_id, each.codename): each for each in Permission.objects.filter(of_kinds)}
    GroupObjectPermission.objects.bulk_create(
        GroupObjectPermission(
            group_id=group,
            permission=permissions[kinds[kind].pk, right],
            content_type=kinds[kind],
            object_pk=key,
        )
        for group, (kind, key, right) in missing
    )
