"""What is live, and whether production is pinned to it. The record says so only after it was seen."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from apps.deployments import events
from apps.deployments.models import Deployment, Environment, Pin
from apps.timeline.answers import Unacceptable
from apps.timeline.log import record


@transaction.atomic
def went_live(
    environment: Environment, deployment: Deployment, *, by: Any, pinned: bool, rollback: Any = None
) -> Environment:
    """Keep that `deployment` serves the environment now, seen and not merely asked for.

    `pinned` says that the host no longer lets new releases go live; otherwise an open pin ends. `rollback`
    is the run that did it. No permission is asked: this reports what happened.
    """
    environment = locked(environment)
    if deployment.environment_id != environment.pk:
        raise Unacceptable(
            "The deployment belongs to another environment.", code="unknown_reference", field="deployment"
        )
    previous = environment.live
    now = timezone.now()
    put_live(environment, deployment, since=now)
    incident = getattr(rollback, "incident_id", None)
    names = names_of(deployment)
    record(events.WENT_LIVE, deployment, by=by, incident=incident, previous=previous or "unknown", **names)
    _set_pin(environment, deployment if pinned else None, by=by, now=now, rollback=rollback, incident=incident)
    return environment


def locked(environment: Environment) -> Environment:
    """Return the environment's row, fresh and locked until the end of the transaction.

    Locked first and read then: what is live, joined to the row that is waited for, would be the older one, or none.
    """
    Environment.objects.select_for_update(no_key=True).get(pk=environment.pk)
    return Environment.objects.select_related("service", "live").get(pk=environment.pk)


def open_pin(environment: Environment) -> Pin | None:
    """Return the pin that holds the environment now, or None."""
    return environment.pins.filter(lifted_at=None).select_related("deployment").first()


def goes_live(environment: Environment, deployment: Deployment) -> bool:
    """Say whether a newly registered deployment is what is served: not when pinned, not when it is older."""
    if open_pin(environment):
        return False
    return environment.live is None or deployment.deployed_at >= environment.live.deployed_at


def why_not_live(environment: Environment) -> str:
    """Say in half a sentence why a newly registered deployment is not live."""
    if pin := open_pin(environment):
        return f"; it does not go live, because production is pinned to {pin.deployment.version}"
    return f"; {environment.live} stays live, which is newer"


def put_live(environment: Environment, deployment: Deployment, *, since: datetime) -> None:
    """Keep what is live. The caller holds the environment's row and records why."""
    environment.live, environment.live_since = deployment, since
    environment.save(update_fields=["live", "live_since"])
    if deployment.served_at is None:
        deployment.served_at = since
        deployment.save(update_fields=["served_at"])


def names_of(deployment: Deployment) -> dict[str, Any]:
    """Return the names that sentences about a deployment use."""
    environment = deployment.environment
    return {
        "version": deployment.version,
        "service": environment.service.name,
        "environment": environment.name,
    }


def _set_pin(
    environment: Environment,
    deployment: Deployment | None,
    *,
    by: Any,
    now: datetime,
    rollback: Any,
    incident: Any,
) -> None:
    pin = open_pin(environment)
    if pin:
        pin.lifted_at = now
        pin.save(update_fields=["lifted_at"])
    if deployment:
        Pin.objects.create(
            organisation_id=environment.organisation_id,
            environment=environment,
            deployment=deployment,
            rollback_id=getattr(rollback, "pk", None),
            since=now,
        )
        record(events.PINNED, environment, by=by, incident=incident, **names_of(deployment))
    elif pin:
        record(events.UNPINNED, environment, by=by, incident=incident, **names_of(pin.deployment))
