"""The one clock that rules compare with: the database's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import DateTimeField, Func

_standing: ContextVar[datetime | None] = ContextVar("standing", default=None)


def clock_timestamp() -> Func:
    """Return the database's time as an expression, to be read along with a row."""
    return Func(function="clock_timestamp", output_field=DateTimeField())


@contextmanager
def standing_at(moment: datetime) -> Iterator[None]:
    """Let the clock stand still in the block: what is written together happened at one moment, read once."""
    token: Any = _standing.set(moment)
    try:
        yield
    finally:
        _standing.reset(token)


def database_now() -> datetime:
    """Return the database's time. No rule compares the clocks of two machines."""
    if (moment := _standing.get()) is not None:
        return moment
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return cursor.fetchone()[0]
