"""Services, environments, deployments, the gate and freezes, for programs."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from django.http import HttpRequest
from ninja import Query, Router, Status
from pydantic import ConfigDict, Field

from apps.accounts import programs
from apps.deployments import gating, lifecycle, permissions
from apps.deployments.answering import (
    deployment_as_json,
    environment_as_json,
    freeze_as_json,
    service_as_json,
    with_environments,
)
from apps.deployments.finding import environment_named, place_named, service_named
from apps.deployments.models import Deployment, Freeze, Service
from apps.deployments.schemas import (
    DeploymentAnswer,
    Deployments,
    EnvironmentAnswer,
    FreezeAnswer,
    Freezes,
    GateAnswer,
    ServiceAnswer,
    Services,
)
from apps.providers.models import Connection

router = Router(tags=["deployments"])


class NewService(programs.Body):
    """Something customers use."""

    slug: str
    name: str
    description: str = ""
    rto_minutes: int = Field(60, description="How soon it has to work again, in minutes.")
    audience: str = Field("", description="Who feels it when it fails.")


class Serving(programs.Body):
    """Where the public address tells which version answers: a header, or a place in the JSON ("a.b")."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, populate_by_name=True)

    path: str
    header: str | None = None
    member: str | None = Field(None, alias="json")


class NewEnvironment(programs.Body):
    """Where a service runs. `connections` maps roles to ids of connections."""

    name: str
    kind: str = "production"
    public_url: str = ""
    serving: Serving | None = None
    connections: dict[str, str] = Field(default_factory=dict)


class Migration(programs.Body):
    """One change of a database that came with the release."""

    id: str
    kind: Literal["additive", "destructive"]
    reversible: bool
    down: str | None = None


class NewDeployment(programs.Body):
    """One release: `reference` is the provider's own id of it."""

    service: str
    environment: str
    reference: str
    version: str
    commit: str = ""
    deployed_at: datetime | None = None
    good: bool | None = None
    preview_reviewed: bool | None = None
    author: str = ""
    summary: str = ""
    flags: list[str] = Field(default_factory=list)
    migrations: list[Migration] = Field(default_factory=list)
    env_changes: list[str | dict[str, Any]] = Field(default_factory=list)
    losses: list[str] = Field(default_factory=list, max_length=50)
    playbook: str | None = None


class DeploymentListing(programs.Listing):
    """Filters of the list of deployments."""

    service: str | None = None
    environment: str | None = None


class GateQuestion(programs.Body):
    """What a deploy pipeline wants to do."""

    service: str
    environment: str
    version: str = Field(min_length=1, max_length=100)


class NewFreeze(programs.Body):
    """What to stop, where, and why."""

    stops: Literal["rollbacks", "deployments"]
    scope: Literal["environment", "service", "organisation", "all"]
    service: str | None = None
    environment: str | None = None
    reason: str


class FreezeListing(programs.Listing):
    """Filters of the list of freezes."""

    active: bool | None = None


class Lifting(programs.Body):
    """Why it may be lifted."""

    reason: str


@router.get("/services", response=Services, summary="List services and their environments")
def list_services(request: HttpRequest, listing: Query[programs.Listing]) -> dict[str, Any]:
    """By their slug."""
    rows = with_environments(Service.objects.filter(organisation=request.organisation))
    return programs.page(request, rows, order="slug", render=service_as_json)


@router.post("/services", response={201: ServiceAnswer}, summary="Add a service")
@programs.idempotent
def create_service(request: HttpRequest, body: NewService) -> Status:
    """Needs the scope `admin` and a person who may manage services."""
    programs.require_scope(request, programs.ADMIN)
    by = programs.actor_of(request)
    service = lifecycle.create_service(request.organisation, by=by, **body.model_dump())
    return Status(201, service_as_json(_fresh(service)))


@router.get("/services/{slug}", response=ServiceAnswer, summary="One service")
def get_service(request: HttpRequest, slug: str) -> dict[str, Any]:
    """With its environments and what is live in each."""
    return service_as_json(_fresh(programs.find(Service, request, slug=slug)))


