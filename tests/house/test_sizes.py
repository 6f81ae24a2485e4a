"""Small, ordered, explained: alarms about what has grown, and about modules that do not say what they are."""

from __future__ import annotations

import ast
import re

from tests.house.sources import ROOT, length_of, modules

LONGEST_FILE = 300
LONGEST_FUNCTION = 60
# Files above the alarm, with the length they may not exceed. An entry is a debt: shorten it, then take it away.
TOO_LONG: dict[str, int] = {}
NAMES_THAT_SAY_NOTHING = {
    "utils",
    "util",
    "helpers",
    "helper",
    "services",
    "common",
    "core",
    "misc",
    "managers",
    "handlers",
}


def test_no_file_has_grown_beyond_the_alarm() -> None:
    lengths = {name: length_of(name) for name in modules()}
    assert {name: lines for name, lines in lengths.items() if lines > TOO_LONG.get(name, LONGEST_FILE)} == {}
    assert [name for name in TOO_LONG if lengths.get(name, 0) <= LONGEST_FILE] == [], "Shortened: take it off the list."


def test_no_function_has_grown_beyond_the_alarm() -> None:
    functions = [
        (f"{name}:{node.lineno} {node.name}", (node.end_lineno or 0) - node.lineno + 1)
        for name, tree in modules().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    assert [each for each in functions if each[1] > LONGEST_FUNCTION] == []


def test_every_module_says_what_it_is_for() -> None:
    silent = [name for name, tree in modules().items() if tree.body and not ast.get_docstring(tree)]
    assert silent == []


def test_every_public_function_says_what_it_does() -> None:
    silent = [
        f"{name}:{node.lineno} {node.name}"
        for name, tree in modules().items()
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        and not node.name.startswith("_")
        and not ast.get_docstring(node)
    ]
    assert silent == []


def test_no_module_is_named_after_a_layer() -> None:
    parts = {(name, part) for name in modules() for part in name.removesuffix(".py").split("/")}
    assert sorted(name for name, part in parts if part in NAMES_THAT_SAY_NOTHING) == []


def test_no_private_function_is_called_by_nobody() -> None:
    idle = [
        f"{name}:{node.lineno} {node.name}"
        for name, tree in modules().items()
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("_")
        if len(re.findall(rf"\b{node.name}\b", (ROOT / name).read_text())) == 1 and not node.decorator_list
    ]
    assert idle == []
