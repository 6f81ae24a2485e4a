"""What programs see of services, environments, deployments and freezes."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db.models import Prefetch, QuerySet
from django.urls import reverse

from apps.accounts.seeing import EVERYTHING, Sight, within
from apps.deployments.models import Deployment, Environment, Freeze, Pin, Service


def with_environments(services: QuerySet[Service], sight: Sight = EVERYTHING) -> QuerySet[Service]:
    """Fetch what `service_as_json` shows, of the environments in sight, in four queries whatever the number."""
    pins = Pin.objects.filter(lifted_at=None).select_related("deployment")
    environments = (
        within(Environment.objects.select_related("live", "freeze_switch"), sight)
        .prefetch_related("connections", Prefetch("pins", pins, "open_pins"))
        .order_by("name")
    )
    return services.prefetch_related(Prefetch("environments", environments, "known_environments"))


def service_as_json(service: Any) -> dict[str, Any]:
    """Return a service that was fetched by `with_environments`."""
    return {
        "id": str(service.pk),
        "slug": service.slug,
        "name": service.name,
        "description": service.description,
        "rto_minutes": service.rto_minutes,
        "audience": service.audience,
        "environments": [environment_as_json(one, service) for one in service.known_environments],
        "created_at": service.created_at,
        "html_url": page_of(service),
    }


def environment_as_json(environment: Any, service: Service) -> dict[str, Any]:
    """Return an environment as a part of its service."""
    live, pins = environment.live, environment.open_pins
    return {
        "id": str(environment.pk),
        "service": service.slug,
        "name": environment.name,
        "kind": environment.kind,
        "public_url": environment.public_url,
        "serving": environment.serving,
        "connections": {one.role: str(one.connection_id) for one in environment.connections.all()},
        "live": _live(live, environment) if live else None,
        "pinned": {"version": pins[0].deployment.version, "since": pins[0].since} if pins else None,
        "rollbacks_frozen": environment.freeze_switch.frozen,
        "html_url": f"{page_of(service)}#{environment.name}",
    }


def deployment_as_json(deployment: Deployment) -> dict[str, Any]:
    """Return a deployment; its service and environment should be fetched with it."""
    return {
        "id": str(deployment.pk),
        "service": deployment.service.slug,
        "environment": deployment.environment.name,
        "reference": deployment.reference,
        "version": deployment.version,
        "commit": deployment.commit,
        "author": deployment.author,
        "summary": deployment.summary,
        "deployed_at": deployment.deployed_at,
        "good": deployment.good,
        "preview_reviewed": deployment.preview_reviewed,
        "flags": deployment.flags,
        "migrations": deployment.migrations,
        "env_changes": deployment.env_changes,
        "variables": (deployment.variables or {}).get("seen"),
        "losses": deployment.losses,
        "playbook": deployment.playbook or None,
        "live": deployment.environment.live_id == deployment.pk,
        "usable": deployment.usable,
        "usable_reason": deployment.usable_reason,
        "checked_at": deployment.checked_at,
        "html_url": f"{page_of(deployment.service)}#{deployment.environment.name}",
    }


def freeze_as_json(freeze: Freeze) -> dict[str, Any]:
    """Return a freeze; `approval` is the question that a second person has to answer before it is lifted."""
    asked = freeze.question if freeze.question and freeze.question.state == "open" else None
    return {
        "id": str(freeze.pk),
        "stops": freeze.stops,
        "scope": freeze.scope,
        "service": freeze.service.slug if freeze.service else None,
        "environment": freeze.environment.name if freeze.environment else None,
        "reason": freeze.reason,
        "active": freeze.lifted_at is None,
        "created_by": freeze.created_by.name if freeze.created_by else None,
        "created_at": freeze.created_at,
        "lifted_by": freeze.lifted_by.name if freeze.lifted_by else None,
        "lifted_at": freeze.lifted_at,
        "approval": str(asked.pk) if asked else None,
        "html_url": settings.BASE_URL + reverse("deployments:freezes"),
    }


def page_of(service: Service) -> str:
    """Return the address of the service's page."""
    return str(settings.BASE_URL + reverse("deployments:service", args=[service.slug]))


def _live(live: Deployment, environment: Environment) -> dict[str, Any]:
    return {
        "id": str(live.pk),
        "reference": live.reference,
        "version": live.version,
        "since": environment.live_since,
    }
