"""How a Postgres server is reached: its name is resolved once and looked at, TLS checks the certificate for the name,
and a watch ends the connection when the time is over.
"""

from __future__ import annotations

import contextlib
import os
import socket
import ssl
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

import certifi
import psycopg
from psycopg import pq

from apps.providers import outbound
from apps.providers.base import Access, ProviderError
from apps.providers.calling import credential
from apps.providers.endings import quoted
from apps.providers.http import NotSent, exchange_listener
from apps.providers.redaction import redact, secrets_in

NAME = "The database"
CONNECT_SECONDS = 5
SCHEMES = ("postgresql",)
MODES = ("verify-full", "require", "disable")
OFF = "SQL scripts are switched off in this installation. Its operator can switch them on with SQL_SCRIPTS=on."
Connection = psycopg.Connection[tuple[Any, ...]]


def switched_on() -> bool:
    """Say whether the operator of the installation lets SQL be run."""
    return os.environ.get("SQL_SCRIPTS", "").strip().lower() in {"1", "true", "yes", "on"}


@dataclass
class Watch:
    """Ends a connection at `until` (monotonic), whatever it waits for; `ended` says that it did."""

    connection: Connection
    until: float
    ended: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        self._timer = threading.Timer(max(self.until - time.monotonic(), 0), self._end)
        self._timer.daemon = True
        self._timer.start()

    def left(self) -> float:
        """Return how many seconds are left, never less than a tenth of one."""
        return max(self.until - time.monotonic(), 0.1)

    def stop(self) -> None:
        """Let the connection live."""
        self._timer.cancel()

    def _end(self) -> None:
        self.ended = True
        # A shutdown wakes whoever waits on the socket, which closing it in another thread would not.
        with (
            contextlib.suppress(OSError, psycopg.Error),
            socket.socket(fileno=os.dup(self.connection.fileno())) as line,
        ):
            line.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def opened(access: Access, until: float) -> Iterator[tuple[Connection, Watch]]:
    """Sign in and lend the connection until the block ends; a transaction that is still open is then taken back.

    `until` is a moment of time.monotonic(). Raises NotSent, or whatever psycopg raises in the block.
    """
    if not switched_on():
        raise NotSent(f"{OFF} Nothing was sent.")
    connection = _connected(access, until)
    watch = Watch(connection, until)
    try:
        yield connection, watch
    finally:
        watch.stop()
        connection.close()


def place(access: Access) -> str:
    """Return how people call the database: its name, host and port, never who signs in or with what."""
    host, port, database = _target(access)
    return f"{database} on {host}:{port}"


def explained(access: Access, error: psycopg.Error) -> str:
    """Return Postgres' own first line and code, redacted. Details are left out: they quote rows."""
    said = error.diag.message_primary or str(error).strip().splitlines()[0] if str(error).strip() else ""
    code = f" ({error.sqlstate})" if error.sqlstate else ""
    return quoted(redact(said or type(error).__name__, secrets_in(access.credentials))) + code


def tell(access: Access, line: str) -> None:
    """Add a line to the step's log; SQL itself is not told, for it may hold what is in the rows."""
    if listener := exchange_listener.get():
        listener(redact(line, secrets_in(access.credentials)))


def _target(access: Access) -> tuple[str, int, str]:
    """Return host, port and name of the database. Raises NotSent for an address that is not one."""
    try:
        host, port = outbound.split_address(access.base_url, SCHEMES)
    except outbound.AddressRefused as refused:
        raise NotSent(f"{NAME} was not called: {refused} Nothing was changed.")
    name = unquote(urlsplit(access.base_url).path.strip("/"))
    if not name or "/" in name or not name.isprintable():
        raise NotSent(f"The address must end with the name of one database: postgresql://{host}:{port}/name.")
    return host, port, name


