"""SQL: all of a script or nothing, the truth about which, and nothing at all until the operator allows it."""

import os
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from apps.providers import entering, lifecycle
from apps.providers.base import Access, Call, OutcomeKind, Proof, Provider, Risk, Seen, Sending
from apps.providers.registry import provider
from apps.providers.sql import checking
from apps.timeline.answers import Unacceptable
from apps.timeline.log import SYSTEM
from tests.accounts.factories import OrganisationFactory
from tests.providers import databases
from tests.providers.conftest import CANARY
from tests.providers.databases import fill, lost, password, scratch, signed_in, user
from tests.providers.relay import COMMIT, Relay, certificate

NAME = f"sql_scripts_{os.getpid()}"
FIX = "UPDATE orders SET state = 'open' WHERE state = 'lost'"
LOOK = {"look": "SELECT count(*) FROM orders WHERE state = 'lost'", "wanted": "0"}
NO_COPY = {"no_copy_because": "It only opens orders again."}


def script(text: str, **more: Any) -> Call:
    """Return the call of a script that nobody can see."""
    guard = {} if "copy" in more else NO_COPY
    return Call("run_script", {"script": text, **guard, **more})


def seen_script(text: str, **more: Any) -> Call:
    """Return the call of a script with its own query."""
    return Call("run_seen_script", {"script": text, **NO_COPY, **LOOK, **more})


@pytest.fixture(scope="module")
def server() -> Iterator[psycopg.Connection[Any]]:
    """A database of its own on the tests' server; taken away at the end."""
    with scratch(NAME) as own:
        yield own


@pytest.fixture
def rows(server: psycopg.Connection[Any]) -> psycopg.Connection[Any]:
    """Five orders, two of them lost."""
    fill(server)
    return server


@pytest.fixture
def relay() -> Iterator[Relay]:
    """The line between the adapter and the server."""
    line = databases.relay()
    yield line
    line.close()


@pytest.fixture
def access(rows: Any, relay: Relay, this_machine: None, monkeypatch: pytest.MonkeyPatch) -> Access:
    """The access to the database, with scripts switched on."""
    monkeypatch.setenv("SQL_SCRIPTS", "on")
    address = f"postgresql://127.0.0.1:{relay.port}/{NAME}"
    return Access(address, {"user": user(), "tls": "disable"}, {"password": password()})


@pytest.fixture
def sql() -> Provider:
    """The adapter."""
    return provider("sql")


# --- the one transaction ---------------------------------------------------------------------------------------------


def test_a_script_is_committed_with_a_count_for_each_statement(
    sql: Provider, access: Access, sending: Sending, rows: Any, log: list[str]
) -> None:
    call = script(f"{FIX}; -- again; and\nDELETE FROM orders WHERE note = 'n;n' AND id = 1;", expected_rows=3)
    outcome = sql.apply(access, call, sending)
    assert outcome.kind is OutcomeKind.SUCCEEDED, outcome.message
    assert outcome.evidence == {"statements": ["1. UPDATE 2.", "2. DELETE 1."], "rows": 3}
    assert lost(rows) == 0
    assert sql.verify(access, call, sending).proof is Proof.SATISFIED
    assert any("COMMIT" in line for line in log)
    assert password() not in "".join(log) + repr(outcome)


def test_another_number_of_rows_takes_everything_back(
    sql: Provider, access: Access, sending: Sending, rows: Any
) -> None:
    outcome = sql.apply(access, script(FIX, expected_rows=3), sending)
    assert outcome.kind is OutcomeKind.REJECTED
    assert "hit 2 rows where 3 were expected" in outcome.message
    assert lost(rows) == 2


def test_an_error_in_the_last_statement_takes_back_the_first(
    sql: Provider, access: Access, sending: Sending, rows: Any
) -> None:
    outcome = sql.apply(access, script(f"{FIX}; INSERT INTO orders VALUES (1, 'secret-row', 'x')"), sending)
    assert outcome.kind is OutcomeKind.REJECTED
    assert "23505" in outcome.message
    assert "(id)=(1)" not in outcome.message, "details quote rows"
    assert lost(rows) == 2


def test_a_script_that_does_not_do_what_its_query_wants_is_taken_back(
    sql: Provider, access: Access, sending: Sending, rows: Any
) -> None:
    outcome = sql.apply(access, seen_script("UPDATE orders SET state = 'open' WHERE id = 4"), sending)
    assert outcome.kind is OutcomeKind.REJECTED
    assert "its own query gives “1”, not “0”" in outcome.message
    assert lost(rows) == 2


