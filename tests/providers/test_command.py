"""Commands: only what the operator allows, without a shell, and every ending told as what it is."""

import hashlib
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from apps.providers import lifecycle
from apps.providers.base import Access, Call, OutcomeKind, Proof, Provider, Seen, Sending
from apps.providers.command import tools
from apps.providers.registry import provider
from apps.timeline.log import SYSTEM
from tests.accounts.factories import OrganisationFactory
from tests.providers.conftest import CANARY

KEY = "a-key-of-forty-letters-and-more-than-that"
ADDRESS = f"postgresql://shop:{CANARY.replace('/', '-')}@db.example/shop"
ECHO = "import json, os, sys; print(json.dumps([sys.argv[1:], dict(os.environ), os.getcwd()]))"
Allow = Callable[..., None]


@pytest.fixture
def allow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Allow:
    """Write the operator's file: allow(name, python source, **more) puts one small real program on the list."""
    commands: dict[str, dict[str, Any]] = {}
    path = tmp_path / "commands.toml"

    def add(name: str, source: str = "", **more: Any) -> None:
        program = tmp_path / name
        program.write_text(f"#!{sys.executable} -I\n{source}\n")
        program.chmod(0o755)
        holes = dict.fromkeys(more.pop("holes", ()), "[a-z0-9_]+")
        commands[name] = {"argv": [str(program), *more.pop("words", [])], "arguments": holes, **more}
        path.write_text(toml({"shop": {**PLACE, "directory": str(tmp_path)}}, commands))
        path.chmod(0o600)

    monkeypatch.setenv("COMMANDS_FILE", str(path))
    add("nothing")
    return add


PLACE = {
    "key_sha256": hashlib.sha256(KEY.encode()).hexdigest(),
    "environment": ["DATABASE_URL"],
    "set": {"RAILS_ENV": "production"},
}


def toml(places: dict[str, dict[str, Any]], commands: dict[str, dict[str, Any]]) -> str:
    """Return the file; JSON's texts, lists and numbers are TOML's as well."""
    lines = []
    for place, said in places.items():
        lines += [f"[{place}]", *(f"{k} = {json.dumps(v)}" for k, v in said.items() if not isinstance(v, dict))]
        for name, values in [(k, v) for k, v in said.items() if isinstance(v, dict)]:
            lines += [f"[{place}.{name}]", *(f"{k} = {json.dumps(v)}" for k, v in values.items())]
        for name, values in commands.items():
            flat = {k: v for k, v in values.items() if k != "arguments"}
            lines += [f"[{place}.commands.{name}]", *(f"{k} = {json.dumps(v)}" for k, v in flat.items())]
            holes = values.get("arguments", {})
            lines += [f"[{place}.commands.{name}.arguments]", *(f"{k} = {json.dumps(v)}" for k, v in holes.items())]
    return "\n".join(lines)


@pytest.fixture
def access() -> Access:
    """The connection to the place."""
    return Access("", {"place": "shop"}, {"key": KEY, "environment": {"DATABASE_URL": ADDRESS}})


@pytest.fixture
def runner() -> Provider:
    """The adapter."""
    return provider("command")


def run(name: str, **arguments: str) -> Call:
    """Return the call of an allowed command."""
    return Call("run", {"command": name, **({"arguments": arguments} if arguments else {})})


# --- what a command gets ---------------------------------------------------------------------------------------------


