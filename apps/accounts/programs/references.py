"""Finds what a program or a page names, if it is theirs to see: foreign, unseen and unknown look the same."""

from __future__ import annotations

from typing import Any, TypeVar, cast

from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from apps.accounts.requests import Request
from apps.accounts.seeing import seen_by
from apps.timeline.answers import Missing, Unacceptable

Row = TypeVar("Row", bound=Model)
NOWHERE = "There is no such thing here."


def find(things: type[Row] | QuerySet[Row], request: HttpRequest, **named: Any) -> Row:
    """Return the row that the path names and whoever asks may see, e.g. `find(Incident, request, pk=id)`.

    Raises Missing (404), with the same text for a foreign, an unseen, an unknown and an unreadable id.
    """
    if (row := _lookup(things, viewer_of(request), named)) is None:
        raise Missing(NOWHERE)
    return row


def refer(things: type[Row] | QuerySet[Row], request: HttpRequest, field: str, **named: Any) -> Row:
    """Return the row that the body names in `field`: `refer(Service, request, "service", slug=body.service)`.

    Raises Unacceptable (422 `unknown_reference`), with the same text for a foreign, an unseen and an unknown one.
    """
    if (row := _lookup(things, viewer_of(request), named)) is None:
        raise Unacceptable(f"{field}: there is no such thing here.", code="unknown_reference", field=field)
    return row


def viewer_of(request: HttpRequest) -> Any:
    """Return whose eyes look: the person of a page, or the person or service of a token."""
    return getattr(request, "actor", None) or cast(Request, request).person


def _lookup(things: type[Row] | QuerySet[Row], viewer: Any, named: dict[str, Any]) -> Row | None:
    if any(isinstance(value, str) and not value.isprintable() for value in named.values()):
        return None
    rows = things if isinstance(things, QuerySet) else things._default_manager.all()
    try:
        return seen_by(rows.filter(**named), viewer).first()
    except (ValidationError, ValueError):
        return None
