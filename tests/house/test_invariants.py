"""docs/invariants.md against the database's catalogue, the migrations and the tests: every name in it is real."""

from __future__ import annotations

import ast
import re

from django.db import connection

from tests.house.sources import ROOT, document, quoted, rows, section

CATALOGUE = """
SELECT conname::text FROM pg_constraint WHERE connamespace = 'public'::regnamespace
UNION SELECT tgname::text FROM pg_trigger WHERE NOT tgisinternal
UNION SELECT c.relname::text FROM pg_class c WHERE c.relkind = 'i' AND c.relnamespace = 'public'::regnamespace
UNION SELECT proname::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace
UNION SELECT policyname::text FROM pg_policies WHERE schemaname = 'public'
"""
TRIGGERS = "SELECT DISTINCT tgname::text FROM pg_trigger WHERE NOT tgisinternal"


def promises() -> list[list[str]]:
    """Return the rows of the table of promises."""
    return rows(section(document("invariants.md"), "The promises"))


def asked(question: str) -> set[str]:
    """Return the names that the catalogue answers."""
    with connection.cursor() as cursor:
        cursor.execute(question)
        return {name for (name,) in cursor.fetchall()}


def test_every_invariant_is_promised() -> None:
    assert {cells[0] for cells in promises()} == {f"I{number}" for number in range(1, 24)}


def test_every_mechanism_is_in_the_database(db: None) -> None:
    named = {word for cells in promises() for word in quoted(cells[2])}
    assert named - asked(CATALOGUE) == set()


def test_every_trigger_of_the_database_is_told(db: None) -> None:
    ours = {name for name in asked(TRIGGERS) if not name.startswith("pgtrigger")}
    assert ours - set(quoted(document("invariants.md"))) == set()


def test_every_code_is_raised_and_every_raised_code_is_told() -> None:
    raised = {
        code
        for path in (ROOT / "apps").glob("*/migrations/*.py")
        for code in re.findall(r"ERRCODE = '(RG\d+)'", path.read_text())
    }
    told = {cells[0] for cells in rows(section(document("invariants.md"), "The codes"))}
    assert told == raised
    assert set(re.findall(r"RG\d{3}", "".join(cells[2] for cells in promises()))) == raised


def test_every_test_that_is_named_exists() -> None:
    named = {word for cells in promises() for word in quoted(cells[3])}
    assert all(cells[3] for cells in promises())
    missing = []
    for name in sorted(named):
        file, _, function = name.partition("::")
        path = ROOT / file
        tree = ast.parse(path.read_text()) if path.exists() else ast.Module([], [])
        if function not in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}:
            missing.append(name)
    assert missing == []
