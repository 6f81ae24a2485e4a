"""Write what the rules of a table would refuse, to see that other rules still hold."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection

RULES = "SELECT tgname, tgenabled::text FROM pg_trigger WHERE tgrelid = %s::regclass AND NOT tgisinternal"
AGAIN = {"O": "ENABLE", "A": "ENABLE ALWAYS", "R": "ENABLE REPLICA"}


@contextmanager
def unguarded(*tables: str) -> Iterator[Any]:
    """Give a cursor while no trigger of these tables fires; references between tables hold all the same."""
    with connection.cursor() as cursor:
        if connection.in_atomic_block:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # a table with checks still to come cannot be altered
        off = [(table, *rule) for table in tables for rule in _rules_of(cursor, table) if rule[1] in AGAIN]
        for table, rule, _ in off:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER {rule}")
        try:
            yield cursor
        finally:
            for table, rule, how in off:
                cursor.execute(f"ALTER TABLE {table} {AGAIN[how]} TRIGGER {rule}")
            if connection.in_atomic_block:
                cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def _rules_of(cursor: Any, table: str) -> list[tuple[str, str]]:
    cursor.execute(RULES, [table])
    return list(cursor.fetchall())
