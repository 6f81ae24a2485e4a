"""What the application's role may do: read and write rows, but never change or empty the record."""

from __future__ import annotations

from django.db import connections
from psycopg import sql

RECORD = "timeline_event"
READ_ONLY = ("timeline_head", "django_migrations")


def grant(owner: str) -> None:
    """Give the application's role its rights on every table that the owner's role owns."""
    role = sql.Identifier(connections["default"].settings_dict["USER"] or "portal")
    with connections[owner].cursor() as cursor:
        for statement in (
            "GRANT USAGE ON SCHEMA public TO {role}",
            "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}",
            "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}",
            "GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO {role}",
            f"REVOKE UPDATE, DELETE, TRUNCATE ON {RECORD} FROM {{role}}",
            *(f"REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON {table} FROM {{role}}" for table in READ_ONLY),
        ):
            cursor.execute(sql.SQL(statement).format(role=role).as_string(cursor.connection))
