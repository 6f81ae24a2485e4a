"""Providers and connections, for programs. Credentials go in and never come out."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.urls import reverse
from ninja import Query, Router, Schema, Status
from pydantic import Field

from apps.accounts import programs
from apps.accounts.requests import Request
from apps.providers import asking, lifecycle, permissions, receiving, registry
from apps.providers.answers import CheckResult
from apps.providers.describing import Providers, provider_as_json
from apps.providers.models import Connection

router = Router(tags=["connections"])


class NewConnection(programs.Body):
    """One account at a provider. Its names of settings and credentials are those of GET /providers."""

    name: str
    provider: str
    base_url: str = Field("", description="Replaces scheme, host and port; its path prefix is kept.")
    settings: dict[str, Any] = Field(default_factory=dict)
    credentials: dict[str, Any] = Field(default_factory=dict)


class NewCredentials(programs.Body):
    """All credentials of the connection; the old ones are gone."""

    credentials: dict[str, Any]


class FindingAnswer(Schema):
    """One answer of the check. `level` is ok, warning or error."""

    level: str
    message: str
    code: str


class CheckAnswer(Schema):
    """Can we sign in, may we act, what is missing. `ok` is null while nobody has checked."""

    ok: bool | None
    findings: list[FindingAnswer]
    checked_at: datetime | None


class NewExamination(programs.Body):
    """A check of the connection's provider and what it takes, as GET /providers lists them."""

    check: str
    parameters: dict[str, Any] = Field(default_factory=dict)


class ReadingAnswer(Schema):
    """One line of what was read. `mark` is done, failed or unknown."""

    mark: str
    text: str


class ExaminationAnswer(Schema):
    """What a check found. `holds` is null where the provider could not be read, so that nothing is known."""

    holds: bool | None
    message: str
    readings: list[ReadingAnswer]
    value: float | None = Field(description="What was measured, in `unit`; null where the check does not measure.")
    unit: str
    window_seconds: float | None = Field(description="The window that the value is really of.")
    samples: int | None
    as_of: datetime | None


class ConnectionAnswer(Schema):
    """A connection, without its credentials."""

    id: str
    name: str
    provider: str
    base_url: str
    settings: dict[str, Any]
    check: CheckAnswer
    created_at: datetime
    html_url: str
    hook_url: str = Field(description="Where its provider may send signed webhooks; empty when it sends none.")


class Connections(Schema):
    """A page of connections."""

    items: list[ConnectionAnswer]
    next: str | None


@router.get("/providers", response=Providers, by_alias=True, summary="List what can be connected")
def list_providers(request: Request) -> dict[str, Any]:
    """Settings, credentials and actions of every provider."""
    return {"items": [provider_as_json(each) for each in registry.providers()], "next": None}


@router.get("/connections", response=Connections, summary="List the connections of the organisation")
def list_connections(request: Request, listing: Query[programs.Listing]) -> dict[str, Any]:
    """Oldest first."""
    permissions.may_see(request.actor).or_refuse()
    rows = Connection.objects.filter(organisation=request.organisation)
    return programs.page(request, rows, render=connection_as_json)


@router.post("/connections", response={201: ConnectionAnswer}, summary="Connect an account at a provider")
@programs.idempotent
def create_connection(request: Request, body: NewConnection) -> Status:
    """Needs the scope `admin` and a person who may manage connections. Does not call the provider."""
    programs.require_scope(request, programs.ADMIN)
    by = programs.actor_of(request)
    connection = lifecycle.connect(request.organisation, by=by, **body.model_dump())
    return Status(201, connection_as_json(connection))


@router.get("/connections/{id}", response=ConnectionAnswer, summary="One connection")
def get_connection(request: Request, id: str) -> dict[str, Any]:
    """The answers of its last check are part of it."""
    permissions.may_see(request.actor).or_refuse()
    return connection_as_json(programs.find(Connection, request, pk=id))


@router.post("/connections/{id}/checks", response=CheckAnswer, summary="Check a connection now")
def create_check(request: Request, id: str) -> dict[str, Any]:
    """Signs in and looks at every right that the actions need; changes nothing at the provider."""
    programs.require_scope(request, programs.WRITE, programs.ADMIN)
    connection = programs.find(Connection, request, pk=id)
    return check_as_json(lifecycle.check(connection, by=programs.actor_of(request)))


@router.post("/connections/{id}/examinations", response=ExaminationAnswer, summary="Ask a provider's check now")
def create_examination(request: Request, id: str, body: NewExamination) -> dict[str, Any]:
    """The same question that a step of a playbook asks; changes nothing and is not kept."""
    programs.require_scope(request, programs.WRITE, programs.ADMIN)
    connection = programs.find(Connection, request, pk=id)
    result = asking.examine(connection, by=programs.actor_of(request), check=body.check, parameters=body.parameters)
    return _result_as_json(result, registry.provider(connection.provider).declared_check(body.check).unit)


@router.post("/connections/{id}/credentials", response={201: ConnectionAnswer}, summary="Replace credentials")
@programs.idempotent
def create_credentials(request: Request, id: str, body: NewCredentials) -> Status:
    """Needs the scope `admin`. Findings of the old ones no longer count: check again."""
    programs.require_scope(request, programs.ADMIN)
    connection = programs.find(Connection, request, pk=id)
    by = programs.actor_of(request)
    replaced = lifecycle.replace_credentials(connection, by=by, credentials=body.credentials)
    return Status(201, connection_as_json(replaced))


def connection_as_json(connection: Connection) -> dict[str, Any]:
    """Return what programs see of a connection: never its credentials."""
    return {
        "id": str(connection.pk),
        "name": connection.name,
        "provider": connection.provider,
        "base_url": connection.base_url,
        "settings": connection.settings,
        "check": check_as_json(connection),
        "created_at": connection.created_at,
        "html_url": settings.BASE_URL + reverse("providers:connection", args=[connection.pk]),
        "hook_url": receiving.address_of(connection),
    }


def _result_as_json(result: CheckResult, unit: str) -> dict[str, Any]:
    return {
        "holds": result.holds,
        "message": result.message,
        "readings": [{"mark": mark, "text": text} for mark, text in result.readings],
        "value": result.value,
        "unit": unit,
        "window_seconds": result.window_seconds,
        "samples": result.samples,
        "as_of": result.as_of,
    }


def check_as_json(connection: Connection) -> dict[str, Any]:
    """Return what the last check found."""
    return {
        "ok": connection.check_ok,
        "findings": connection.findings,
        "checked_at": connection.checked_at,
    }
