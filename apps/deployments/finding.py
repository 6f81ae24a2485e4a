"""Find what programs and pages name: services by slug, environments by name; either by id."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Q

from apps.accounts import programs
from apps.accounts.requests import Request
from apps.deployments.models import Environment, Service
from apps.timeline.answers import Unacceptable


def service_named(request: Request, text: str) -> Service:
    """Return the service that a body names in `service`. Raises Unacceptable (unknown_reference)."""
    return programs.refer(Service.objects.filter(_either("slug", text)), request, "service")


def environment_named(request: Request, service: Service, text: str) -> Environment:
    """Return the environment of `service` that a body names. Raises Unacceptable (unknown_reference)."""
    rows = Environment.objects.filter(_either("name", text), service=service)
    return programs.refer(rows.select_related("service", "live"), request, "environment")


def place_named(
    request: Request, service: str | None, environment: str | None
) -> tuple[Service | None, Environment | None]:
    """Return what a body names where each may be left out. Raises Unacceptable (unknown_reference)."""
    if not service:
        if environment:
            raise Unacceptable("Name the service of the environment too.", field="service")
        return None, None
    found = service_named(request, service)
    return found, environment_named(request, found, environment) if environment else None


def _either(field: str, text: str) -> Q:
    if not text.isprintable():
        return Q(pk=None)
    try:
        return Q(pk=UUID(text))
    except ValueError:
        return Q(**{field: text})
