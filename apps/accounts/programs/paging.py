"""Lists by keyset: `?after=` carries the last row's place, so a page costs the same at any depth."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest

from apps.accounts.programs.references import viewer_of
from apps.accounts.seeing import sight_of, within
from apps.timeline.answers import Unacceptable

MOST = 200
USUAL = 50


def page(
    request: HttpRequest,
    rows: QuerySet[Any],
    *,
    render: Callable[[Any], Any],
    order: str = "id",
    usual: int = USUAL,
) -> dict[str, Any]:
    """Return {"items": [render(row), …], "next": cursor or None} for `?after=` and `?limit=` of the request.

    `order` is one field that is never null, "-" before it for newest first; the id breaks ties. Ids are
    UUIDv7, so order="id" is the order of creation. Raises Unacceptable for a wrong limit or cursor.
    """
    found, cursor = slice_of(request, rows, order=order, usual=usual)
    return {"items": [render(row) for row in found], "next": cursor}


def slice_of(
    request: HttpRequest, rows: QuerySet[Any], *, order: str = "id", usual: int = USUAL
) -> tuple[list[Any], str | None]:
    """Return (rows of this page, cursor of the next or None); pages of people use it as well.

    Rows that whoever asks may not see are left out.
    """
    rows = within(rows, sight_of(viewer_of(request)))
    field, falling = order.lstrip("-"), order.startswith("-")
    limit = _limit(request.GET.get("limit"), usual)
    if after := request.GET.get("after"):
        rows = rows.filter(_beyond(rows.model, field, falling, after))
    signs = ("-" if falling else "") + field, ("-" if falling else "") + "id"
    found = list(rows.order_by(*dict.fromkeys(signs))[: limit + 1])
    return found[:limit], _cursor(found[limit - 1], field) if len(found) > limit else None


def _limit(text: str | None, usual: int) -> int:
    if text is None:
        return usual
    if not (text.isascii() and text.isdigit() and len(text) < 5 and 1 <= int(text) <= MOST):
        raise Unacceptable(f"limit: give a whole number from 1 to {MOST}.", field="limit")
    return int(text)


def _column(model: type[Model], name: str) -> Any:
    return model._meta.get_field(name)


def _cursor(row: Model, field: str) -> str:
    place = [_column(type(row), field).value_to_string(row), str(row.pk)]
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")


def _beyond(model: type[Model], field: str, falling: bool, after: str) -> Q:
    side = "lt" if falling else "gt"
    value, key = _place(model, field, after)
    if field in {"id", "pk"}:
        return Q(**{f"id__{side}": key})
    return Q(**{f"{field}__{side}": value}) | Q(**{field: value, f"id__{side}": key})


def _place(model: type[Model], field: str, after: str) -> tuple[Any, Any]:
    try:
        raw = base64.urlsafe_b64decode(after.encode("ascii") + b"=" * (-len(after) % 4))
        value, key = json.loads(raw)
        if "\x00" in value:
            raise ValueError("NUL")
        return _column(model, field).to_python(value), model._meta.pk.to_python(key)
    except (ValueError, TypeError, binascii.Error, ValidationError, RecursionError) as problem:
        raise Unacceptable("after: this is not a cursor of this list.", field="after") from problem


def page_of_list(request: HttpRequest, rows: list[Any], *, render: Callable[[Any], Any]) -> dict[str, Any]:
    """Return the same page for rows that are already here and in order: the cursor is the last row's id."""
    limit, after = _limit(request.GET.get("limit"), USUAL), request.GET.get("after")
    places = {str(row.pk): number for number, row in enumerate(rows)}
    if after is not None and after not in places:
        raise Unacceptable("after: this is not a cursor of this list.", field="after")
    rest = rows[places[after] + 1 :] if after is not None else rows
    cursor = str(rest[limit - 1].pk) if len(rest) > limit else None
    return {"items": [render(row) for row in rest[:limit]], "next": cursor}
