"""Commands: run one command line that the operator of the installation has allowed, without a shell."""

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
    ProviderError,
    Risk,
    Seen,
    Sending,
    Verification,
)
from apps.providers.command import checking, running
from apps.providers.command.allowing import OFF, place_of, switched_on
from apps.providers.endings import ends_in_an_observation, ends_in_an_outcome
from apps.providers.examining import ends_in_a_check_result

READING_SECONDS = 10.0
COMMAND = (
    Parameter("command", "Command", help="Its name in the operator's file."),
    Parameter(
        "arguments", "Arguments", kind="json", required=False,
        help='What stands in its holes, for example {"migration": "0042"}.',
    ),
)  # fmt: skip
RUN = Action(
    name="run",
    title="Run an allowed command",
    parameters=COMMAND,
    risk=Risk.DESTRUCTIVE,
    idempotency_class=IdempotencyClass.UNREPEATABLE,
    undo="What the command did is taken back where it was done: by its own way forward, or from a backup.",
    usual_seconds=10,
    gives_up_seconds=120,
    settle_seconds=0,
    max_attempts=1,
    interruptible=False,
    changes_release=True,
    lost="Whatever the command removes: a migration that is taken back drops its columns and tables with their rows.",
)
READ = Check(
    "read",
    "Ask an allowed command",
    (
        *COMMAND,
        Parameter("exit_code", "Exit code", kind="number", required=False, help="0 where left out."),
        Parameter("contains", "Text in its output", required=False),
    ),
)


class CommandRunner(Provider):
    """Commands of one place in the operator's file: migrations of Drizzle, Prisma, knex, Alembic, Django, Rails …"""

    slug = "command"
    name = "Commands"
    settings = (Field("place", "Place", help="The table in the operator's file."),)
    credentials = (
        Field("key", "Key", help="The text whose SHA-256 stands in the operator's file."),
        Field(
            "environment", "Environment", required=False, kind="json",
            help='Variables that the place asks for, for example {"DATABASE_URL": "…"}.',
        ),
    )  # fmt: skip
    actions = (RUN,)
    checks = (READ,)
    roles = ("database", "backend")
    address_schemes = ()
    support = "https://www.postgresql.org/support/"

    def problems(self, call: Call) -> Sequence[str]:
        """Refuse while nothing is allowed, and arguments that are not an object of texts."""
        return super().problems(call) or _unready(call)

    def check_problems(self, call: Call) -> Sequence[str]:
        """Refuse the same for a question."""
        return super().check_problems(call) or _unready(call)

    def check(self, access: Access) -> list[Finding]:
        """Look whether file, key and programs are there; start nothing."""
        return checking.findings(access)

    @ends_in_an_observation
    def observe(self, access: Access, call: Call, sending: Sending | None = None) -> Observation:
        """Say that what a command changes cannot be seen from here."""
        return Observation(Seen.UNREADABLE, "What this command changes cannot be read; a check can ask its tool.")

    @ends_in_an_outcome
    def apply(self, access: Access, call: Call, sending: Sending) -> Outcome:
        """Start the command once and wait for its end."""
        return running.command(access, call, sending)

    def verify(self, access: Access, call: Call, sending: Sending) -> Verification:
        """Say that the exit code is all the proof there is; a check step after it can prove more."""
        text = "The command ended with success. A check step can ask its tool for the state."
        return Verification(Proof.SATISFIED, text, (("done", text),))

    @ends_in_a_check_result
    def examine(self, access: Access, call: Call) -> CheckResult:
        """Run a command that only reads, and hold its exit code and output against what is wanted."""
        place, given = place_of(access), call.parameters
        wanted = place.command(given["command"])
        if not wanted.reads:
            raise ProviderError(f"“{wanted.name}” is not marked as one that only reads, so it is no check.")
        ended = running.start(access, place, wanted, wanted.line(given.get("arguments") or {}), READING_SECONDS)
        if isinstance(ended, Outcome) or ended.late:
            why = ended.message if isinstance(ended, Outcome) else f"“{wanted.title}” was not done in time."
            raise ProviderError(why)
        code, text = int(given.get("exit_code") or 0), given.get("contains") or ""
        holds = ended.code == code and text in ended.output
        lines = running.shown(access, ended.output)[-5:]
        mark = "done" if holds else "failed"
        told = f"“{wanted.title}” ended with {ended.code}; wanted {code}" + (f" and “{text}”." if text else ".")
        return CheckResult(holds, told, ((mark, told), *((mark, line) for line in lines)))

    def airlock(self, access: Access, call: Call) -> Airlock | None:
        """Show the command line as it will be run, and which copy is kept first."""
        try:
            place = place_of(access)
            wanted = place.command(call.parameters["command"])
            line = wanted.line(call.parameters.get("arguments") or {})
            place.variables(access)
        except ProviderError as error:
            return Airlock(RUN.lost, "None: the command cannot be run.", refusals=(str(error),))
        copy = (
            f"“{place.command(wanted.copy_first).title}” runs first; without it nothing else."
            if wanted.copy_first
            else ""
        )
        loses = f"Whatever “{wanted.title}” removes ({' '.join(line)})."
        return Airlock(loses, copy or "None: the operator's file names no command that keeps one. Keep one before.")

    def what_stays(self, call: Call) -> Sequence[str]:
        """Say that the portal takes nothing of it back."""
        return ("What the command changed stays changed; the portal does not take it back.",)


def _unready(call: Call) -> Sequence[str]:
    if not switched_on():
        return (OFF,)
    given = call.parameters.get("arguments") or {}
    if not isinstance(given, dict) or not all(isinstance(value, str) for value in given.values()):
        return ("“arguments” must be an object of names and texts.",)
    return ()
