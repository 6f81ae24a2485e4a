"""Look at a database without changing it: the query that proves a script, a copy, what an airlock must say."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from apps.providers.base import Access, Airlock, Call, CheckResult, Observation, ProviderError, Seen, Sending
from apps.providers.sql import copying, scripts, wire
from apps.providers.sql.running import key_of
from apps.providers.sql.wire import Connection

LOOKING_SECONDS = 8.0


@contextmanager
def reading(access: Access) -> Iterator[Connection]:
    """Lend a connection whose transaction cannot write. Raises ProviderError, and only that, for what goes wrong."""
    try:
        with wire.opened(access, time.monotonic() + LOOKING_SECONDS) as (connection, _):
            wire.read_only(connection, LOOKING_SECONDS - 1)
            yield connection
    except psycopg.Error as error:
        raise ProviderError(f"{wire.place(access)} could not be read: {wire.explained(access, error)}.") from None


def value(access: Access, call: Call, sending: Sending | None) -> Observation:
    """Ask the script's own query; wanted is the value that the plan names."""
    wanted = call.parameters["wanted"]
    with reading(access) as connection:
        busy = sending is not None and _is_open(connection, sending)
        found = wire.ask(connection, call.parameters["look"])
    text = f"The query gives “{_shown(found)}”; wanted is “{_shown(wanted)}”."
    if busy:
        text = f"The script is still at work in the database. {text}"
    seen = Seen.DESIRED if found == wanted else Seen.OTHER
    return Observation(seen, text, {"value": found}, {"value": found}, under_way=busy and seen is Seen.OTHER)


def copied(access: Access, call: Call, sending: Sending | None) -> Observation:
    """Say whether the copy holds the tables."""
    name, tables = call.parameters["copy"], call.parameters["tables"]
    with reading(access) as connection:
        busy = sending is not None and _is_open(connection, sending)
        lacking = copying.missing(connection, name, tables)
        there = len(lacking) < len(tables)
        made = copying.made_at(connection, name)
    if not lacking:
        return Observation(Seen.DESIRED, f"The copy “{name}” holds {', '.join(tables)}. {made}.", {"missing": []})
    text = f"The copy “{name}” lacks {', '.join(lacking)}." if there else f"There is no copy “{name}” yet."
    return Observation(Seen.OTHER, text, {"missing": lacking}, under_way=busy)


def checked(access: Access, call: Call) -> CheckResult:
    """Ask a query and hold its value against the one wanted, or show it where none is."""
    wanted = call.parameters.get("equals")
    with reading(access) as connection:
        found = wire.ask(connection, call.parameters["query"])
    text = f"The query gives “{_shown(found)}”" + (f"; wanted is “{_shown(wanted)}”." if wanted is not None else ".")
    holds = found is not None if wanted is None else found == wanted
    return CheckResult(holds, text, (("done" if holds else "failed", text),))


def airlock(access: Access, call: Call) -> Airlock:
    """Say what a script can take away, and which copy is kept. Raises ProviderError."""
    given = call.parameters
    verbs = Counter(one.verb for one in scripts.statements(given["script"]))
    told = ", ".join(f"{count} × {verb}" for verb, count in verbs.items())
    with reading(access) as connection:
        refusals = _refusals(connection)
        copy = _copy(connection, given.get("copy"), given.get("no_copy_because"))
    limit = given.get("expected_rows")
    rows = f" Another number of changed rows than {limit:g} takes everything back." if limit is not None else ""
    loses = f"Whatever the script changes or deletes in {wire.place(access)}: {told}.{rows}"
    return Airlock(loses, copy, refusals=refusals)


def _copy(connection: Connection, name: str | None, because: str | None) -> str:
    if not name:
        return f"None. The plan says why: {because}"
    if tables := copying.tables_in(connection, name):
        return f"“{name}”, which holds {', '.join(tables)}. {copying.made_at(connection, name)}."
    return f"“{name}”, to be made by an earlier step; the script does not run without it."


def _refusals(connection: Connection) -> list[str]:
    row = connection.execute("SELECT pg_is_in_recovery(), current_setting('default_transaction_read_only')").fetchone()
    if row and row[0]:
        return ["This server is a standby: it cannot be written to. Connect the primary."]
    return ["The role may only read: default_transaction_read_only is on."] if row and row[1] == "on" else []


def _is_open(connection: Connection, sending: Sending) -> bool:
    """Say whether a transaction of this step is still open, which holds the lock until it ends."""
    row = connection.execute(
        "SELECT pg_try_advisory_xact_lock_shared(hashtextextended(%s, 0))", [key_of(sending)]
    ).fetchone()
    return not (row and row[0])


def _shown(text: str | None) -> str:
    """Return a value as it may stand in a sentence."""
    if text is None:
        return "NULL"
    return text if len(text) <= 100 else text[:99] + "…"
