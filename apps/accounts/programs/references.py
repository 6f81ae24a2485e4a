"""Finds what a program or a page names, in its own organisation only: foreign and unknown look the same."""

from __future__ import annotations

from typing import Any, TypeVar, cast

from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from apps.accounts.requests import Request
from apps.timeline.answers import Missing, Unacceptable

Row = TypeVar("Row", bound=Model)
NOWHERE = "There is no such thing here."


def find(things: type[Row] | QuerySet[Row], request: HttpRequest, **named: Any) -> Row:
    """Return the row of `request.organisation` that the path names, e.g. `find(Incident, request, pk=id)`.

    Raises Missing (404), with the same text for a foreign, an unknown and an unreadable id.
    """
    if (row := _lookup(things, cast(Request, request).organisation, named)) is None:
        raise Missing(NOWHERE)
    return row


def refer(things: type[Row] | QuerySet[Row], request: HttpRequest, field: str, **named: Any) -> Row:
    """Return the row that the body names in `field`: `refer(Service, request, "service", slug=body.service)`.

    Raises Unacceptable (422 `unknown_reference`), with the same text for a foreign and an unknown one.
    """
    if (row := _lookup(things, cast(Request, request).organisation, named)) is None:
        raise Unacceptable(f"{field}: there is no such thing here.", code="unknown_reference", field=field)
    return row


def _lookup(things: type[Row] | QuerySet[Row], organisation: Any, named: dict[str, Any]) -> Row | None:
    if any(isinstance(value, str) and not value.isprintable() for value in named.values()):
        return None
    rows = things if isinstance(things, QuerySet) else things._default_manager.all()
    try:
        return rows.filter(organisation=organisation, **named).first()
    except (ValidationError, ValueError):
        return None
