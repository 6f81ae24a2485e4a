"""What the migration tools say and mean: their exit codes, their known sentences, and what of them is never allowed.

Only what a tool says before it touches anything counts as "nothing was changed". Every other failure may have gone
half its way, for most tools commit after each migration.

Sources: knex `bin/cli.js` and `Migrator.js`; Prisma's error reference; Alembic `util/messaging.py` (a CommandError
ends with 255); Django `commands/migrate.py`; Rails `databases.rake`; golang-migrate `internal/cli`; psql's manual page.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from apps.providers.base import OutcomeKind

DONE, NO, LATER, UNKNOWN = (
    OutcomeKind.SUCCEEDED,
    OutcomeKind.REJECTED,
    OutcomeKind.RETRY_LATER,
    OutcomeKind.AMBIGUOUS,
)
HALF = "Part of it may have gone through; look at the database before anything is repeated."


@dataclass(frozen=True)
class Sign:
    """A sentence of a tool with one of the exit codes, and what it means."""

    pattern: str
    exits: tuple[int, ...]
    kind: OutcomeKind
    meaning: str


@dataclass(frozen=True)
class Tool:
    """One tool: what may never be on the list, what must be there, and what its answers mean."""

    name: str
    never: tuple[tuple[str, ...], ...] = ()
    needs: tuple[str, ...] = ()
    signs: tuple[Sign, ...] = ()


TOOLS = {
    tool.name: tool
    for tool in (
        Tool("drizzle", never=(("drop",), ("push",))),
        Tool(
            "prisma",
            never=(("migrate", "reset"), ("migrate", "dev"), ("--accept-data-loss",), ("--force-reset",)),
            signs=(
                Sign("P3012", (1,), NO, "Prisma takes back the record of a failed migration only; this one succeeded."),
                Sign("P3011", (1,), NO, "That migration was never applied to this database."),
                Sign("P3008", (1,), NO, "That migration is recorded as applied already."),
                Sign("P3009", (1,), NO, "A failed migration stands in the way: resolve it first."),
                Sign("P1000|P1001|P1003", (1,), NO, "Prisma could not open the database."),
                Sign("Database schema is up to date", (0,), DONE, "The database is in step with the migrations."),
            ),
        ),
        Tool(
            "knex",
            never=(("--all",),),
            signs=(
                Sign("Already at the base migration", (0,), DONE, "There was nothing to take back."),
                Sign(
                    "Migration table is already locked", (1,), NO,
                    "Another run holds knex's lock, or died with it; `knex migrate:unlock` frees it.",
                ),
                Sign("was not run", (1,), NO, "That migration is not applied here."),
                Sign(
                    "migration directory is corrupt", (1,), NO,
                    "This checkout lacks migrations that the database has: run it from the newer code.",
                ),
            ),
        ),
        Tool(
            "alembic",
            signs=(
                Sign("Can't locate revision", (255,), NO, "This checkout does not have that revision."),
                Sign("didn't produce \\d+ migrations", (255,), NO, "There are not as many revisions to go back."),
                Sign("Multiple head revisions", (255,), NO, "There are several heads: name the revision."),
                Sign("not on all head revisions|not up to date", (255,), NO, "The database is not at the head."),
            ),
        ),
        Tool(
            "django",
            never=(("flush",), ("--fake",)),
            signs=(
                Sign("No migrations to (?:apply|unapply)", (0,), DONE, "There was nothing to take back."),
                Sign(
                    "Cannot find a migration matching|More than one migration matches|No installed app with label"
                    "|does not have migrations", (1,), NO, "Django found no such migration.",
                ),
                Sign("IrreversibleError", (1,), UNKNOWN, f"A migration on the way has no way back. {HALF}"),
            ),
        ),
        Tool(
            "rails",
            never=(("db:drop",), ("db:reset",), ("db:setup",), ("db:schema:load",), ("db:migrate:reset",)),
            signs=(
                Sign("multiple database application", (1,), NO, "Name the database: db:rollback:primary."),
                Sign("VERSION is required|UnknownMigrationVersionError|No migration with version number", (1,), NO,
                     "Rails knows no such version."),
                Sign("ConcurrentMigrationError", (1,), LATER, "Another migration holds Rails' lock."),
                Sign("NoDatabaseError|ConnectionNotEstablished", (1,), NO, "Rails could not open the database."),
                Sign("IrreversibleMigration", (1,), UNKNOWN, f"A migration on the way has no way back. {HALF}"),
            ),
        ),
        Tool(
            "golang-migrate",
            never=(("drop",), ("-all",)),
            signs=(
                Sign("no change", (0,), DONE, "There was nothing to take back."),
                Sign("Dirty database version", (1,), NO, "An earlier one broke off: repair, then `force`."),
                Sign("", (2,), NO, "It was called wrongly."),
            ),
        ),
        Tool("flyway", never=(("clean",),), signs=(
            Sign("Upgrade Required|Teams Edition|Enterprise", (1,), NO, "Undo needs a paid edition of Flyway."),
        )),
        Tool(
            # `migration down` drops every user schema and builds it again without the data.
            "supabase",
            never=(("db", "reset"), ("migration", "down"), ("db", "push")),
        ),
        Tool(
            "psql",
            needs=("-X", "-1", "ON_ERROR_STOP=1"),
            signs=(
                Sign("", (1,), NO, "psql could not begin, and nothing was committed."),
                Sign("", (3,), NO, "The script failed and was taken back whole."),
                Sign("", (2,), UNKNOWN, "psql lost the database: whether the script was committed is not known."),
            ),
        ),
        Tool("other"),
    )
}  # fmt: skip


def unfit(tool: Tool, words: Sequence[str]) -> str:
    """Return why a command line may not be on the list, or an empty text."""
    for never in tool.never:
        if any(tuple(words[at : at + len(never)]) == never for at in range(len(words))):
            return f"“{' '.join(never)}” of {tool.name} destroys more than it takes back and is never allowed."
    if lacking := [need for need in tool.needs if need not in words]:
        return f"{tool.name} needs {', '.join(lacking)}, or a failed script counts as done."
    if tool.name == "golang-migrate" and tuple(words[-1:]) == ("down",):
        return "“down” without a number takes everything back, and asks first."
    return ""


def judge(tool: Tool, code: int, output: str) -> tuple[OutcomeKind, str]:
    """Return what an exit code and an output mean. A negative code is the signal that ended the process."""
    for sign in tool.signs:
        if code in sign.exits and re.search(sign.pattern, output):
            return sign.kind, sign.meaning
    if code == 0:
        return DONE, ""
    return UNKNOWN, HALF