def test_a_script_with_a_query_is_seen_before_and_after(
    sql: Provider, access: Access, sending: Sending, rows: Any
) -> None:
    call = seen_script(FIX)
    before = sql.observe(access, call)
    assert (before.seen, dict(before.identity)) == (Seen.OTHER, {"value": "2"})
    assert sql.apply(access, call, sending).kind is OutcomeKind.SUCCEEDED
    assert sql.observe(access, call, sending).seen is Seen.DESIRED
    assert sql.verify(access, call, sending).proof is Proof.SATISFIED


def test_a_script_without_a_query_cannot_be_seen(sql: Provider, access: Access) -> None:
    assert sql.observe(access, script(FIX)).seen is Seen.UNREADABLE


@pytest.mark.parametrize("delivered", [True, False], ids=["committed", "never arrived"])
def test_a_lost_answer_to_the_commit_is_unknown_and_found_by_looking(
    delivered: bool, sql: Provider, access: Access, sending: Sending, relay: Relay, rows: Any
) -> None:
    call = seen_script(FIX)
    relay.cut_at, relay.deliver = COMMIT, delivered
    outcome = sql.apply(access, call, sending)
    assert outcome.kind is OutcomeKind.AMBIGUOUS, outcome.message
    assert "look at the provider's state" in outcome.message
    relay.cut_at = b""
    relay.swallowing.clear()
    assert sql.observe(access, call, sending).seen is (Seen.DESIRED if delivered else Seen.OTHER)
    assert lost(rows) == (0 if delivered else 2)


def test_a_line_that_breaks_before_the_commit_has_changed_nothing(
    sql: Provider, access: Access, sending: Sending, relay: Relay, rows: Any
) -> None:
    relay.cut_at = b"UPDATE orders"
    outcome = sql.apply(access, script(FIX), sending)
    assert outcome.kind is OutcomeKind.RETRY_LATER
    assert "nothing was changed" in outcome.message
    assert lost(rows) == 2


def test_rows_that_somebody_holds_are_waited_for_and_then_left_alone(
    sql: Provider, access: Access, sending: Sending, rows: Any
) -> None:
    with signed_in(NAME) as other, other.transaction():
        other.execute("UPDATE orders SET note = 'mine' WHERE id = 5")
        outcome = sql.apply(access, script(FIX, lock_seconds=0.1), sending)
    assert (outcome.kind, "55P03" in outcome.message) == (OutcomeKind.RETRY_LATER, True), outcome.message
    assert lost(rows) == 2


def test_a_statement_that_takes_too_long_is_stopped(sql: Provider, access: Access, sending: Sending, rows: Any) -> None:
    outcome = sql.apply(access, script(f"{FIX}; SELECT pg_sleep(9)", statement_seconds=0.1), sending)
    assert (outcome.kind, "57014" in outcome.message) == (OutcomeKind.RETRY_LATER, True), outcome.message
    assert lost(rows) == 2


