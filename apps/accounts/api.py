"""People, for programs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ninja import Query, Router, Schema, Status
from pydantic import Field

from apps.accounts import inviting, lifecycle, programs
from apps.accounts.models import Person
from apps.accounts.permissions import may
from apps.accounts.requests import Request
from apps.accounts.rights import ADMINISTER
from apps.accounts.showing import person_as_json

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
    phone: str | None
    html_url: str


class People(Schema):
    """A page of people."""

    items: list[PersonAnswer]
    next: str | None


@router.get("/people", response=People, summary="List the people of the organisation")
def list_people(request: Request, listing: Query[programs.Listing]) -> dict[str, Any]:
    """Oldest first, the deactivated too."""
    rows = Person.objects.filter(organisation=request.organisation).prefetch_related("roles")
    return programs.page(request, rows, render=lambda person: person_as_json(person, request.actor))


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
    return Status(201, person_as_json(person, request.actor))


@router.get("/people/{id}", response=PersonAnswer, summary="One person")
def get_person(request: Request, id: str) -> dict[str, Any]:
    """With the roles they hold."""
    return person_as_json(programs.find(Person, request, pk=id), request.actor)


@router.post("/people/{id}/deactivation", response={201: PersonAnswer}, summary="End a person's access at once")
@programs.idempotent
def create_deactivation(request: Request, id: str) -> Status:
    """Their sessions and tokens end. 409 for the last administrator."""
    return _done(request, id, lifecycle.deactivate_person)


@router.post("/people/{id}/reactivation", response={201: PersonAnswer}, summary="Let a person in again")
@programs.idempotent
def create_reactivation(request: Request, id: str) -> Status:
    """With the roles they held; their old tokens stay revoked."""
    return _done(request, id, lifecycle.reactivate_person)


@router.post(
    "/people/{id}/invitation", response={201: PersonAnswer}, summary="Mail the link to choose a password again"
)
@programs.idempotent
def create_invitation(request: Request, id: str) -> Status:
    """Nothing is mailed to somebody who has a password."""
    programs.require_scope(request, programs.ADMIN)
    person = programs.find(Person.objects.select_related("user", "organisation"), request, pk=id)
    may(programs.person_of(request), ADMINISTER, person).or_refuse()
    inviting.invite_after_commit(person)
    return Status(201, person_as_json(person, request.actor))


def _done(request: Request, id: str, verb: Callable[..., Person]) -> Status:
    programs.require_scope(request, programs.ADMIN)
    person = verb(programs.find(Person, request, pk=id), by=programs.person_of(request))
    return Status(201, person_as_json(person, request.actor))
