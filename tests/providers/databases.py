"""A database of its own on the Postgres server that the tests have anyway."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db import connections

from tests.providers.relay import Relay

Connection = psycopg.Connection[Any]


def where() -> dict[str, Any]:
    """Return how the tests' server is reached."""
    given = connections["default"].get_connection_params()
    return {name: given[name] for name in ("host", "port", "user", "password") if given.get(name)}


def signed_in(database: str) -> Connection:
    """Return a connection of the tests' own to a database of the tests' server."""
    return psycopg.connect(**{**where(), "dbname": database}, autocommit=True)


def relay() -> Relay:
    """Return a line to the server, over TCP."""
    return Relay(where().get("host", "127.0.0.1"), int(where().get("port", 5432)))


def user() -> str:
    """Return the role of the tests, which the adapter signs in as: no other may come in everywhere."""
    return str(where()["user"])


def password() -> str:
    """Return its password; where the server asks for none, any will do."""
    return str(where().get("password", "a-password-of-the-tests"))


@contextmanager
def scratch(name: str) -> Iterator[Connection]:
    """Lend a database that is taken away at the end."""
    with signed_in("postgres") as admin:
        admin.execute(f"CREATE DATABASE {name}")
        try:
            with signed_in(name) as own:
                yield own
        finally:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


def fill(own: Connection) -> None:
    """Start over with five orders, two of them lost, and no copies."""
    own.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    own.execute("CREATE TABLE orders (id int PRIMARY KEY, state text, note text)")
    state = "CASE WHEN n > 3 THEN 'lost' ELSE 'open' END"
    own.execute(f"INSERT INTO orders SELECT n, {state}, 'n;n' FROM generate_series(1, 5) n")
    for (schema,) in own.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'rollback_copy_%'").fetchall():
        own.execute(f'DROP SCHEMA "{schema}" CASCADE')


def lost(own: Connection) -> int:
    """Return how many orders are lost."""
    found = own.execute("SELECT count(*) FROM orders WHERE state = 'lost'").fetchone()
    assert found
    return int(found[0])
