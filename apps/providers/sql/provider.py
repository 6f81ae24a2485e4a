"""SQL: run a script in one transaction against a Postgres database of one's own. Off until the operator allows it."""

from __future__ import annotations

from collections.abc import Sequence

from apps.providers.base import (
    Access,
    Action,
    Airlock,
    Call,
    Check,
    CheckResult,
    Field,
    Finding,
    IdempotencyClass,
    Observation,
    Outcome,
    Parameter,
    Proof,
    Provider,
    Risk,
    Seen,
    Sending,
    Verification,
)
from apps.providers.endings import ends_in_an_observation, ends_in_an_outcome
from apps.providers.examining import ends_in_a_check_result
from apps.providers.sql import checking, copying, looking, running, scripts, wire

SCRIPT = (
    Parameter("script", "SQL script", help="Statements with “;” between them; the portal begins and commits."),
    Parameter(
        "expected_rows", "Rows it changes", kind="number", required=False,
        help="Counted over INSERT, UPDATE, DELETE and MERGE. Another number takes everything back.",
    ),
    Parameter("copy", "Safety copy it needs", required=False, help="Name of a copy made by “copy_tables”."),
    Parameter("no_copy_because", "Why it needs no copy", required=False),
    Parameter("statement_seconds", "Longest statement, in seconds", kind="number", required=False, help="15"),
    Parameter("lock_seconds", "Longest wait for a lock, in seconds", kind="number", required=False, help="3"),
)  # fmt: skip
LOOK = (
    Parameter("look", "Query that shows the effect", help="One reading statement that gives one value."),
    Parameter("wanted", "Value it gives afterwards", help="As Postgres writes it: 3, t, v42."),
)
LOST = "Whatever the script overwrites, deletes or drops. Only a copy made before brings it back."
UNDO = "Write the rows back from the safety copy (the schema rollback_copy_…), or restore the database."

RUN_SCRIPT = Action(
    name="run_script",
    title="Run a SQL script",
    parameters=SCRIPT,
    risk=Risk.DESTRUCTIVE,
    idempotency_class=IdempotencyClass.UNREPEATABLE,
    undo=UNDO,
    usual_seconds=3,
    gives_up_seconds=60,
    settle_seconds=0,
    interruptible=False,
    lost=LOST,
)
RUN_SEEN_SCRIPT = Action(
    name="run_seen_script",
    title="Run a SQL script and see its effect",
    parameters=(*SCRIPT, *LOOK),
    risk=Risk.DESTRUCTIVE,
    idempotency_class=IdempotencyClass.ABSOLUTE,
    undo=UNDO,
    usual_seconds=3,
    gives_up_seconds=60,
    settle_seconds=1,
    interruptible=False,
    lost=LOST,
)
COPY_TABLES = Action(
    name="copy_tables",
    title="Keep a copy of tables in the database",
    parameters=(
        Parameter("tables", "Tables", kind="list", help="orders, or public.orders"),
        Parameter("copy", "Name of the copy", help="It becomes the schema rollback_copy_<name>."),
    ),
    risk=Risk.SAFE,
    idempotency_class=IdempotencyClass.ABSOLUTE,
    undo="Drop the schema rollback_copy_<name> when it is no longer needed.",
    usual_seconds=5,
    gives_up_seconds=60,
    settle_seconds=1,
)
QUERY = Check(
    "query",
    "Ask the database",
    (
        Parameter("query", "Query", help="One reading statement that gives one value."),
        Parameter("equals", "Value it must give", required=False, help="Left out: any value but NULL holds."),
    ),
)


