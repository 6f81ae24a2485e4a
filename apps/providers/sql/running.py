"""Run a script in one transaction: all of it or nothing, and the truth about which of the two."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import psycopg

from apps.providers.base import Access, Call, Outcome, OutcomeKind, ProviderError, Sending
from apps.providers.endings import LOOK, refused
from apps.providers.http import NotSent
from apps.providers.sql import copying, scripts, wire
from apps.providers.sql.wire import Connection, Watch

logger = logging.getLogger(__name__)
STATEMENT_SECONDS, LOCK_SECONDS = 15.0, 3.0
WAIT_SECONDS = 5.0
TAKEN_BACK = "The whole transaction was taken back: nothing was changed."
# Busy rows, a deadlock, another transaction that came first, a statement that took too long or was stopped.
PASSING = frozenset({"55P03", "40P01", "40001", "57014"})


@dataclass
class Run:
    """One run of a script: how far it came, and whether its COMMIT has left."""

    counts: list[str] = field(default_factory=list)
    changed: int = 0
    committing: bool = False


class Stopped(Exception):
    """The transaction must be taken back; carries how the attempt ends."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__()
        self.outcome = outcome


Work = Callable[[Connection, Watch, Run], None]


def script(access: Access, call: Call, sending: Sending) -> Outcome:
    """Run the script of the call: every statement, the guards, COMMIT. Raises NotSent."""
    return transaction(access, sending, lambda connection, watch, run: _statements(connection, watch, run, call))


def transaction(access: Access, sending: Sending, work: Work) -> Outcome:
    """Do `work` in one transaction that only one attempt of the step can have open, and commit it. Raises NotSent."""
    run = Run()
    try:
        with wire.opened(access, time.monotonic() + sending.deadline_seconds) as (connection, watch):
            try:
                _begin(connection, sending)
                work(connection, watch, run)
                _commit(access, connection, run, sending)
            except (psycopg.Error, Stopped) as error:
                return _ended(access, run, watch, error)
    except NotSent as error:
        return Outcome(OutcomeKind.NOT_SENT, str(error), retryable=True)
    lines = " ".join(run.counts)
    wire.tell(access, f"← committed: {lines}")
    evidence = {"statements": run.counts, "rows": run.changed}
    return Outcome(OutcomeKind.SUCCEEDED, f"Committed in {wire.place(access)}: {lines}", evidence=evidence)


def copy(access: Access, call: Call, sending: Sending) -> Outcome:
    """Keep the tables of the call in a copy; a copy that is there already counts as made. Raises NotSent."""
    name, tables = call.parameters["copy"], call.parameters["tables"]

    def work(connection: Connection, watch: Watch, run: Run) -> None:
        if copying.whole(connection, name, tables):
            run.counts.append(f"The copy “{name}” was there already.")
        else:
            run.counts += copying.keep(connection, name, tables, watch.left())

    return transaction(access, sending, work)


def key_of(sending: Sending) -> str:
    """Return the name of the lock that one attempt of a step holds while its transaction is open."""
    return f"rollback-portal {sending.idempotency_key}"


def _begin(connection: Connection, sending: Sending) -> None:
    """Ask for permission now that the line stands, and begin; the lock ends with the transaction."""
    _ask_permission(sending)
    connection.execute("BEGIN")
    wire.limit(connection, statement=LOCK_SECONDS, lock=LOCK_SECONDS)
    row = connection.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [key_of(sending)]).fetchone()
    if not row or not row[0]:
        text = "An earlier attempt of this step is still open in the database; this one changed nothing."
        raise Stopped(Outcome(OutcomeKind.RETRY_LATER, text, retry_after_seconds=WAIT_SECONDS, retryable=True))


def _statements(connection: Connection, watch: Watch, run: Run, call: Call) -> None:
    given = call.parameters
    if name := given.get("copy"):
        _insist_on(connection, name)
    seconds = float(given.get("statement_seconds") or STATEMENT_SECONDS)
    lock = float(given.get("lock_seconds") or LOCK_SECONDS)
    for number, statement in enumerate(scripts.statements(given["script"]), 1):
        wire.limit(connection, statement=min(seconds, watch.left()), lock=min(lock, watch.left()))
        result = wire.run(connection, statement.text)
        tag = (result.command_status or b"").decode()
        run.counts.append(f"{number}. {tag or statement.verb}.")
        if tag.split(" ")[0].lower() in scripts.WRITES:
            run.changed += result.command_tuples or 0
    _guard(connection, run, call)


def _insist_on(connection: Connection, name: str) -> None:
    if not copying.tables_in(connection, name):
        text = f"The safety copy “{name}” is not there, so the script was not run. Nothing was changed; make it first."
        raise Stopped(refused(text))


def _guard(connection: Connection, run: Run, call: Call) -> None:
    """Hold what the script did against what the plan expects of it, before anybody else can see it."""
    expected, query = call.parameters.get("expected_rows"), call.parameters.get("look")
    if expected is not None and run.changed != expected:
        text = f"The script hit {run.changed} rows where {expected:g} were expected. {TAKEN_BACK}"
        raise Stopped(Outcome(OutcomeKind.REJECTED, text, needs_operator=True, evidence={"statements": run.counts}))
    if query:
        try:
            value = wire.ask(connection, query)
        except ProviderError as error:
            raise Stopped(refused(f"{error} {TAKEN_BACK}"))
        if value != call.parameters["wanted"]:
            text = f"After the script its own query gives “{value}”, not “{call.parameters['wanted']}”. {TAKEN_BACK}"
            raise Stopped(refused(text, needs_operator=True))


def _commit(access: Access, connection: Connection, run: Run, sending: Sending) -> None:
    _ask_permission(sending)
    wire.tell(access, "→ COMMIT")
    run.committing = True
    status = connection.execute("COMMIT").statusmessage
    if status != "COMMIT":
        raise Stopped(refused(f"The database answered the COMMIT with {status}. {TAKEN_BACK}", needs_operator=True))


def _ask_permission(sending: Sending) -> None:
    try:
        permitted = sending.permit()
    except Exception:
        logger.exception("Whether a script may go on could not be found out; it does not.")
        permitted = False
    if not permitted:
        text = f"The script was stopped before its COMMIT. {TAKEN_BACK}"
        raise Stopped(Outcome(OutcomeKind.NOT_SENT, text, retryable=True))


def _ended(access: Access, run: Run, watch: Watch, error: psycopg.Error | Stopped) -> Outcome:
    """Say how a transaction ended that did not come to its end as planned."""
    if isinstance(error, Stopped):
        wire.tell(access, f"✕ {error.outcome.message}")
        return error.outcome
    said = "the time was over" if watch.ended else wire.explained(access, error)
    state = error.sqlstate or ""
    answered = bool(state) and not state.startswith(("08", "57P"))
    if run.committing and not answered:
        text = f"The COMMIT reached {wire.place(access)}, but its answer was lost ({said}). {LOOK}"
        wire.tell(access, f"✕ {text}")
        return Outcome(OutcomeKind.AMBIGUOUS, text, retryable=True, evidence={"statements": run.counts})
    where = "at COMMIT" if run.committing else f"after {len(run.counts)} statements"
    text = f"{wire.place(access)} stopped the script {where}: {said}. {TAKEN_BACK}"
    wire.tell(access, f"✕ {text}")
    if state in PASSING or not answered:
        return Outcome(OutcomeKind.RETRY_LATER, text, retry_after_seconds=WAIT_SECONDS, retryable=True)
    return refused(text)
