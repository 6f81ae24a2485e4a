"""People and roles, for programs."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.urls import reverse
from ninja import Query, Router, Schema, Status
from pydantic import Field

from apps.accounts import inviting, lifecycle, programs
from apps.accounts.models import Person, Role
from apps.accounts.requests import Request

router = Router(tags=["people"])


class NewPerson(programs.Body):
    """Somebody to let in. They choose their own password by a link that is mailed to them."""

    email: str = Field(min_length=3, max_length=254)
    name: str = Field("", max_length=200)
    roles: list[str] = Field(default_factory=list, max_length=50, description="Slugs of GET /roles.")


class PersonAnswer(Schema):
    """A person and the roles they hold."""

    id: str
    email: str
    name: str
    active: bool
    roles: list[str]
    html_url: str


class People(Schema):
    """A page of people."""

    items: list[PersonAnswer]
    next: str | None


class RoleAnswer(Schema):
    """A role: its duties, and its rights in the portal."""

    id: str
    slug: str
    name: str
    duties: str
    rights: list[str]


class Roles(Schema):
    """A page of roles."""

    items: list[RoleAnswer]
    next: str | None


@router.get("/people", response=People, summary="List the people of the organisation")
def list_people(request: Request, listing: Query[programs.Listing]) -> dict[str, Any]:
    """Oldest first, the deactivated too."""
    rows = Person.objects.filter(organisation=request.organisation).prefetch_related("roles")
    return programs.page(request, rows, render=person_as_json)


@router.post("/people", response={201: PersonAnswer}, summary="Add a person")
@programs.idempotent
def create_person(request: Request, body: NewPerson) -> Status:
    """Needs the scope `admin` and a person who may manage people."""
    programs.require_scope(request, programs.ADMIN)
    person = lifecycle.add_person(
        request.organisation,
        email=body.email,
        name=body.name,
        roles=body.roles,
        by=programs.actor_of(request),
    )
    inviting.invite_after_commit(person)
    return Status(201, person_as_json(person))


@router.get("/roles", response=Roles, summary="List the roles of the organisation")
def list_roles(request: Request, listing: Query[programs.Listing]) -> dict[str, Any]:
    """By their slug."""
    rows = Role.objects.filter(organisation=request.organisation)
    return programs.page(request, rows, order="slug", render=role_as_json)


def person_as_json(person: Person) -> dict[str, Any]:
    """Return what programs see of a person."""
    return {
        "id": str(person.pk),
        "email": person.email,
        "name": person.name,
        "active": person.active,
        "roles": sorted(role.slug for role in person.roles.all()),
        "html_url": settings.BASE_URL + reverse("accounts:person", args=[person.pk]),
    }


def role_as_json(role: Role) -> dict[str, Any]:
    """Return what programs see of a role."""
    return {
        "id": str(role.pk),
        "slug": role.slug,
        "name": role.name,
        "duties": role.duties,
        "rights": role.rights,
    }
