"""Keeps django-guardian in step with roles: each is a group with permissions on its organisation."""

from __future__ import annotations

from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from guardian.models import GroupObjectPermission

from apps.accounts.models import Organisation, Person, Role
from apps.accounts.permissions import forget_rights
from apps.accounts.roles import STANDARD_ROLES


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
    _permit(organisation, roles)
    return roles


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


def _permit(organisation: Organisation, roles: list[Role]) -> None:
    kind = ContentType.objects.get_for_model(Organisation)
    permissions = {each.codename: each for each in Permission.objects.filter(content_type=kind)}
    GroupObjectPermission.objects.bulk_create(
        GroupObjectPermission(
            group=role.group, permission=permissions[right], content_type=kind, object_pk=str(organisation.pk)
        )
        for role in roles
        for right in role.rights
    )