def _connected(access: Access, until: float) -> Connection:
    """Try the addresses that the name has now, in turn. Raises NotSent."""
    host, port, database = _target(access)
    password = credential(access, "password", NAME)
    tell(access, f"→ connecting to {host}:{port}")
    try:
        addresses = outbound.resolve(host, port)
    except (outbound.AddressRefused, outbound.AddressUnknown) as refused:
        raise NotSent(f"{NAME} was not called: {refused} Nothing was changed.")
    failed, target = "the time was over", {"host": host, "port": port, "dbname": database}
    for address in addresses:
        if time.monotonic() >= until:
            break
        try:
            seconds = max(int(min(CONNECT_SECONDS, until - time.monotonic())), 1)  # psycopg makes 2 of 1
            return _signed_in(access, {**target, "hostaddr": str(address), "connect_timeout": seconds}, password)
        except psycopg.Error as error:
            failed = explained(access, error)
        except (OSError, ValueError) as error:
            failed = quoted(redact(str(error), secrets_in(access.credentials)))
    tell(access, f"✕ {failed}")
    raise NotSent(f"{NAME} {place(access)} could not be opened ({failed}). Nothing was sent or changed.")


def _signed_in(access: Access, target: dict[str, Any], password: str) -> Connection:
    mode = access.settings.get("tls") or MODES[0]
    if mode not in MODES:
        raise NotSent(f"“{quoted(mode)}” is not one of {', '.join(MODES)}. Nothing was sent.")
    with _authorities(access.settings.get("ca_certificate", "")) as authorities:
        return psycopg.connect(
            **target, user=access.settings.get("user", ""), password=password, autocommit=True,
            prepare_threshold=None, application_name="rollback-portal",
            sslmode=mode, sslrootcert=authorities if mode == "verify-full" else "", gssencmode="disable",
            sslcert="", sslkey="", options="", passfile=os.devnull, keepalives_idle=5, client_encoding="utf8",
        )  # fmt: skip


@contextlib.contextmanager
def _authorities(pem: str) -> Iterator[str]:
    """Lend a file with the certificates to trust: the connection's own, or the public authorities."""
    if not pem.strip():
        # SSL_CERT_FILE counts here as it does for HTTP.
        yield os.environ.get(ssl.get_default_verify_paths().openssl_cafile_env) or certifi.where()
        return
    with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:
        file.write(pem)
        file.flush()
        yield file.name


def read_only(connection: Connection, seconds: float) -> None:
    """Begin a transaction that Postgres itself keeps from writing; each statement may take so many seconds."""
    connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    limit(connection, statement=seconds, lock=min(seconds, 2.0))


def limit(connection: Connection, *, statement: float, lock: float) -> None:
    """Set the time limits of the transaction under way, in seconds; they end with it."""
    connection.execute(
        "SELECT set_config('statement_timeout', %s, true), set_config('lock_timeout', %s, true),"
        " set_config('idle_in_transaction_session_timeout', %s, true),"
        " set_config('standard_conforming_strings', 'on', true)",
        [f"{max(int(statement * 1000), 1)}ms", f"{max(int(lock * 1000), 1)}ms", f"{int(statement * 1000) + 5000}ms"],
    )


def run(connection: Connection, statement: str) -> pq.abc.PGresult:
    """Run one statement in the extended protocol, which takes no second one. Raises psycopg.Error."""
    result = connection.pgconn.exec_params(statement.encode(), None)
    if result.status in (pq.ExecStatus.COMMAND_OK, pq.ExecStatus.TUPLES_OK, pq.ExecStatus.EMPTY_QUERY):
        return result
    if result.status == pq.ExecStatus.FATAL_ERROR and connection.pgconn.status == pq.ConnStatus.OK:
        raise psycopg.errors.error_from_result(result)
    raise psycopg.OperationalError("the connection ended")


def ask(connection: Connection, query: str) -> str | None:
    """Return the one value of a reading query as Postgres writes it, None for NULL. Raises ProviderError for others."""
    result = run(connection, query)
    if (result.ntuples, result.nfields) != (1, 1):
        shape = f"{result.ntuples} rows with {result.nfields} columns"
        raise ProviderError(f"The query gave {shape}: it must give one row with one column.")
    value = result.get_value(0, 0)
    return None if value is None else value.decode(errors="replace")
