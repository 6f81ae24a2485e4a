"""The second wall: Postgres shows and takes only rows of the organisation that a request was let in for.

The first wall are the composite keys; queries name their organisation themselves. This one stands behind a query that
forgot to. It is raised for the time of one request of a signed-in person or program. Workers, commands and the hub work
for every organisation and stand outside of it. It does not bind the owner of the tables (migrations, backups): where
the application itself owns them, `doctor` says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from django.db import DatabaseError, connection
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation
from psycopg.pq import TransactionStatus

SETTING = "app.organisation"
POLICY = "organisation_wall"
# One expression for reading and writing; an empty setting is no wall.
WITHIN = f"organisation_id = COALESCE(NULLIF(current_setting('{SETTING}', true), '')::uuid, organisation_id)"
UNWALLED = f"""
SELECT c.table_name::text FROM information_schema.columns c JOIN information_schema.tables t
    USING (table_schema, table_name)
 WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE' AND c.column_name = 'organisation_id'
   AND c.is_nullable = 'NO' AND c.data_type = 'uuid'
   AND NOT EXISTS (SELECT 1 FROM pg_policies p WHERE p.schemaname = 'public' AND p.tablename = c.table_name
                      AND p.policyname = '{POLICY}')
 ORDER BY 1
"""  # nosec B608 # only names of ours are put in


def raise_for(organisation_id: UUID) -> None:
    """Let this connection see and write rows of this organisation only, until `lower`."""
    _set(str(organisation_id))


def lower() -> None:
    """Let this connection see every organisation again, if it did not. Costs nothing where no wall was raised.

    A connection that Postgres has left meanwhile is closed: what was answered stays answered.
    """
    if not _walled():
        return
    try:
        _set("")
    except DatabaseError:
        connection.close()


@contextmanager
def lowered() -> Iterator[None]:
    """Let a deed that is about every organisation through, such as freezing everything, and raise the wall again."""
    link, before = connection.connection, _walled()
    lower()
    try:
        yield
    finally:
        if before and link is connection.connection and not link.closed:
            _raise_again(link, before)


def take_down(link: Any) -> None:
    """Clear a psycopg connection that goes back to the pool: whoever takes it next may work for everybody."""
    if vars(link).get("walled"):
        link.execute(f"RESET {SETTING}")
        link.commit()
        link.walled = ""


def _raise_again(link: Any, before: str) -> None:
    """A failed transaction takes no more statements; its rollback puts back what held before the wall was lowered."""
    if link.info.transaction_status == TransactionStatus.INERROR:
        link.walled = before
    else:
        _set(before)


def _walled() -> str:
    """Return the organisation that the connection in use is walled to, or an empty text."""
    link = connection.connection
    return str(vars(link).get("walled", "")) if link is not None else ""


def _set(value: str) -> None:
    """Set it beside Django's own bookkeeping: it is no query of the page's, and it is true for the session."""
    connection.ensure_connection()
    link = connection.connection
    with connection.wrap_database_errors:
        link.execute(f"SELECT set_config('{SETTING}', %s, false)", [value])
    link.walled = value


class RaiseSecondWall(Operation):
    """Give every table that names an organisation its policy. Safe to repeat: add it where a table is added."""

    reversible = True
    reduces_to_sql = True

    def state_forwards(self, app_label: str, state: Any) -> None:
        """The wall exists only in the database."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        with schema_editor.connection.cursor() as cursor:
            cursor.execute(UNWALLED)
            tables = [name for (name,) in cursor.fetchall()]
        for table in tables:
            schema_editor.execute(f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY')
            schema_editor.execute(f'CREATE POLICY {POLICY} ON "{table}" USING ({WITHIN}) WITH CHECK ({WITHIN})')

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        with schema_editor.connection.cursor() as cursor:
            cursor.execute("SELECT tablename::text FROM pg_policies WHERE policyname = %s", [POLICY])
            tables = [name for (name,) in cursor.fetchall()]
        for table in tables:
            schema_editor.execute(f'DROP POLICY {POLICY} ON "{table}"')
            schema_editor.execute(f'ALTER TABLE "{table}" DISABLE ROW LEVEL SECURITY')

    def describe(self) -> str:
        return "Raise the second wall between organisations"