def test_a_server_that_falls_silent_is_left_when_the_time_is_over(
    sql: Provider, access: Access, sending: Sending, rows: Any
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        address = f"postgresql://127.0.0.1:{deaf.getsockname()[1]}/{NAME}"
        began = time.monotonic()
        outcome = sql.apply(replace(access, base_url=address), script(FIX), replace(sending, deadline_seconds=1.0))
    assert outcome.kind is OutcomeKind.NOT_SENT
    assert time.monotonic() - began < 4


@pytest.mark.parametrize(
    ("piece", "kind"),
    [(b"UPDATE orders", OutcomeKind.RETRY_LATER), (COMMIT, OutcomeKind.AMBIGUOUS)],
    ids=["work", "commit"],
)
def test_a_line_that_falls_silent_is_left_when_the_time_is_over(
    piece: bytes, kind: OutcomeKind, sql: Provider, access: Access, sending: Sending, relay: Relay, rows: Any
) -> None:
    relay.cut_at, relay.hold = piece, True
    outcome = sql.apply(access, script(FIX), replace(sending, deadline_seconds=0.4))
    assert (outcome.kind, "the time was over" in outcome.message) == (kind, True), outcome.message
    assert lost(rows) == (0 if piece == COMMIT else 2)


def test_two_attempts_of_one_step_are_never_open_at_once(
    sql: Provider, access: Access, sending: Sending, again: Sending, rows: Any
) -> None:
    call = seen_script(FIX)
    with signed_in(NAME) as other, other.transaction():
        other.execute("UPDATE orders SET note = 'mine' WHERE id = 5")
        slow = threading.Thread(target=sql.apply, args=(access, replace_seconds(call), sending))
        slow.start()
        wait_for_lock(rows)
        assert sql.observe(access, call, again).under_way
        outcome = sql.apply(access, call, again)
        assert outcome.kind is OutcomeKind.RETRY_LATER
        assert "earlier attempt" in outcome.message
    slow.join()
    assert lost(rows) == 0
    assert not sql.observe(access, call, again).under_way


def replace_seconds(call: Call) -> Call:
    """Return the call with as much patience for locks as an attempt has."""
    return replace(call, parameters={**call.parameters, "lock_seconds": 4})


def wait_for_lock(rows: psycopg.Connection[Any]) -> None:
    """Wait until the script waits for the row."""
    for _ in range(200):
        waiting = rows.execute("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = %s", [NAME])
        if waiting.fetchone():
            return
        time.sleep(0.02)
    raise AssertionError("the script never came to the row")


@pytest.mark.parametrize("permits", [[False], [True, False]], ids=["at the beginning", "before the COMMIT"])
def test_a_withdrawn_permission_takes_everything_back(
    permits: list[bool], sql: Provider, access: Access, sending: Sending, rows: Any
) -> None:
    given = iter(permits)
    outcome = sql.apply(access, script(FIX), replace(sending, permit=lambda: next(given)))
    assert outcome.kind is OutcomeKind.NOT_SENT
    assert lost(rows) == 2


def test_time_limits_do_not_outlive_the_script(sql: Provider, access: Access, sending: Sending, rows: Any) -> None:
    text = "CREATE TABLE told AS SELECT current_setting('statement_timeout') s, current_setting('lock_timeout') l"
    assert sql.apply(access, script(text, statement_seconds=2, lock_seconds=1), sending).kind is OutcomeKind.SUCCEEDED
    assert rows.execute("SELECT s, l FROM told").fetchone() == ("2s", "1s")


# --- copies and the airlock ------------------------------------------------------------------------------------------

KEEP = Call("copy_tables", {"tables": ["orders"], "copy": "RB-7"})


def test_a_copy_is_made_whole_and_once(
    sql: Provider, access: Access, sending: Sending, again: Sending, rows: Any
) -> None:
    assert sql.action("copy_tables").risk is Risk.SAFE
    assert sql.observe(access, KEEP).seen is Seen.OTHER
    outcome = sql.apply(access, KEEP, sending)
    assert outcome.kind is OutcomeKind.SUCCEEDED, outcome.message
    assert "orders: 5 rows." in outcome.message
    assert sql.verify(access, KEEP, sending).proof is Proof.SATISFIED
    rows.execute("DELETE FROM orders")
    assert "there already" in sql.apply(access, KEEP, again).message
    assert rows.execute('SELECT count(*) FROM "rollback_copy_rb-7".orders').fetchone() == (5,)


def test_a_copy_with_a_table_that_is_missing_is_not_made_at_all(
    sql: Provider, access: Access, sending: Sending, rows: Any
) -> None:
    call = Call("copy_tables", {"tables": ["orders", "nowhere"], "copy": "RB-7"})
    assert sql.apply(access, call, sending).kind is OutcomeKind.REJECTED
    assert rows.execute("SELECT 1 FROM pg_namespace WHERE nspname = 'rollback_copy_rb-7'").fetchone() is None


def test_a_script_insists_on_the_copy_that_it_names(
    sql: Provider, access: Access, sending: Sending, again: Sending, rows: Any
) -> None:
    call = script("DELETE FROM orders", copy="RB-7")
    lock = sql.airlock(access, call)
    assert lock is not None
    assert "does not run without it" in lock.safety_copy
    refused = sql.apply(access, call, sending)
    assert refused.kind is OutcomeKind.REJECTED
    assert "is not there" in refused.message
    assert sql.apply(access, KEEP, sending).kind is OutcomeKind.SUCCEEDED
    now = sql.airlock(access, call)
    assert now is not None
    assert now.safety_copy.startswith("“RB-7”, which holds orders. Safety copy by the Rollback Portal, made 2")
    assert sql.apply(access, call, again).kind is OutcomeKind.SUCCEEDED
    assert rows.execute("SELECT count(*) FROM orders").fetchone() == (0,)


def test_the_airlock_counts_what_is_let_out(sql: Provider, access: Access) -> None:
    lock = sql.airlock(access, script(f"{FIX}; {FIX}; DROP TABLE orders", expected_rows=4))
    assert lock is not None
    assert "2 × UPDATE, 1 × DROP" in lock.loses
    assert "than 4 takes everything back" in lock.loses
    assert lock.safety_copy == "None. The plan says why: It only opens orders again."
    assert sql.airlock(access, KEEP) is None


def test_a_role_that_may_only_read_is_told_before(sql: Provider, access: Access, rows: Any) -> None:
    rows.execute(f"ALTER DATABASE {NAME} SET default_transaction_read_only = on")
    try:
        lock = sql.airlock(access, script(FIX))
        levels = {finding.code: finding.level for finding in sql.check(access)}
    finally:
        rows.execute(f"ALTER DATABASE {NAME} RESET default_transaction_read_only")
    assert lock is not None
    assert lock.refusals
    assert levels["rights"] == "error"


# --- what may not be run ---------------------------------------------------------------------------------------------

REFUSED = {
    "COMMIT; DELETE FROM orders": "COMMIT is not allowed",
    "/* a; /* nested */ */ begin": "BEGIN is not allowed",
    "SELECT 1; ROLLBACK TO x": "Statement 2: ROLLBACK",
    "PREPARE TRANSACTION 'x'": "PREPARE is not allowed",
    "CREATE INDEX CONCURRENTLY i ON orders (id)": "inside a transaction",
    "VACUUM": "inside a transaction",
    "DROP DATABASE app": "inside a transaction",
    "COPY orders FROM PROGRAM 'id'": "COPY reads or writes files",
    "SET statement_timeout = 0": "would outlive the script",
    "SET LOCAL lock_timeout = 0": "Time limits are parameters",
    "\\! id": "commands of psql",
    "SELECT 'open": "does not close it",
    "SELECT $a$ x": "does not close it",
    "SELECT 1 /* x": "comment",
    "-- nothing": "no statement",
    "DELETE FROM orders \x00 WHERE id = 1": "NUL",
}


@pytest.mark.parametrize("text", REFUSED, ids=REFUSED.get)
def test_what_gets_around_the_transaction_is_refused_before_anything_is_sent(
    text: str, sql: Provider, access: Access, sending: Sending, relay: Relay
) -> None:
    (problem,) = sql.problems(script(text))
    assert REFUSED[text] in problem
    assert sql.apply(access, script(text), sending).kind is OutcomeKind.REJECTED
    assert relay.connections == 0


ALLOWED = [
    "SELECT 'COMMIT; it''s'; SELECT E'\\'; COMMIT'",
    "DO $x$ BEGIN PERFORM 1; END $x$",
    'SELECT 1 AS "a;b"; SELECT $$;$$',
    "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT CASE WHEN true THEN 2 END; END; SELECT f()",
    "SET LOCAL search_path = public; SELECT 1",
    "SELECT 10 % 3; SELECT '%s'",
]


@pytest.mark.parametrize("text", ALLOWED, ids=range(len(ALLOWED)))
def test_statements_are_cut_where_postgres_cuts_them(
    text: str, sql: Provider, access: Access, sending: Sending
) -> None:
    assert sql.problems(script(text)) == []
    outcome = sql.apply(access, script(text), sending)
    assert outcome.kind is OutcomeKind.SUCCEEDED, outcome.message


def test_a_procedure_that_commits_is_stopped_by_the_server(
    sql: Provider, access: Access, sending: Sending, rows: Any
) -> None:
    rows.execute("CREATE PROCEDURE sly() LANGUAGE plpgsql AS 'BEGIN COMMIT; END'")
    outcome = sql.apply(access, script(f"{FIX}; CALL sly()"), sending)
    assert outcome.kind is OutcomeKind.REJECTED
    assert lost(rows) == 2


@pytest.mark.parametrize("guards", [{}, {"copy": "a", "no_copy_because": "b"}, {"copy": "a b"}], ids=str)
def test_a_script_names_its_copy_or_says_why_it_needs_none(
    guards: dict[str, str], sql: Provider, access: Access
) -> None:
    assert sql.problems(Call("run_script", {"script": FIX, **guards}))


@pytest.mark.parametrize("table", ["a.b.c", "orders; drop", '"x"', ""])
def test_a_table_is_a_plain_name(table: str, sql: Provider, access: Access) -> None:
    assert sql.problems(Call("copy_tables", {"tables": [table], "copy": "x"}))


@pytest.mark.parametrize("query", ["DELETE FROM orders", "SELECT 1; SELECT 2", ""])
def test_a_query_only_reads(query: str, sql: Provider, access: Access) -> None:
    assert sql.problems(seen_script(FIX, look=query))
    assert sql.examine(access, Call("query", {"query": query})).holds is None


# --- checks ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "equals", "holds"),
    [
        ("SELECT count(*) FROM orders", "5", True),
        ("SELECT count(*) FROM orders", "4", False),
        ("SELECT max(note) FROM orders WHERE id > 9", None, False),
        ("SELECT true", "t", True),
        ("SELECT id FROM orders", "1", None),
        ("WITH gone AS (DELETE FROM orders RETURNING 1) SELECT count(*) FROM gone", "5", None),
    ],
)
def test_a_query_is_held_against_its_value_and_cannot_write(
    query: str, equals: str | None, holds: bool | None, sql: Provider, access: Access, rows: Any
) -> None:
    asked = {"query": query} if equals is None else {"query": query, "equals": equals}
    assert sql.examine(access, Call("query", asked)).holds is holds
    assert rows.execute("SELECT count(*) FROM orders").fetchone() == (5,)


