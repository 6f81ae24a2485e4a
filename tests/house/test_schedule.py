"""The schedule names tasks that exist, and every task is one line that the schedule or a hint calls."""

from __future__ import annotations

import ast

from rollback_portal.celery import app
from tests.house.sources import ROOT, modules


def test_every_beat_entry_is_a_task() -> None:
    app.loader.import_default_modules()
    known = set(app.tasks)
    assert {entry["task"] for entry in app.conf.beat_schedule.values()} - known == set()
    assert all(entry["options"]["expires"] <= entry["schedule"] for entry in app.conf.beat_schedule.values())


def test_every_task_is_called_by_somebody() -> None:
    text = "\n".join((ROOT / name).read_text() for name in modules() if not name.endswith("/tasks.py"))
    idle = [f"apps.{name.split('/')[1]}.tasks.{task.name}" for name, task in _tasks()]
    assert [name for name in idle if name not in text] == []


def test_tasks_hold_no_business() -> None:
    long = [f"{name} {task.name}" for name, task in _tasks() if len([s for s in task.body if not _is_text(s)]) > 2]
    assert long == []


def _tasks() -> list[tuple[str, ast.FunctionDef]]:
    return [
        (name, node)
        for name, tree in modules().items()
        if name.endswith("/tasks.py")
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and node.decorator_list
    ]


def _is_text(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