def test_a_command_gets_its_words_as_they_are_and_an_environment_with_nothing_of_ours(
    allow: Allow, runner: Provider, access: Access, sending: Sending, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SECRET_KEY", CANARY)
    allow("echo", f"{ECHO}; open('told.json', 'w').write(json.dumps([sys.argv[1:], dict(os.environ)]))",
          words=["down", "--to", "{migration}"], holes=["migration"])  # fmt: skip
    outcome = runner.apply(access, run("echo", migration="add_invoices"), sending)
    assert outcome.kind is OutcomeKind.SUCCEEDED, outcome.message
    words, variables = json.loads((tmp_path / "told.json").read_text())
    assert words == ["down", "--to", "add_invoices"]
    given = {name: value for name, value in variables.items() if name != "LC_CTYPE"}
    assert given == {
        "PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8", "RAILS_ENV": "production", "DATABASE_URL": ADDRESS,
    }  # fmt: skip


@pytest.mark.parametrize(
    "value", ["a; rm -rf /", "$(id)", "`id`", "a b", "-x", "--force", "a\nb", "", "x" * 201, "../x", "a|b", "a&&b"]
)
def test_a_value_that_does_not_fit_the_operators_pattern_is_never_run(
    value: str, allow: Allow, runner: Provider, access: Access, sending: Sending, tmp_path: Path
) -> None:
    allow("touch", "open('was-run', 'w')", words=["{migration}"], holes=["migration"])
    outcome = runner.apply(access, run("touch", migration=value), sending)
    assert outcome.kind is OutcomeKind.REJECTED
    assert "must fit" in outcome.message
    assert not (tmp_path / "was-run").exists()


@pytest.mark.parametrize("arguments", [{}, {"other": "x"}, {"migration": "x", "other": "y"}], ids=str)
def test_missing_and_surplus_arguments_are_refused(
    arguments: dict[str, str], allow: Allow, runner: Provider, access: Access, sending: Sending
) -> None:
    allow("down", words=["{migration}"], holes=["migration"])
    assert runner.apply(access, run("down", **arguments), sending).kind is OutcomeKind.REJECTED


# --- how it ends -----------------------------------------------------------------------------------------------------


def test_the_exit_code_and_the_last_lines_are_told_without_secrets(
    allow: Allow, runner: Provider, access: Access, sending: Sending, log: list[str]
) -> None:
    secret = ADDRESS.split(":")[2].split("@")[0]
    allow("tell", f"import os; print('\\x1b[31mred\\x1b[0m', os.environ['DATABASE_URL']); print('pw={secret}');"
                  "print('other://u:hunter2@host/x'); print('done \\x07')")  # fmt: skip
    outcome = runner.apply(access, run("tell"), sending)
    assert outcome.kind is OutcomeKind.SUCCEEDED
    assert outcome.evidence == {"exit_code": 0, "output": ["red •••", "pw=•••", "other://u:•••@host/x", "done"]}
    assert "It says last: “done”" in outcome.message
    assert secret not in "".join(log) + repr(outcome)
    assert any(line.startswith("→") for line in log)
    assert runner.verify(access, run("tell"), sending).proof is Proof.SATISFIED


def test_an_output_of_any_length_is_bounded(allow: Allow, runner: Provider, access: Access, sending: Sending) -> None:
    allow("flood", "import sys\nfor n in range(30000): print('line', n, 'x' * 300)")
    outcome = runner.apply(access, run("flood"), sending)
    assert outcome.kind is OutcomeKind.SUCCEEDED, outcome.message
    assert len(repr(outcome.evidence)) < 20_000
    assert outcome.evidence["output"][-1].startswith("line 29999")


def test_a_failure_nobody_knows_may_have_gone_half_its_way(
    allow: Allow, runner: Provider, access: Access, sending: Sending
) -> None:
    allow("fail", "import sys; print('boom'); sys.exit(7)")
    outcome = runner.apply(access, run("fail"), sending)
    assert (outcome.kind, outcome.needs_operator) == (OutcomeKind.AMBIGUOUS, True)
    assert "ended with 7" in outcome.message


def test_a_process_that_was_killed_is_unknown(allow: Allow, runner: Provider, access: Access, sending: Sending) -> None:
    allow("die", "import os; os.kill(os.getpid(), 9)")
    outcome = runner.apply(access, run("die"), sending)
    assert outcome.kind is OutcomeKind.AMBIGUOUS
    assert "ended by signal 9" in outcome.message


STUBBORN = """
import os, signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
open("pids", "w").write(f"{os.getpid()} {child.pid}")
print("working", flush=True)
time.sleep(60)
"""


def test_at_the_deadline_the_whole_group_is_ended_and_the_end_is_unknown(
    allow: Allow, runner: Provider, access: Access, sending: Sending, tmp_path: Path
) -> None:
    allow("hang", STUBBORN, timeout_seconds=1)
    began = time.monotonic()
    outcome = runner.apply(access, run("hang"), sending)
    assert outcome.kind is OutcomeKind.AMBIGUOUS
    assert "ended with all it had started" in outcome.message
    assert time.monotonic() - began < 4
    assert [pid for pid in (tmp_path / "pids").read_text().split() if alive(int(pid))] == []


def alive(pid: int) -> bool:
    """Say whether a process runs on; a signal takes a moment to arrive, and one that waits to be counted is over."""
    until = time.monotonic() + 2
    while time.monotonic() < until:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        stat = Path(f"/proc/{pid}/stat")  # Linux tells more: without an init nobody counts an orphan
        if stat.exists() and stat.read_text().rpartition(")")[2].split()[0] == "Z":
            return False
        time.sleep(0.01)
    return True


def test_what_a_command_leaves_behind_is_ended_with_it(
    allow: Allow, runner: Provider, access: Access, sending: Sending, tmp_path: Path
) -> None:
    source = "import subprocess, sys; p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])"
    allow("leave", f"{source}\nopen('pid', 'w').write(str(p.pid))")
    assert runner.apply(access, run("leave"), sending).kind is OutcomeKind.SUCCEEDED
    assert not alive(int((tmp_path / "pid").read_text()))


def test_a_program_that_is_not_there_is_not_sent(
    allow: Allow, runner: Provider, access: Access, sending: Sending, tmp_path: Path
) -> None:
    allow("gone")
    (tmp_path / "gone").unlink()
    assert runner.apply(access, run("gone"), sending).kind is OutcomeKind.NOT_SENT
    assert "is not a program here" in " ".join(finding.message for finding in runner.check(access))


def test_a_withdrawn_permission_starts_nothing(allow: Allow, runner: Provider, access: Access, tmp_path: Path) -> None:
    allow("touch", "open('was-run', 'w')")
    held = Sending("idem-1", "attempt-1", "m", "why", permit=lambda: False)
    assert runner.apply(access, run("touch"), held).kind is OutcomeKind.NOT_SENT
    assert not (tmp_path / "was-run").exists()


def test_a_copy_is_kept_first_and_without_it_nothing_else_runs(
    allow: Allow, runner: Provider, access: Access, sending: Sending, tmp_path: Path
) -> None:
    allow("dump", "open('order', 'a').write('dump ')", title="Dump the database")
    allow("down", "open('order', 'a').write('down ')", copy_first="dump")
    assert runner.apply(access, run("down"), sending).kind is OutcomeKind.SUCCEEDED
    assert (tmp_path / "order").read_text() == "dump down "
    lock = runner.airlock(access, run("down"))
    assert lock is not None
    assert lock.safety_copy == "“Dump the database” runs first; without it nothing else."
    allow("dump", "import sys; sys.exit('disk full')", title="Dump the database")
    outcome = runner.apply(access, run("down"), sending)
    assert outcome.kind is OutcomeKind.REJECTED
    assert "disk full" in outcome.message
    assert (tmp_path / "order").read_text() == "dump down "


# --- the tools' own words --------------------------------------------------------------------------------------------

SAID = [
    ("knex", 0, "Already at the base migration", OutcomeKind.SUCCEEDED),
    ("knex", 0, "Batch 3 rolled back: 1 migrations", OutcomeKind.SUCCEEDED),
    ("knex", 1, "Migration table is already locked", OutcomeKind.REJECTED),
    ("knex", 1, "The migration directory is corrupt, the following files are missing: x.js", OutcomeKind.REJECTED),
    ("knex", 1, "migration file \"x.js\" failed\nerror: drop table", OutcomeKind.AMBIGUOUS),
    ("knex", 1, "Error: Migration \"nope.js\" was not run.", OutcomeKind.REJECTED),
    ("alembic", 255, "FAILED: Database is not on all head revisions", OutcomeKind.REJECTED),
    ("alembic", 255, "FAILED: Relative revision -5 didn't produce 5 migrations", OutcomeKind.REJECTED),
    ("prisma", 1, "Error: P3012\nMigration `x` cannot be rolled back: not in a failed state.", OutcomeKind.REJECTED),
    ("prisma", 1, "Error: P1001: Can't reach database server", OutcomeKind.REJECTED),
    ("prisma", 1, "Error: P3018 A migration failed to apply", OutcomeKind.AMBIGUOUS),
    ("alembic", 255, "FAILED: Can't locate revision identified by 'x'", OutcomeKind.REJECTED),
    ("alembic", 1, "sqlalchemy.exc.OperationalError", OutcomeKind.AMBIGUOUS),
    ("django", 0, "  No migrations to apply.", OutcomeKind.SUCCEEDED),
    ("django", 1, "CommandError: Cannot find a migration matching '0042' from app 'books'.", OutcomeKind.REJECTED),
    ("django", 1, "django.db.migrations.exceptions.IrreversibleError: Operation", OutcomeKind.AMBIGUOUS),
    ("rails", 1, "ActiveRecord::IrreversibleMigration", OutcomeKind.AMBIGUOUS),
    ("rails", 1, "You're using a multiple database application. To use `db:rollback`", OutcomeKind.REJECTED),
    ("rails", 1, "ActiveRecord::ConcurrentMigrationError", OutcomeKind.RETRY_LATER),
    ("golang-migrate", 0, "no change", OutcomeKind.SUCCEEDED),
    ("golang-migrate", 1, "error: Dirty database version 1. Fix and force version.", OutcomeKind.REJECTED),
    ("golang-migrate", 2, "usage", OutcomeKind.REJECTED),
    ("flyway", 1, "ERROR: Flyway Teams Edition or Flyway Enterprise Edition upgrade required", OutcomeKind.REJECTED),
    ("psql", 0, "COMMIT", OutcomeKind.SUCCEEDED),
    ("psql", 1, "down.sql: No such file or directory", OutcomeKind.REJECTED),
    ("psql", 2, "server closed the connection unexpectedly", OutcomeKind.AMBIGUOUS),
    ("psql", 3, "ERROR: relation does not exist", OutcomeKind.REJECTED),
    ("drizzle", 1, "Error", OutcomeKind.AMBIGUOUS),
    ("other", 0, "", OutcomeKind.SUCCEEDED),
]  # fmt: skip


@pytest.mark.parametrize(("tool", "code", "output", "kind"), SAID, ids=[f"{s[0]}-{s[1]}-{s[2][:24]}" for s in SAID])
def test_a_tools_exit_code_and_words_are_understood(
    tool: str, code: int, output: str, kind: OutcomeKind,
    allow: Allow, runner: Provider, access: Access, sending: Sending,
) -> None:  # fmt: skip
    words = list(tools.TOOLS[tool].needs)
    allow("migrate", f"import sys; print({output!r}); sys.exit({code})", tool=tool, words=words)
    outcome = runner.apply(access, run("migrate"), sending)
    assert outcome.kind is kind, outcome.message
    assert ("Nothing was changed" in outcome.message) is (kind in (OutcomeKind.REJECTED, OutcomeKind.RETRY_LATER))


NEVER = [
    ("supabase", ["migration", "down", "--last", "1"]),
    ("supabase", ["db", "reset", "--linked"]),
    ("prisma", ["migrate", "reset"]),
    ("prisma", ["db", "push", "--force-reset"]),
    ("django", ["flush"]),
    ("rails", ["db:drop"]),
    ("knex", ["migrate:rollback", "--all"]),
    ("golang-migrate", ["-path", "x", "down"]),
    ("golang-migrate", ["drop"]),
    ("drizzle", ["push"]),
    ("flyway", ["clean"]),
    ("psql", ["-f", "down.sql"]),
]


@pytest.mark.parametrize(("tool", "words"), NEVER, ids=[f"{t}-{w[0]}" for t, w in NEVER])
def test_what_destroys_more_than_it_takes_back_cannot_be_allowed(
    tool: str, words: list[str], allow: Allow, runner: Provider, access: Access, sending: Sending, tmp_path: Path
) -> None:
    allow("tool", "open('was-run', 'w')", tool=tool, words=words)
    outcome = runner.apply(access, run("tool"), sending)
    assert outcome.kind is OutcomeKind.REJECTED
    assert "cannot be allowed" in outcome.message
    assert not (tmp_path / "was-run").exists()


# --- who may, and the file -------------------------------------------------------------------------------------------


def test_nothing_runs_until_the_operator_names_a_file(
    allow: Allow, runner: Provider, access: Access, sending: Sending, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COMMANDS_FILE")
    assert "switched off" in runner.problems(run("nothing"))[0]
    assert runner.apply(access, run("nothing"), sending).kind is OutcomeKind.REJECTED
    assert "COMMANDS_FILE" in runner.check(access)[0].message
    assert runner.examine(access, Call("read", {"command": "nothing"})).holds is None


@pytest.mark.parametrize(("place", "key"), [("shop", "wrong"), ("shop", ""), ("other", KEY)])
def test_a_place_is_opened_by_its_key_alone(
    place: str, key: str, allow: Allow, runner: Provider, access: Access, sending: Sending
) -> None:
    stranger = Access("", {"place": place}, {**access.credentials, "key": key})
    outcome = runner.apply(stranger, run("nothing"), sending)
    assert outcome.kind is OutcomeKind.REJECTED
    assert "or the key is not its key" in outcome.message
    assert runner.check(stranger)[0].level == "error"


def test_a_file_that_others_can_write_is_not_believed(
    allow: Allow, runner: Provider, access: Access, sending: Sending
) -> None:
    Path(os.environ["COMMANDS_FILE"]).chmod(0o620)
    outcome = runner.apply(access, run("nothing"), sending)
    assert outcome.kind is OutcomeKind.REJECTED
    assert "written by others" in outcome.message


@pytest.mark.parametrize("given", [{}, {"DATABASE_URL": ADDRESS, "LD_PRELOAD": "/tmp/x.so"}], ids=["less", "more"])
def test_a_connection_gives_exactly_the_variables_that_are_asked_for(
    given: dict[str, str], allow: Allow, runner: Provider, access: Access, sending: Sending
) -> None:
    other = Access("", access.settings, {**access.credentials, "environment": given})
    assert runner.apply(other, run("nothing"), sending).kind is OutcomeKind.REJECTED


BAD = [
    {"argv": ["relative"]},
    {"argv": ["/bin/sh", "-c", "id"]},
    {"argv": ["/bin/bash", "-lc", "id"]},
    {"argv": ["/bin/{x}"], "arguments": {"x": "a"}},
    {"argv": ["/bin/ls", "{x}"]},
    {"timeout_seconds": 0},
    {"tool": "abacus"},
    {"shell": True},
    {"copy_first": "nobody"},
    {"directory": "here"},
]


@pytest.mark.parametrize("said", BAD, ids=str)
def test_a_file_with_a_flaw_allows_nothing(
    said: dict[str, Any], allow: Allow, runner: Provider, access: Access, sending: Sending
) -> None:
    allow("flawed", **said)
    assert runner.apply(access, run("nothing"), sending).kind is OutcomeKind.REJECTED
    assert runner.check(access)[0].level == "error"


def test_an_unknown_command_keeps_the_plan_from_being_made(allow: Allow, runner: Provider, access: Access) -> None:
    lock = runner.airlock(access, run("unheard"))
    assert lock is not None
    assert "“unheard” is not an allowed command here; allowed: nothing." in lock.refusals[0]


def test_what_a_command_changes_cannot_be_observed(allow: Allow, runner: Provider, access: Access) -> None:
    assert runner.observe(access, run("nothing")).seen is Seen.UNREADABLE


def test_arguments_are_an_object_of_texts(allow: Allow, runner: Provider, access: Access) -> None:
    assert runner.problems(Call("run", {"command": "nothing", "arguments": ["x"]}))
    assert runner.problems(Call("run", {"command": "nothing", "arguments": {"x": 7}}))


@pytest.mark.parametrize(
    ("name", "more", "holds"),
    [
        ("status", {}, False),
        ("status", {"exit_code": 1}, True),
        ("status", {"exit_code": 1, "contains": "have not yet been applied"}, True),
        ("status", {"exit_code": 1, "contains": "up to date"}, False),
        ("nothing", {}, None),
    ],
)
def test_a_command_that_only_reads_can_be_asked_as_proof(
    name: str, more: dict[str, Any], holds: bool | None, allow: Allow, runner: Provider, access: Access
) -> None:
    allow(
        "status", "import sys; print('1 migration have not yet been applied'); sys.exit(1)", tool="prisma", reads=True
    )
    assert runner.examine(access, Call("read", {"command": name, **more})).holds is holds


@pytest.mark.django_db
def test_a_connection_has_no_address(allow: Allow, access: Access) -> None:
    made = lifecycle.connect(
        OrganisationFactory(), by=SYSTEM, name="Shop", provider="command",
        settings=access.settings, credentials=access.credentials,
    )  # fmt: skip
    assert made.base_url == ""
