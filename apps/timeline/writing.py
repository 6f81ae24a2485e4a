"""Rows that one transaction writes together: they go to Postgres in one round trip, in the order of their telling."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection, connections, models, transaction

Statement = tuple[str, list[Any]]
_waiting: ContextVar[list[Statement] | None] = ContextVar("waiting", default=None)


@contextmanager
def committed_together() -> Iterator[None]:
    """A transaction that holds back what `insert` and `update` are given, and sends it along with its COMMIT.

    Whatever else the block asks of Postgres does not see these rows yet. After an exception nothing is written.
    """
    # The pipeline is closed last, so that it holds the COMMIT as well.
    with ExitStack() as pipeline, transaction.atomic():
        statements: list[Statement] = []
        token = _waiting.set(statements)
        try:
            yield
        finally:
            _waiting.reset(token)
        if statements:
            pipeline.enter_context(connection.connection.pipeline())
            _execute(statements)


def insert(row: models.Model) -> None:
    """Write a new row: now, or with the others of the block."""
    _write(_insertion(type(row)), [_value(row, field, add=True) for field in _fields(type(row))])
    row._state.adding = False


def update(row: models.Model, names: Sequence[str]) -> None:
    """Write the named fields of a row that exists: now, or with the others of the block."""
    fields = [row._meta.get_field(name) for name in names]
    _write(_change(type(row), tuple(names)), [*(_value(row, field, add=False) for field in fields), row.pk])


def _write(sql: str, values: list[Any]) -> None:
    waiting = _waiting.get()
    if waiting is None:
        _execute([(sql, values)])
    else:
        waiting.append((sql, values))


def _execute(statements: list[Statement]) -> None:
    with connection.cursor() as cursor:
        for sql, values in statements:
            cursor.execute(sql, values)


def _value(row: models.Model, field: Any, *, add: bool) -> Any:
    return field.get_db_prep_save(field.pre_save(row, add), connections[DEFAULT_DB_ALIAS])


@cache
def _fields(model: type[models.Model]) -> list[Any]:
    return list(model._meta.local_concrete_fields)


@cache
def _insertion(model: type[models.Model]) -> str:
    names = ", ".join(f'"{field.column}"' for field in _fields(model))
    marks = ", ".join("%s" for _ in _fields(model))
    return f'INSERT INTO "{model._meta.db_table}" ({names}) VALUES ({marks})'


@cache
def _change(model: type[models.Model], names: tuple[str, ...]) -> str:
    columns = [model._meta.get_field(name).column for name in names]  # type: ignore[union-attr]
    changes = ", ".join(f'"{column}" = %s' for column in columns)
    return f'UPDATE "{model._meta.db_table}" SET {changes} WHERE "{model._meta.pk.column}" = %s'
