"""Keep a safety copy of tables inside the same database: a schema of its own that is made whole or not at all."""

from __future__ import annotations

import re
from collections.abc import Sequence

from psycopg import sql

from apps.providers.base import ProviderError
from apps.providers.sql import wire
from apps.providers.sql.wire import Connection

PREFIX = "rollback_copy_"
_NAME = re.compile(r"[A-Za-z0-9_-]{1,40}\Z")
_PART = re.compile(r"[A-Za-z_][A-Za-z0-9_$]{0,62}\Z")


def name_problem(name: str) -> str:
    """Return why a text cannot name a safety copy, or an empty text."""
    if not _NAME.match(name):
        return f"“{name}” cannot name a copy: use at most 40 letters, digits, “_” and “-”."
    return ""


def table_problems(tables: Sequence[str]) -> Sequence[str]:
    """Return why tables cannot be copied as they are written."""
    found = [
        f"“{name}” must be the name of a table, with its schema where that is not public: public.orders."
        for name in tables
        if len(name.split(".")) > 2 or not all(_PART.match(part) for part in name.split("."))
    ]
    if len({_bare(name) for name in tables}) < len(tables):
        found.append("Two tables of the same name need two copies.")
    return found if tables else ("Name at least one table.",)


def schema_of(name: str) -> str:
    """Return the schema that holds the copy of that name."""
    return PREFIX + name.lower()


def tables_in(connection: Connection, name: str) -> list[str]:
    """Return the names of the tables in a copy, sorted; none where there is no copy."""
    rows = connection.execute(
        "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE n.nspname = %s AND c.relkind = 'r' ORDER BY 1",
        [schema_of(name)],
    )
    return [row[0] for row in rows]


def made_at(connection: Connection, name: str) -> str:
    """Return what the copy says of when it was made, or an empty text."""
    row = connection.execute(
        "SELECT obj_description(oid, 'pg_namespace') FROM pg_namespace WHERE nspname = %s", [schema_of(name)]
    ).fetchone()
    return str(row[0]) if row and row[0] else ""


def missing(connection: Connection, name: str, tables: Sequence[str]) -> list[str]:
    """Return the tables that the copy does not hold."""
    there = set(tables_in(connection, name))
    return [table for table in tables if _bare(table) not in there]


def keep(connection: Connection, name: str, tables: Sequence[str], seconds: float) -> list[str]:
    """Make the copy in the transaction under way and return how many rows each table has. Raises psycopg.Error."""
    schema = schema_of(name)
    wire.limit(connection, statement=seconds, lock=seconds)
    connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(schema)))
    lines = []
    for table in tables:
        made = sql.SQL("CREATE TABLE {} AS TABLE {}").format(
            sql.Identifier(schema, _bare(table)), sql.Identifier(*_parts(table))
        )
        lines.append(f"{table}: {connection.execute(made).rowcount} rows.")
    connection.execute(
        sql.SQL("DO {}").format(sql.Literal(_remark(schema)))  # COMMENT takes no expression, so that now() needs a body
    )
    return lines


def whole(connection: Connection, name: str, tables: Sequence[str]) -> bool:
    """Say whether the copy is there. Raises ProviderError where a copy of that name holds other tables."""
    there = tables_in(connection, name)
    if there and (lacking := missing(connection, name, tables)):
        raise ProviderError(
            f"There is a copy “{name}” already, without {', '.join(lacking)}. Nothing was changed; choose another name."
        )
    return bool(there)


def _remark(schema: str) -> str:
    quoted = sql.Identifier(schema).as_string(None)
    literal = "'Safety copy by the Rollback Portal, made ' || to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI')"
    return f"BEGIN EXECUTE format('COMMENT ON SCHEMA %s IS %L', $q${quoted}$q$, {literal} || ' UTC'); END"


def _bare(table: str) -> str:
    return _parts(table)[-1]


def _parts(table: str) -> list[str]:
    return table.split(".") if "." in table else ["public", table]
