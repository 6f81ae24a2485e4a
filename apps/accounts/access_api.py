"""Tokens, and groups of the sign-in service, for programs."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpResponse
from ninja import Query, Router, Schema, Status
from ninja.responses import NinjaJSONEncoder
from pydantic import Field

from apps.accounts import giving_tokens, group_roles, programs
from apps.accounts.models import GroupMapping, Role, Token
from apps.accounts.permissions import may
from apps.accounts.requests import Request
from apps.accounts.rights import ADMINISTER
from apps.timeline.answers import Forbidden

router = Router(tags=["people"])


class NewToken(programs.Body):
    """A token for a program. `service` makes one that acts for nobody: it reports, and never votes or proposes."""

    name: str = Field(min_length=1, max_length=120)
    scopes: list[str] = Field(
        default_factory=lambda: ["read"], max_length=10, description="read, write, approve, admin"
    )
    expires_at: datetime | None = None
    service: bool = False


class TokenAnswer(Schema):
    """A token without its secret."""

    id: str
    name: str
    prefix: str
    owner: str | None
    scopes: list[str]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None


class CreatedToken(TokenAnswer):
    """A token as it is created. `secret` is told this once; a repeat with the same key gets null."""

    secret: str | None


class Tokens(Schema):
    """A page of tokens."""

    items: list[TokenAnswer]
    next: str | None


class NewMapping(programs.Body):
    """Whoever the sign-in service calls a member of `group` holds `role`, from their next sign-in."""

    group: str = Field(min_length=1, max_length=200)
    role: str = Field(description="A slug of GET /roles.")


class MappingAnswer(Schema):
    """Which group gives which role."""

    id: str
    group: str
    role: str


class Mappings(Schema):
    """A page of mappings."""

    items: list[MappingAnswer]
    next: str | None


@router.get("/tokens", response=Tokens, summary="List one's own tokens, and for administrators those of services")
def list_tokens(request: Request, listing: Query[programs.Listing]) -> dict[str, Any]:
    """Revoked ones too; never their secrets."""
    return programs.page(request, _visible(request), render=token_as_json)


@router.post("/tokens", response={201: CreatedToken}, summary="Create a token, and tell its secret once")
@programs.idempotent
def create_token(request: Request, body: NewToken) -> HttpResponse:
    """For a service it needs the scope `admin`. A token for oneself gets no scope and no day more than the one used."""
    expires_at = body.expires_at
    if body.service:
        programs.require_scope(request, programs.ADMIN)
    else:
        programs.person_of(request)
        expires_at = _no_more_than(request.token, body)
    token, secret = giving_tokens.create_token(
        request.organisation,
        person=None if body.service else request.person,
        name=body.name,
        scopes=body.scopes,
        expires_at=expires_at,
        by=programs.actor_of(request),
    )
    said = token_as_json(token)
    answer = HttpResponse(_written({**said, "secret": secret}), status=201, content_type="application/json")
    answer.kept = _written({**said, "secret": None})  # type: ignore[attr-defined]
    return answer


@router.delete("/tokens/{id}", response={204: None}, summary="Revoke a token at once")
def revoke_token(request: Request, id: str) -> Status:
    """One's own; those of services need the scope `admin`."""
    token = programs.find(_visible(request), request, pk=id)
    if token.person_id is None:
        programs.require_scope(request, programs.ADMIN)
    giving_tokens.revoke_token(token, by=programs.actor_of(request))
    return Status(204, None)


@router.get("/group-mappings", response=Mappings, summary="List which group of the sign-in service gives which role")
def list_group_mappings(request: Request, listing: Query[programs.Listing]) -> dict[str, Any]:
    """Oldest first. Only for who may manage people."""
    may(programs.actor_of(request), ADMINISTER, request.organisation).or_refuse()
    rows = GroupMapping.objects.filter(organisation=request.organisation).select_related("role")
    return programs.page(request, rows, render=mapping_as_json)


@router.post("/group-mappings", response={201: MappingAnswer}, summary="Let a group of the sign-in service give a role")
@programs.idempotent
def create_group_mapping(request: Request, body: NewMapping) -> Status:
    """Needs the scope `admin`."""
    programs.require_scope(request, programs.ADMIN)
    may(programs.actor_of(request), ADMINISTER, request.organisation).or_refuse()
    role = programs.refer(Role, request, "role", slug=body.role)
    made = group_roles.add_mapping(request.organisation, group=body.group, role=role, by=programs.actor_of(request))
    return Status(201, mapping_as_json(made))


@router.delete("/group-mappings/{id}", response={204: None}, summary="Let a group give a role no longer")
def delete_group_mapping(request: Request, id: str) -> Status:
    """Needs the scope `admin`. With the last group of a role, whoever had it by a group loses it."""
    programs.require_scope(request, programs.ADMIN)
    may(programs.actor_of(request), ADMINISTER, request.organisation).or_refuse()
    mapping = programs.find(GroupMapping.objects.select_related("role"), request, pk=id)
    group_roles.remove_mapping(mapping, by=programs.actor_of(request))
    return Status(204, None)


def token_as_json(token: Token) -> dict[str, Any]:
    """Return what programs see of a token."""
    kept = ("name", "prefix", "scopes", "created_at", "expires_at", "last_used_at", "revoked_at")
    owner = token.person.email if token.person else None
    return {"id": str(token.pk), "owner": owner, **{name: getattr(token, name) for name in kept}}


def mapping_as_json(mapping: GroupMapping) -> dict[str, Any]:
    """Return what programs see of a mapping."""
    return {"id": str(mapping.pk), "group": mapping.group, "role": mapping.role.slug}


def _visible(request: Request) -> QuerySet[Token]:
    mine = Q(person=request.person) if request.person else Q(pk=request.token.pk)
    if may(programs.actor_of(request), ADMINISTER, request.organisation):
        mine |= Q(person=None)
    return Token.objects.filter(mine, organisation=request.organisation).select_related("person")


def _no_more_than(mine: Token, body: NewToken) -> datetime | None:
    """Return when the new token ends. A token makes none that may do more than itself, or lives longer."""
    if beyond := sorted(set(body.scopes) - set(mine.scopes) - {"read"}):  # every token may read
        raise Forbidden(f"This token has not the scope {beyond[0]} itself, so it gives none. Use the profile.")
    ends = [at for at in (body.expires_at, mine.expires_at) if at is not None]
    return min(ends, default=None)


def _written(said: dict[str, Any]) -> str:
    return json.dumps(said, cls=NinjaJSONEncoder)
