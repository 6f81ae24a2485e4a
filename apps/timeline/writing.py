"""Rows that one transaction writes together: they go to Postgres in one round trip, in the order of their telling."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
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
    sql, columns = _insertion(type(row))
    _write(sql, [_value(row, column, add=True) for column in columns])
    row._state.adding = False


def update(row: models.Model, names: tuple[str, ...]) -> None:
    """Write the named fields of a row that exists: now, or with the others of the block."""
    sql, columns = _change(type(row), names)
    _write(sql, [*(_value(row, column, add=False) for column in columns), row.pk])


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


@dataclass(frozen=True)
class Column:
    """A field as it is written; `plain` means that psycopg takes its value as it is."""

    name: str
    attribute: str
    field: Any
    plain: bool


PLAIN = (
    models.BooleanField, models.CharField, models.DateTimeField, models.FloatField, models.ForeignKey,
    models.IntegerField, models.TextField, models.UUIDField,
)  # fmt: skip


def _column(field: Any) -> Column:
    fills_itself = getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False)
    return Column(field.column, field.attname, field, isinstance(field, PLAIN) and not fills_itself)


def _value(row: models.Model, column: Column, *, add: bool) -> Any:
    if column.plain:
        return getattr(row, column.attribute)
    return column.field.get_db_prep_save(column.field.pre_save(row, add), connections[DEFAULT_DB_ALIAS])


@cache
def _insertion(model: type[models.Model]) -> tuple[str, list[Column]]:
    columns = [_column(field) for field in model._meta.local_concrete_fields]
    names = ", ".join(f'"{column.name}"' for column in columns)
    marks = ", ".join("%s" for _ in columns)
    return f'INSERT INTO "{model._meta.db_table}" ({names}) VALUES ({marks})', columns


@cache
def _change(model: type[models.Model], names: tuple[str, ...]) -> tuple[str, list[Column]]:
    columns = [_column(model._meta.get_field(name)) for name in names]
    changes = ", ".join(f'"{column.name}" = %s' for column in columns)
    return f'UPDATE "{model._meta.db_table}" SET {changes} WHERE "{model._meta.pk.column}" = %s', columns
