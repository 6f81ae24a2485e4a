"""The life of what runs: services, environments, deployments, which of them is live, and what is frozen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from apps.accounts.models import Organisation, Person
from apps.deployments import entering, events, permissions
from apps.deployments.freezing import freeze
from apps.deployments.lifting import ask_to_lift, lift
from apps.deployments.models import Deployment, Environment, EnvironmentConnection, Service
from apps.deployments.plans import known_plan
from apps.deployments.production import goes_live, locked, names_of, put_live, went_live, why_not_live
from apps.deployments.switches import begin_under_freezes
from apps.providers.models import Connection
from apps.timeline.answers import Refused, Unacceptable
from apps.timeline.log import record

__all__ = [
    "ask_to_lift",
    "change_environment",
    "create_environment",
    "create_service",
    "freeze",
    "lift",
    "mark_good",
    "mark_unfit",
    "register_deployment",
    "went_live",
]


@transaction.atomic
def create_service(
    organisation: Organisation,
    *,
    by: Any,
    slug: str,
    name: str,
    description: str = "",
    rto_minutes: int = 60,
    audience: str = "",
) -> Service:
    """Add something customers use, with its minutes to recover. Raises Forbidden, Unacceptable or Refused."""
    permissions.may_describe(by).or_refuse()
    if not 1 <= rto_minutes <= 10_080:
        raise Unacceptable("Give the time to recover in minutes, at most a week.", field="rto_minutes")
    service = Service(
        organisation=organisation,
        slug=entering.slug(slug, "slug"),
        name=entering.name(name, "name", limit=120),
        description=entering.text(description, "description", limit=2000, required=False),
        rto_minutes=rto_minutes,
        audience=entering.text(audience, "audience", limit=200, required=False),
    )
    _insert(service, f"There is already a service called “{service.slug}”.")
    record(events.SERVICE_CREATED, service, by=by, service=service.name)
    return service


@transaction.atomic
def create_environment(
    service: Service,
    *,
    by: Any,
    name: str,
    kind: str = "production",
    public_url: str = "",
    serving: Mapping[str, Any] | None = None,
    connections: Mapping[str, Connection] | None = None,
) -> Environment:
    """Add a place where the service runs; `connections` maps roles to connections.

    Wider freezes hold from the start. Raises Forbidden, Unacceptable or Refused.
    """
    permissions.may_describe(by).or_refuse()
    environment = Environment(
        organisation_id=service.organisation_id,
        service=service,
        name=entering.slug(name, "name"),
        kind=entering.name(kind, "kind", limit=40),
        public_url=entering.public_url(public_url),
        serving=entering.serving(serving),
    )
    roles = [(entering.role_of(role, one), one) for role, one in (connections or {}).items()]
    _insert(environment, f"{service.name} already has an environment called “{environment.name}”.")
    EnvironmentConnection.objects.bulk_create(
        EnvironmentConnection(
            organisation_id=service.organisation_id, environment=environment, role=role, connection=connection
        )
        for role, connection in roles
    )
    begin_under_freezes(environment)
    record(events.ENVIRONMENT_CREATED, environment, by=by, environment=environment.name, service=service.name)
    return environment


@transaction.atomic
def change_environment(
    environment: Environment,
    *,
    by: Any,
    public_url: str | None = None,
    serving: Mapping[str, Any] | None = None,
    connections: Mapping[str, Connection | None] | None = None,
) -> Environment:
    """Change what is given and leave the rest; a role that maps to None loses its connection.

    A plan that was approved keeps the connections it named. Raises Forbidden or Unacceptable.
    """
    environment = locked(environment)
    permissions.may_describe(by).or_refuse()
    changes = []
    if public_url is not None and (url := entering.public_url(public_url)) != environment.public_url:
        environment.public_url = url
        changes.append(f"public address {url or 'none'}")
    if serving is not None and (place := entering.serving(serving)) != environment.serving:
        environment.serving = place
        changes.append("where it tells its version")
    changes += _set_roles(environment, connections or {})
    if changes:
        environment.save(update_fields=["public_url", "serving"])
        names: dict[str, Any] = {"environment": environment.name, "service": environment.service.name}
        record(events.ENVIRONMENT_CHANGED, environment, by=by, changes=", ".join(changes), **names)
    return environment


@transaction.atomic
def register_deployment(
    environment: Environment,
    *,
    by: Any,
    reference: str,
    version: str,
    commit: str = "",
    deployed_at: datetime | None = None,
    good: bool | None = None,
    preview_reviewed: bool | None = None,
    author: str = "",
    summary: str = "",
    flags: Sequence[str] = (),
    migrations: Sequence[Mapping[str, Any]] = (),
    env_changes: Sequence[Any] = (),
    losses: Sequence[str] = (),
    playbook: str = "",
) -> Deployment:
    """Keep what was released and what it changed.

    It is live from then on, unless production is pinned to another one or something newer is live. Raises
    Forbidden, Unacceptable, or Refused when the provider's reference is registered already.
    """
    environment = locked(environment)
    permissions.may_register(by, environment).or_refuse()
    deployment = Deployment(
        organisation_id=environment.organisation_id,
        service_id=environment.service_id,
        environment=environment,
        reference=entering.name(reference, "reference", limit=200),
        version=entering.name(version, "version", limit=100),
        commit=entering.text(commit, "commit", limit=64, required=False),
        author=entering.text(author, "author", limit=200, required=False),
        summary=entering.text(summary, "summary", limit=300, required=False),
        deployed_at=entering.moment(deployed_at, "deployed_at"),
        good=good,
        preview_reviewed=preview_reviewed,
        flags=entering.words(flags, "flags"),
        migrations=entering.migrations(migrations),
        env_changes=entering.env_changes(env_changes),
        losses=[entering.text(loss, "losses", limit=300) for loss in losses],
        playbook=known_plan(environment, playbook),
    )
    _insert(deployment, f"The deployment {deployment.reference} is registered in {environment} already.")
    live = goes_live(environment, deployment)
    if live:
        put_live(environment, deployment, since=deployment.deployed_at)
    told = ", where it is live" if live else why_not_live(environment)
    record(
        events.REGISTERED,
        deployment,
        by=by,
        live=told,
        **names_of(deployment),
        reference=deployment.reference,
    )
    return deployment


def mark_good(deployment: Deployment, *, by: Person, reason: str) -> Deployment:
    """Say that it worked, so that one may go back to it. Raises Forbidden or Unacceptable."""
    return _judge(deployment, good=True, by=by, reason=reason)


def mark_unfit(deployment: Deployment, *, by: Person, reason: str) -> Deployment:
    """Say that nobody should go back to it. Raises Forbidden or Unacceptable."""
    return _judge(deployment, good=False, by=by, reason=reason)


@transaction.atomic
def _judge(deployment: Deployment, *, good: bool, by: Person, reason: str) -> Deployment:
    deployment = Deployment.objects.select_for_update(of=("self",)).select_related("service").get(pk=deployment.pk)
    permissions.may_register(by, deployment).or_refuse()
    reason = entering.text(reason, "reason", limit=500)
    deployment.good = good
    deployment.save(update_fields=["good"])
    what = events.MARKED_GOOD if good else events.MARKED_UNFIT
    record(what, deployment, by=by, version=deployment.version, service=deployment.service.name, reason=reason)
    return deployment


def _set_roles(environment: Environment, connections: Mapping[str, Connection | None]) -> list[str]:
    """Fill, replace and empty roles; returns what changed, in words."""
    before = {one.role: one for one in environment.connections.select_related("connection")}
    changes = []
    for role, connection in connections.items():
        known = before.get(role)
        if connection is None:
            if known:
                known.delete()
                changes.append(f"no {role} connection")
            continue
        entering.role_of(role, connection)
        if known is None or known.connection_id != connection.pk:
            EnvironmentConnection.objects.update_or_create(
                environment=environment,
                role=role,
                defaults={"connection": connection, "organisation_id": environment.organisation_id},
            )
            changes.append(f"{role} connection “{connection.name}”")
    return changes


def _insert(row: Any, taken: str) -> None:
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        raise Refused(f"{taken} Nothing was changed.", code="already_there") from None
