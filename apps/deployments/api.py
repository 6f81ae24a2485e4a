"""Services, environments, deployments, the gate and freezes, for programs."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from ninja import Query, Router, Status
from pydantic import ConfigDict, Field

from apps.accounts import programs
from apps.accounts.requests import Request
from apps.accounts.seeing import EVERYTHING, Sight, sight_of
from apps.deployments import gating, lifecycle
from apps.deployments.answering import (
    deployment_as_json,
    environment_as_json,
    service_as_json,
    with_environments,
)
from apps.deployments.finding import environment_named, place_named, service_named
from apps.deployments.freeze_api import router as freezes
from apps.deployments.models import Deployment, Environment, Service
from apps.deployments.redeploy_api import router as redeployments
from apps.deployments.schemas import (
    DeploymentAnswer,
    Deployments,
    EnvironmentAnswer,
    GateAnswer,
    ServiceAnswer,
    Services,
)
from apps.providers.models import Connection

router = Router(tags=["deployments"])
router.add_router("", freezes)
router.add_router("", redeployments)


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


class EnvironmentChange(programs.Body):
    """What to change; what is left out stays. A role that is null loses its connection."""

    public_url: str | None = None
    serving: Serving | None = None
    connections: dict[str, str | None] = Field(default_factory=dict)


class Verdict(programs.Body):
    """Whether one may go back to a deployment, and why."""

    good: bool
    reason: str


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


@router.get("/services", response=Services, summary="List services and their environments")
def list_services(request: Request, listing: Query[programs.Listing]) -> dict[str, Any]:
    """By their slug."""
    rows = with_environments(Service.objects.visible_to(request.actor), sight_of(request.actor))
    return programs.page(request, rows, order="slug", render=service_as_json)


@router.post("/services", response={201: ServiceAnswer}, summary="Add a service")
@programs.idempotent
def create_service(request: Request, body: NewService) -> Status:
    """Needs the scope `admin` and a person who may manage services."""
    programs.require_scope(request, programs.ADMIN)
    by = programs.actor_of(request)
    service = lifecycle.create_service(request.organisation, by=by, **body.model_dump())
    return Status(201, service_as_json(_fresh(service)))


@router.get("/services/{slug}", response=ServiceAnswer, summary="One service")
def get_service(request: Request, slug: str) -> dict[str, Any]:
    """With its environments and what is live in each."""
    found = programs.find(Service, request, slug=slug)
    return service_as_json(_fresh(found, sight_of(request.actor)))


@router.post("/services/{slug}/environments", response={201: EnvironmentAnswer}, summary="Add an environment")
@programs.idempotent
def create_environment(request: Request, slug: str, body: NewEnvironment) -> Status:
    """Needs the scope `admin`; freezes that are wider than it hold from the start."""
    programs.require_scope(request, programs.ADMIN)
    service = programs.find(Service, request, slug=slug)
    environment = lifecycle.create_environment(
        service,
        by=programs.actor_of(request),
        name=body.name,
        kind=body.kind,
        public_url=body.public_url,
        serving=_serving(body.serving),
        connections={role: _connection(request, role, key) for role, key in body.connections.items()},
    )
    return Status(201, _shown(environment))


@router.patch("/services/{slug}/environments/{name}", response=EnvironmentAnswer, summary="Change an environment")
def change_environment(request: Request, slug: str, name: str, body: EnvironmentChange) -> dict[str, Any]:
    """Needs the scope `admin`. Plans that were approved keep the connections they named."""
    programs.require_scope(request, programs.ADMIN)
    environment = lifecycle.change_environment(
        programs.find(Environment, request, service__slug=slug, name=name),
        by=programs.actor_of(request),
        public_url=body.public_url,
        serving=_serving(body.serving),
        connections={role: _connection(request, role, key) if key else None for role, key in body.connections.items()},
    )
    return _shown(environment)


@router.get("/deployments", response=Deployments, summary="List deployments")
def list_deployments(request: Request, listing: Query[DeploymentListing]) -> dict[str, Any]:
    """Newest first."""
    rows = Deployment.objects.filter(organisation=request.organisation)
    service, environment = place_named(request, listing.service, listing.environment)
    rows = rows.filter(service=service) if service else rows
    rows = rows.filter(environment=environment) if environment else rows
    rows = rows.select_related("service", "environment")
    return programs.page(request, rows, order="-deployed_at", render=deployment_as_json)


@router.post("/deployments", response={201: DeploymentAnswer}, summary="Register a deployment")
@programs.idempotent
def create_deployment(request: Request, body: NewDeployment) -> Status:
    """What was released and what it changed. 409 when the reference is registered already."""
    programs.require_scope(request, programs.WRITE)
    environment = environment_named(request, service_named(request, body.service), body.environment)
    said = body.model_dump(exclude={"service", "environment", "playbook"})
    deployment = lifecycle.register_deployment(
        environment, by=programs.actor_of(request), playbook=body.playbook or "", **said
    )
    return Status(201, deployment_as_json(deployment))


@router.get("/deployments/{id}", response=DeploymentAnswer, summary="One deployment")
def get_deployment(request: Request, id: str) -> dict[str, Any]:
    """What it changed, and whether the host can still serve it."""
    rows = Deployment.objects.select_related("service", "environment")
    return deployment_as_json(programs.find(rows, request, pk=id))


@router.post("/deployments/{id}/verdict", response={201: DeploymentAnswer}, summary="Mark as good or unfit")
@programs.idempotent
def create_verdict(request: Request, id: str, body: Verdict) -> Status:
    """Says whether one may go back to it, with the reason."""
    programs.require_scope(request, programs.WRITE)
    deployment = programs.find(Deployment, request, pk=id)
    judge = lifecycle.mark_good if body.good else lifecycle.mark_unfit
    judge(deployment, by=programs.person_of(request), reason=body.reason)
    return Status(201, get_deployment(request, id))


@router.get("/gate", response=GateAnswer, by_alias=True, summary="May this version go out?")
def ask_gate(request: Request, asked: Query[GateQuestion]) -> dict[str, Any]:
    """For deploy pipelines: `pass`, and every reason why not."""
    service = service_named(request, asked.service)
    environment = environment_named(request, service, asked.environment)
    verdict = gating.gate(service, environment, asked.version)
    return {"pass": verdict.passes, "reasons": list(verdict.reasons)}


def _fresh(service: Service, sight: Sight = EVERYTHING) -> Any:
    return with_environments(Service.objects.filter(pk=service.pk), sight).get()


def _shown(environment: Environment) -> dict[str, Any]:
    service = _fresh(environment.service)
    return environment_as_json(next(one for one in service.known_environments if one == environment), service)


def _serving(body: Serving | None) -> dict[str, str] | None:
    return body.model_dump(by_alias=True, exclude_none=True) if body else None


def _connection(request: Request, role: str, key: str) -> Connection:
    return programs.refer(Connection, request, f"connections.{role}", pk=key)
