"""Where a thing is: its service and environment, which rights can be given in. Nothing above is imported."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Model

SERVICE, ENVIRONMENT = "deployments.service", "deployments.environment"
WHOLE = ("incident", "rollback", "checklist", "item", "step", "attempt", "question")  # what a thing may be part of


@dataclass(frozen=True)
class Place:
    """A service, and one of its environments or none. Nothing at all means the organisation."""

    service: UUID | None = None
    environment: UUID | None = None

    def __bool__(self) -> bool:
        return self.service is not None or self.environment is not None


ANYWHERE = Place()


def place_of(thing: Any) -> Place:
    """Return where `thing` is: a service, an environment, or whatever names one or belongs to what does.

    Costs a query only where a thing names just its environment or what it is part of, and that is not loaded.
    """
    label = kind_of(thing)
    if label == SERVICE:
        return Place(service=thing.pk)
    if label == ENVIRONMENT:
        return Place(thing.service_id, thing.pk)
    service, environment = getattr(thing, "service_id", None), getattr(thing, "environment_id", None)
    if service is None and environment is not None:
        return place_of(thing.environment)
    if service is not None:
        return Place(service, environment)
    parts = (part for name in WHOLE if (part := getattr(thing, name, None)) is not None)
    return next((place for part in parts if (place := place_of(part))), ANYWHERE)


def kind_of(thing: Any) -> str:
    """Return what a row is, as "app.model" in small letters; an empty text for anything else."""
    return thing._meta.label_lower if isinstance(thing, Model) else ""
