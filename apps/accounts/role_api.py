"""Roles and who holds them, for programs: the same deeds as the pages, for administrators."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.db.models import Model
from ninja import Query, Router, Schema, Status
from pydantic import Field

from apps.accounts import lifecycle, programs, role_changes
from apps.accounts.models import Person, Role
from apps.accounts.places import ENVIRONMENT, SERVICE
from apps.accounts.requests import Request
from apps.accounts.role_pages import roles_of
from apps.accounts.showing import person_as_json, role_as_json

router = Router(tags=["people"])


class NewRole(programs.Body):
    """A role of one's own."""

    name: str = Field(min_length=1, max_length=120)
    slug: str = Field("", max_length=60, description="Made from the name when absent; it stays.")
    duties: str = Field("", max_length=2000)
    rights: list[str] = Field(default_factory=list, max_length=50, description="What it may everywhere here.")


class RoleChange(programs.Body):
    """What a role is and may from now on; what is absent stays."""

    name: str | None = Field(None, min_length=1, max_length=120)
    duties: str | None = Field(None, max_length=2000)
    rights: list[str] | None = Field(None, max_length=50)


class PlaceRights(programs.Body):
    """What a role may in one service, or in one of its environments, beside what it may everywhere."""

    service: str
    environment: str | None = None
    rights: list[str] = Field(max_length=50, description="An empty list takes back what was given there.")


class Substitutes(programs.Body):
    """Who takes the role's seat when its holders let their time run out, in this order."""

    people: list[str] = Field(max_length=50, description="Ids of GET /people.")


class NewHolding(programs.Body):
    """Which role to give."""

    role: str


class Contact(programs.Body):
    """How a person is called."""

    phone: str = Field("", max_length=40)


class RoleAnswer(Schema):
    """A role: its duties, its rights in the portal, here and there, who holds it and who stands in."""

    id: str
    slug: str
    name: str
    duties: str
    rights: list[str]
    grants: list[dict[str, Any]]
    people: list[str]
    substitutes: list[str]
    html_url: str


class Roles(Schema):
    """A page of roles."""

    items: list[RoleAnswer]
    next: str | None


@router.get("/roles", response=Roles, summary="List the roles of the organisation")
def list_roles(request: Request, listing: Query[programs.Listing]) -> dict[str, Any]:
    """By their slug."""
    rows = roles_of(request.organisation)
    return programs.page(request, rows, order="slug", render=lambda role: role_as_json(role, request.actor))


@router.get("/roles/{slug}", response=RoleAnswer, summary="One role")
def get_role(request: Request, slug: str) -> dict[str, Any]:
    """With who holds it, who stands in, and what it may where."""
    return role_as_json(programs.find(roles_of(request.organisation), request, slug=slug), request.actor)


@router.post("/roles", response={201: RoleAnswer}, summary="Make a role")
@programs.idempotent
def create_role(request: Request, body: NewRole) -> Status:
    """Needs the scope `admin` and an administrator."""
    programs.require_scope(request, programs.ADMIN)
    by = programs.person_of(request)
    role = role_changes.create_role(request.organisation, by=by, **body.model_dump())
    return Status(201, get_role(request, role.slug))


@router.patch("/roles/{slug}", response=RoleAnswer, summary="Rename a role, or change what it may")
def change_role(request: Request, slug: str, body: RoleChange) -> dict[str, Any]:
    """Its rights count from the next call of whoever holds it."""
    role = _to_change(request, slug)
    kept = {"name": role.name, "duties": role.duties, "rights": role.rights}
    role_changes.change_role(role, by=programs.person_of(request), **{**kept, **body.model_dump(exclude_none=True)})
    return get_role(request, slug)


@router.put("/roles/{slug}/grants", response=RoleAnswer, summary="Set what a role may in one place")
def set_grant(request: Request, slug: str, body: PlaceRights) -> dict[str, Any]:
    """In a service, or in one of its environments."""
    role = _to_change(request, slug)
    thing: Model = programs.refer(apps.get_model(SERVICE), request, "service", slug=body.service)
    if body.environment is not None:
        rows = apps.get_model(ENVIRONMENT).objects.filter(service=thing)
        thing = programs.refer(rows, request, "environment", name=body.environment)
    role_changes.grant_in(role, thing, rights=body.rights, by=programs.person_of(request))
    return get_role(request, slug)


@router.put("/roles/{slug}/substitutes", response=RoleAnswer, summary="Name who stands in for a role")
def set_substitutes(request: Request, slug: str, body: Substitutes) -> dict[str, Any]:
    """The whole list, in order; an empty one names nobody."""
    role = _to_change(request, slug)
    people = [programs.refer(Person, request, "people", pk=key) for key in dict.fromkeys(body.people)]
    role_changes.name_substitutes(role, people, by=programs.person_of(request))
    return get_role(request, slug)


@router.post("/people/{id}/roles", response={201: dict}, summary="Give a person a role")
@programs.idempotent
def create_holding(request: Request, id: str, body: NewHolding) -> Status:
    """Giving it twice changes nothing."""
    programs.require_scope(request, programs.ADMIN)
    person = programs.find(Person, request, pk=id)
    role = programs.refer(Role, request, "role", slug=body.role)
    lifecycle.give_role(person, role, by=programs.person_of(request))
    return Status(201, person_as_json(person, request.actor))


@router.delete("/people/{id}/roles/{slug}", response=dict, summary="Take a role from a person")
def delete_holding(request: Request, id: str, slug: str) -> dict[str, Any]:
    """It counts from their next call."""
    programs.require_scope(request, programs.ADMIN)
    person = programs.find(Person, request, pk=id)
    lifecycle.take_role(person, programs.find(Role, request, slug=slug), by=programs.person_of(request))
    return person_as_json(person, request.actor)


@router.put("/people/{id}/contact", response=dict, summary="Change how a person is called")
def set_contact(request: Request, id: str, body: Contact) -> dict[str, Any]:
    """One's own with the scope `write`; an administrator's deed for others, with the scope `admin`."""
    by = programs.person_of(request)
    person = programs.find(Person, request, pk=id)
    programs.require_scope(request, *((programs.WRITE, programs.ADMIN) if by.pk == person.pk else (programs.ADMIN,)))
    return person_as_json(lifecycle.change_contact(person, phone=body.phone, by=by), by)


def _to_change(request: Request, slug: str) -> Role:
    programs.require_scope(request, programs.ADMIN)
    return programs.find(Role, request, slug=slug)
