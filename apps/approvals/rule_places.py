"""The services and environments that rules are about. They belong to an app above, so only their tables are used."""

from __future__ import annotations

from typing import Any

from apps.accounts.seeing import seen_by
from apps.approvals.models import Rule
from apps.timeline.answers import Unacceptable

Services: Any = Rule._meta.get_field("service").related_model
Environments: Any = Rule._meta.get_field("environment").related_model


def environments_of(organisation_id: Any) -> list[Any]:
    """Return an organisation's environments with their services, in the order of their names. One query."""
    rows = Environments.objects.filter(organisation_id=organisation_id).select_related("service")
    return list(rows.order_by("service__name", "name"))


def environments_seen_by(person: Any) -> list[Any]:
    """Return the environments that a person sees, with their services, in the order of their names."""
    rows = seen_by(Environments.objects.select_related("service"), person)
    return list(rows.order_by("service__name", "name"))


def named(organisation_id: Any, service: str, environment: str) -> dict[str, Any]:
    """Return {"service", "environment"} by their names; "" means none. An environment is named with its service.

    Raises Unacceptable (`unknown_reference`), with the same text for a foreign one and none.
    """
    if not service and not environment:
        return {"service": None, "environment": None}
    found = _first(Services, "service", organisation_id=organisation_id, slug=service)
    if not environment:
        return {"service": found, "environment": None}
    here = _first(Environments, "environment", organisation_id=organisation_id, service=found, name=environment)
    return {"service": None, "environment": here}


def _first(rows: Any, field: str, **wanted: Any) -> Any:
    if not all(value.isprintable() for value in wanted.values() if isinstance(value, str)):
        raise _unknown(field)
    found = rows.objects.filter(**wanted).first()
    if found is None:
        raise _unknown(field)
    return found


def _unknown(field: str) -> Unacceptable:
    return Unacceptable(f"{field}: there is no such thing here.", code="unknown_reference", field=field)