class Sql(Provider):
    """One Postgres database."""

    slug = "sql"
    name = "SQL"
    settings = (
        Field("user", "Role", help="A role of its own with the least rights; no superuser."),
        Field(
            "tls", "TLS", required=False, kind="choice", choices=wire.MODES,
            help="verify-full (usual), require (encrypted, but whoever answers is believed) or disable.",
        ),
        Field("ca_certificate", "Certificate authority (PEM)", required=False, kind="lines"),
    )  # fmt: skip
    credentials = (Field("password", "Password"),)
    actions = (RUN_SCRIPT, RUN_SEEN_SCRIPT, COPY_TABLES)
    checks = (QUERY,)
    roles = ("database",)
    address_schemes = wire.SCHEMES
    support = "https://www.postgresql.org/support/"

    def problems(self, call: Call) -> Sequence[str]:
        """Refuse while scripts are switched off, and what can never run in one transaction."""
        if found := super().problems(call):
            return found
        if not wire.switched_on():
            return (wire.OFF,)
        given = call.parameters
        if call.action == COPY_TABLES.name:
            found = [copying.name_problem(given["copy"]), *copying.table_problems(given["tables"])]
            return [text for text in found if text]
        found = [*scripts.problems(given["script"]), *_limits(call)]
        if call.action == RUN_SEEN_SCRIPT.name:
            found += [text for text in (scripts.question_problem(given["look"]),) if text]
        return found

    def check_problems(self, call: Call) -> Sequence[str]:
        """Refuse what is not one reading query."""
        if found := super().check_problems(call):
            return found
        problem = scripts.question_problem(call.parameters["query"])
        return [problem] if problem else []

    def check(self, access: Access) -> list[Finding]:
        """Sign in and ask for what scripts and copies need; change nothing."""
        return checking.findings(access)

    @ends_in_an_observation
    def observe(self, access: Access, call: Call, sending: Sending | None = None) -> Observation:
        """Ask the script's own query, or look for the copy; a script without a query cannot be seen."""
        if call.action == RUN_SCRIPT.name:
            text = "What this script changes cannot be read: it names no query. Look into the database."
            return Observation(Seen.UNREADABLE, text)
        look = looking.copied if call.action == COPY_TABLES.name else looking.value
        return look(access, call, sending)

    @ends_in_an_outcome
    def apply(self, access: Access, call: Call, sending: Sending) -> Outcome:
        """Run the transaction; what does not end as planned is taken back whole."""
        work = running.copy if call.action == COPY_TABLES.name else running.script
        return work(access, call, sending)

    def verify(self, access: Access, call: Call, sending: Sending) -> Verification:
        """Ask again; for a script without a query the answer to its COMMIT is all the proof there is."""
        if call.action != RUN_SCRIPT.name:
            return super().verify(access, call, sending)
        text = "The database confirmed the COMMIT. What it changed can be proven by a check step."
        return Verification(Proof.SATISFIED, text, (("done", text),))

    @ends_in_a_check_result
    def examine(self, access: Access, call: Call) -> CheckResult:
        """Ask the query in a transaction that cannot write."""
        return looking.checked(access, call)

    def airlock(self, access: Access, call: Call) -> Airlock | None:
        """Count the statements of a script and name the copy that is kept before it."""
        return None if call.action == COPY_TABLES.name else looking.airlock(access, call)

    def what_stays(self, call: Call) -> Sequence[str]:
        """Say what a script leaves behind."""
        if call.action == COPY_TABLES.name:
            return ("The copy stays in the database until somebody drops its schema.",)
        return ("What the script changed stays changed; the portal does not take it back.",)


def _limits(call: Call) -> list[str]:
    """Return what is wrong with the guards of a script."""
    given, found = call.parameters, []
    if bool(given.get("copy")) is bool(given.get("no_copy_because")):
        found.append("Name the safety copy that it needs (“copy”), or say why it needs none (“no_copy_because”).")
    elif given.get("copy") and (problem := copying.name_problem(given["copy"])):
        found.append(problem)
    for name in ("statement_seconds", "lock_seconds"):
        if given.get(name) is not None and not 0 < given[name] <= 600:
            found.append(f"“{name}” must be more than 0 and at most 600.")
    return found
