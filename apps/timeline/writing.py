"""Rows that one transaction writes together at its end, in the order of their telling; `posting` sends them whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache
from itertools import groupby
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection, connections, models, transaction

Statement = tuple[str, list[Any]]


@dataclass
class Batch:
    """What a block has held back: rows, then rows that come last, then what is to be done after the commit."""

    rows: list[tuple[Insertion | str, list[Any]]] = field(default_factory=list)
    last: list[tuple[Insertion | str, list[Any]]] = field(default_factory=list)
    after: list[Callable[[], object]] = field(default_factory=list)

    def statements(self) -> Iterator[Statement]:
        """Yield what is to be executed; neighbours that are new rows of the same kind go in one statement."""
        for what, group in groupby([*self.rows, *self.last], key=lambda one: one[0]):
            values = [values for _, values in group]
            if isinstance(what, Insertion):
                yield what.text(len(values)), [value for row in values for value in row]
            else:
                yield from ((what, each) for each in values)


_open: ContextVar[Batch | None] = ContextVar("open", default=None)


@contextmanager
def collected() -> Iterator[Batch]:
    """Hold back what `insert`, `update` and `after_commit` are given in the block; nothing is written here."""
    batch = Batch()
    token = _open.set(batch)
    try:
        yield batch
    finally:
        _open.reset(token)


@contextmanager
def committed_together() -> Iterator[None]:
    """A transaction that holds back what `insert` and `update` are given until its end.

    Whatever else the block asks of Postgres does not see these rows yet. After an exception nothing is written.
    """
    # One after the other: what is refused in a pipeline leaves a connection that cannot be rolled back at once.
    with transaction.atomic():
        with collected() as batch:
            yield
        for deed in batch.after:
            transaction.on_commit(deed)
        for sql, values in batch.statements():
            _execute(sql, values)


def is_open() -> bool:
    """Say whether what is written now belongs to a transaction."""
    return connection.in_atomic_block or _open.get() is not None


def after_commit(deed: Callable[[], object]) -> None:
    """Do something once the transaction has been committed, and nothing if it is not."""
    if (batch := _open.get()) is None:
        transaction.on_commit(deed)
    else:
        batch.after.append(deed)


def insert(row: models.Model, *, last: bool = False) -> None:
    """Write a new row: now, or with the others of the block; `last` rows come after all others."""
    insertion = _insertion(type(row))
    values = [_value(row, column, add=True) for column in insertion.columns]
    row._state.adding = False
    if (batch := _open.get()) is None:
        _execute(insertion.text(1), values)
    else:
        (batch.last if last else batch.rows).append((insertion, values))


def update(row: models.Model, names: tuple[str, ...]) -> None:
    """Write the named fields of a row that exists: now, or with the others of the block."""
    sql, columns = _change(type(row), names)
    values = [*(_value(row, column, add=False) for column in columns), row.pk]
    if (batch := _open.get()) is None:
        _execute(sql, values)
    else:
        batch.rows.append((sql, values))


def _execute(sql: str, values: list[Any]) -> None:
    with connection.cursor() as cursor:
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


class Insertion:
    """How new rows of one model are written."""

    def __init__(self, model: type[models.Model]) -> None:
        self.columns = [_column(each) for each in model._meta.local_concrete_fields]
        names = ", ".join(f'"{column.name}"' for column in self.columns)
        self._text = f'INSERT INTO "{model._meta.db_table}" ({names}) VALUES '  # nosec B608 # only names of ours are put in
        self._marks = f"({', '.join('%s' for _ in self.columns)})"
        self._texts: dict[int, str] = {}

    def text(self, count: int) -> str:
        """Return the statement for so many rows; the same object each time."""
        if count not in self._texts:
            self._texts[count] = self._text + ", ".join([self._marks] * count)
        return self._texts[count]


@cache
def _insertion(model: type[models.Model]) -> Insertion:
    return Insertion(model)


@cache
def _change(model: type[models.Model], names: tuple[str, ...]) -> tuple[str, list[Column]]:
    columns = [_column(model._meta.get_field(name)) for name in names]
    changes = ", ".join(f'"{column.name}" = %s' for column in columns)
    return f'UPDATE "{model._meta.db_table}" SET {changes} WHERE "{model._meta.pk.column}" = %s', columns  # nosec B608 # only names of ours are put in