@router.post("/services/{slug}/environments", response={201: EnvironmentAnswer}, summary="Add an environment")
@programs.idempotent
def create_environment(request: HttpRequest, slug: str, body: NewEnvironment) -> Status:
    """Needs the scope `admin`; freezes that are wider than it hold from the start."""
    programs.require_scope(request, programs.ADMIN)
    service = programs.find(Service, request, slug=slug)
    environment = lifecycle.create_environment(
        service,
        by=programs.actor_of(request),
        name=body.name,
        kind=body.kind,
        public_url=body.public_url,
        serving=body.serving.model_dump(by_alias=True, exclude_none=True) if body.serving else None,
        connections={
            role: programs.refer(Connection, request, f"connections.{role}", pk=key)
            for role, key in body.connections.items()
        },
    )
    service = _fresh(service)
    made = next(one for one in service.known_environments if one.pk == environment.pk)
    return Status(201, environment_as_json(made, service))


@router.get("/deployments", response=Deployments, summary="List deployments")
def list_deployments(request: HttpRequest, listing: Query[DeploymentListing]) -> dict[str, Any]:
    """Newest first."""
    rows = Deployment.objects.filter(organisation=request.organisation)
    service, environment = place_named(request, listing.service, listing.environment)
    rows = rows.filter(service=service) if service else rows
    rows = rows.filter(environment=environment) if environment else rows
    rows = rows.select_related("service", "environment")
    return programs.page(request, rows, order="-deployed_at", render=deployment_as_json)


@router.post("/deployments", response={201: DeploymentAnswer}, summary="Register a deployment")
@programs.idempotent
def create_deployment(request: HttpRequest, body: NewDeployment) -> Status:
    """What was released and what it changed. 409 when the reference is registered already."""
    programs.require_scope(request, programs.WRITE)
    environment = environment_named(request, service_named(request, body.service), body.environment)
    said = body.model_dump(exclude={"service", "environment", "playbook"})
    deployment = lifecycle.register_deployment(
        environment, by=programs.actor_of(request), playbook=body.playbook or "", **said
    )
    return Status(201, deployment_as_json(deployment))


@router.get("/gate", response=GateAnswer, by_alias=True, summary="May this version go out?")
def ask_gate(request: HttpRequest, asked: Query[GateQuestion]) -> dict[str, Any]:
    """For deploy pipelines: `pass`, and every reason why not."""
    service = service_named(request, asked.service)
    environment = environment_named(request, service, asked.environment)
    verdict = gating.gate(service, environment, asked.version)
    return {"pass": verdict.passes, "reasons": list(verdict.reasons)}


@router.get("/freezes", response=Freezes, summary="List freezes")
def list_freezes(request: HttpRequest, listing: Query[FreezeListing]) -> dict[str, Any]:
    """Newest first; `?active=true` leaves out the lifted ones."""
    permissions.may_see_freezes(request.actor).or_refuse()
    rows = _freezes().filter(organisation=request.organisation)
    if listing.active is not None:
        rows = rows.filter(lifted_at__isnull=listing.active)
    return programs.page(request, rows, order="-created_at", render=freeze_as_json)


@router.post("/freezes", response={201: FreezeAnswer}, summary="Stop rollbacks or deployments")
@programs.idempotent
def create_freeze(request: HttpRequest, body: NewFreeze) -> Status:
    """`rollbacks` is the kill switch and holds from the moment of the answer."""
    programs.require_scope(request, programs.ADMIN)
    service, environment = place_named(request, body.service, body.environment)
    freeze = lifecycle.freeze(
        request.organisation,
        by=programs.person_of(request),
        stops=body.stops,
        scope=body.scope,
        service=service,
        environment=environment,
        reason=body.reason,
    )
    return Status(201, freeze_as_json(freeze))


@router.post("/freezes/{id}/lifting", response={202: FreezeAnswer}, summary="Ask to lift a freeze")
@programs.idempotent
def create_lifting(request: HttpRequest, id: str, body: Lifting) -> Status:
    """202 with `approval`: a second person answers it, then the freeze ends."""
    programs.require_scope(request, programs.ADMIN)
    freeze = programs.find(_freezes(), request, pk=id)
    lifecycle.ask_to_lift(freeze, by=programs.person_of(request), reason=body.reason)
    return Status(202, freeze_as_json(programs.find(_freezes(), request, pk=id)))


def _fresh(service: Service) -> Any:
    return with_environments(Service.objects.filter(pk=service.pk)).get()


def _freezes() -> Any:
    return Freeze.objects.select_related("service", "environment", "created_by", "lifted_by", "question")