def test_the_preflight_says_who_signed_in_and_what_is_missing(sql: Provider, access: Access, rows: Any) -> None:
    found = {finding.code: finding for finding in sql.check(access)}
    assert found["sign-in"].message.startswith(f"Signed in to {NAME} on 127.0.0.1:")
    assert found["rights"].level == "ok"
    assert found["tls"].level == "warning"
    assert found["sign-in"].message.endswith(f"as {user()}; Postgres {version_of(rows)}.")


def version_of(rows: Any) -> str:
    """Return the server's version."""
    found = rows.execute("SHOW server_version").fetchone()
    return str(found[0])


@pytest.mark.parametrize(("days", "level"), [(1, "warning"), (90, "ok")])
def test_a_password_that_ends_soon_is_told(days: int, level: str) -> None:
    (finding,) = checking.expiry(datetime.now(UTC) + timedelta(days=days))
    assert (finding.level, finding.code) == (level, "expiry")
    assert checking.expiry(None) == []


# --- off by default, and the address ---------------------------------------------------------------------------------


@pytest.mark.parametrize("said", ["", "off", "0"])
def test_nothing_is_sent_until_the_operator_switches_scripts_on(
    said: str, sql: Provider, access: Access, sending: Sending, relay: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SQL_SCRIPTS", said)
    for call in (script(FIX), seen_script(FIX), KEEP):
        assert "switched off" in sql.problems(call)[0]
        assert sql.apply(access, call, sending).kind is OutcomeKind.REJECTED
    (finding,) = sql.check(access)
    assert (finding.level, "SQL_SCRIPTS=on" in finding.message) == ("error", True)
    assert sql.examine(access, Call("query", {"query": "SELECT 1"})).holds is None
    assert relay.connections == 0


def test_a_private_address_is_refused_when_it_is_saved_and_when_it_is_used(
    sql: Provider, access: Access, sending: Sending, relay: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OUTBOUND_ALLOW")
    with pytest.raises(Unacceptable, match="Address not allowed"):
        entering.checked_base_url(access.base_url, sql.address_schemes)
    outcome = sql.apply(access, script(FIX), sending)
    assert outcome.kind is OutcomeKind.NOT_SENT
    assert "Address not allowed" in outcome.message
    assert "Address not allowed" in sql.check(access)[0].message
    assert relay.connections == 0


@pytest.mark.parametrize(
    "address",
    ["http://db.example/app", "postgresql://u:p@db.example/app", "postgresql:///app", "postgresql://db.example:0/app"],
)
def test_an_address_is_postgresql_host_and_database(address: str, sql: Provider) -> None:
    with pytest.raises(Unacceptable):
        entering.checked_base_url(address, sql.address_schemes)


INWARD = [
    "127.0.0.1",
    "localhost",
    "169.254.169.254",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "10.0.0.5",
    "0x7f.1",
    "2130706433",
]


@pytest.mark.parametrize("host", INWARD)
def test_no_way_of_writing_an_inner_address_gets_in(
    host: str, sql: Provider, access: Access, sending: Sending, relay: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OUTBOUND_ALLOW")
    address = f"postgresql://{host}:{relay.port}/{NAME}"
    with pytest.raises(Unacceptable, match="Address not allowed"):
        entering.checked_base_url(address, sql.address_schemes)
    outcome = sql.apply(replace(access, base_url=address), script(FIX), sending)
    assert (outcome.kind, relay.connections) == (OutcomeKind.NOT_SENT, 0)


def test_a_name_is_resolved_once_and_only_an_address_that_was_looked_at_is_called(
    sql: Provider, access: Access, sending: Sending, relay: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    # libpq would let these decide where it goes; the address that was looked at is given to it instead.
    for name, value in {
        "PGHOSTADDR": "10.0.0.5",
        "PGHOST": "elsewhere.example",
        "PGPORT": "1",
        "PGDATABASE": "x",
    }.items():
        monkeypatch.setenv(name, value)
    named = replace(access, base_url=f"postgresql://localhost:{relay.port}/{NAME}")
    outcome = sql.apply(named, script(FIX), sending)
    assert (outcome.kind, relay.connections) == (OutcomeKind.SUCCEEDED, 1), outcome.message


def test_an_address_without_a_database_is_not_called(sql: Provider, access: Access, sending: Sending) -> None:
    outcome = sql.apply(replace(access, base_url="postgresql://127.0.0.1"), script(FIX), sending)
    assert outcome.kind is OutcomeKind.NOT_SENT
    assert "127.0.0.1:5432/name" in outcome.message


@pytest.mark.django_db
def test_a_connection_can_be_saved(access: Access) -> None:
    made = lifecycle.connect(
        OrganisationFactory(), by=SYSTEM, name="Shop", provider="sql", base_url=access.base_url,
        settings=access.settings, credentials=access.credentials,
    )  # fmt: skip
    assert made.base_url == access.base_url


def test_a_server_without_tls_is_not_signed_in_to_where_tls_is_wanted(
    sql: Provider, access: Access, sending: Sending
) -> None:
    outcome = sql.apply(replace(access, settings={"user": user()}), script(FIX), sending)
    assert outcome.kind is OutcomeKind.NOT_SENT


TLS = [
    ("verify-full", "127.0.0.1", True, OutcomeKind.SUCCEEDED),
    ("verify-full", "127.0.0.2", True, OutcomeKind.NOT_SENT),
    ("verify-full", "127.0.0.1", False, OutcomeKind.NOT_SENT),
    ("require", "127.0.0.2", False, OutcomeKind.SUCCEEDED),
]


@pytest.mark.parametrize(("mode", "named", "trusted", "kind"), TLS)
def test_the_certificate_is_checked_for_the_name_that_was_asked_for(
    mode: str, named: str, trusted: bool, kind: OutcomeKind, sql: Provider, access: Access, sending: Sending,
    relay: Relay, tmp_path: Path,
) -> None:  # fmt: skip
    file = certificate(tmp_path, named)
    relay.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    relay.tls.load_cert_chain(file)
    given = {"user": user(), "tls": mode, **({"ca_certificate": file.read_text()} if trusted else {})}
    outcome = sql.apply(replace(access, settings=given), script(FIX), sending)
    assert outcome.kind is kind, outcome.message
    assert "certificate" in outcome.message or kind is OutcomeKind.SUCCEEDED


def test_a_password_that_the_server_says_back_is_masked(
    sql: Provider, access: Access, sending: Sending, log: list[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=gossip, args=(listener,), daemon=True).start()
        address = f"postgresql://127.0.0.1:{listener.getsockname()[1]}/{NAME}"
        chatty = replace(access, base_url=address, credentials={"password": CANARY})
        outcome = sql.apply(chatty, script(FIX), sending)
    assert outcome.kind is OutcomeKind.NOT_SENT
    assert "I got •••" in outcome.message
    assert CANARY not in repr(outcome) + "".join(log)


def gossip(listener: socket.socket) -> None:
    """Ask for the password in clear text and put it into the refusal, as no server should."""
    line, _ = listener.accept()
    line.recv(65536)
    line.sendall(b"R\x00\x00\x00\x08\x00\x00\x00\x03")
    said = line.recv(65536)[5:].rstrip(b"\x00")
    text = b"SFATAL\x00C28P01\x00MI got " + said + b"\x00\x00"
    line.sendall(b"E" + (len(text) + 4).to_bytes(4, "big") + text)
    line.close()
