"""Take a promise out of a database for the time of a block, and put it back: for seeded bugs, never for products."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection


@contextmanager
def replaced(owner: Any, name: str, value: Any) -> Iterator[None]:
    """Put `value` in the place of an attribute of a module or class for the time of the block."""
    before = getattr(owner, name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, before)


@contextmanager
def rewritten(function: str, *changes: tuple[str, str]) -> Iterator[None]:
    """Change the text of a function in the database. Each change is a pattern and what stands in its place.

    Raises ValueError when the function has nothing of a pattern.
    """
    before = _one("SELECT pg_get_functiondef(%s::regproc)", function)
    after = before
    for pattern, instead in changes:
        after, found = re.subn(pattern, instead, after)
        if not found:
            raise ValueError(f"The function {function} does not say: {pattern}")
    _do(after)
    try:
        yield
    finally:
        _do(before)


@contextmanager
def without_trigger(table: str, trigger: str) -> Iterator[None]:
    """Let a trigger sleep."""
    _do(f"ALTER TABLE {table} DISABLE TRIGGER {trigger}")
    try:
        yield
    finally:
        _do(f"ALTER TABLE {table} ENABLE TRIGGER {trigger}")


@contextmanager
def without_index(table: str, index: str) -> Iterator[None]:
    """Drop an index. The table is emptied before it is made again: what was written meanwhile may not bear it."""
    again = _one("SELECT pg_get_indexdef(%s::regclass)", index)
    _do(f"DROP INDEX {index}")
    try:
        yield
    finally:
        _do(f"TRUNCATE {table} CASCADE")
        _do(again)


@contextmanager
def without_constraint(table: str, name: str) -> Iterator[None]:
    """Drop a constraint. The table is emptied before it is made again: what was written meanwhile may not bear it."""
    again = _one(
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = %s AND conrelid = %s::regclass",
        name,
        table,
    )
    _do(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    try:
        yield
    finally:
        _do(f"TRUNCATE {table} CASCADE")
        _do(f"ALTER TABLE {table} ADD CONSTRAINT {name} {again}")


def _do(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


def _one(sql: str, *parameters: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return str(cursor.fetchone()[0])
