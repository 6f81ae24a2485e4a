"""Check what a proposer filled in against what the playbook asks for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from apps.playbooks.choices import InputKind
from apps.playbooks.definition import Definition, Input
from apps.playbooks.fields import LONGEST_TEXT
from apps.playbooks.nodes import why_not_scalar
from apps.playbooks.problems import Invalid, Problem

MOST_LIST_ENTRIES = 500


def fill_inputs(definition: Definition, given: Mapping[str, Any]) -> dict[str, str | list[str]]:
    """Return a value for every input of the playbook: what was given, else its default, else nothing.

    Raises Invalid for a name the playbook does not ask for, a missing required input and a value of the wrong
    kind; the problems' paths are `inputs.<name>`.
    """
    asked = {entry.name: entry for entry in definition.inputs}
    problems = [
        Problem("The playbook does not ask for this.", f"inputs.{str(name)[:60]}")
        for name in given
        if name not in asked
    ]
    filled: dict[str, str | list[str]] = {}
    for name, entry in asked.items():
        value, reason = _value(entry, given.get(name))
        filled[name] = value
        if reason:
            problems.append(Problem(reason, f"inputs.{name}"))
    if problems:
        raise Invalid(problems)
    return filled


def _value(entry: Input, given: Any) -> tuple[str | list[str], str]:
    """Return the value to use and why it cannot be used, or an empty text."""
    is_list = entry.kind is InputKind.LIST
    if given is None or given in ("", []):
        if entry.default is not None:
            return (list(entry.default) if isinstance(entry.default, tuple) else entry.default), ""
        return ([] if is_list else ""), (f"{entry.title} is needed." if entry.required else "")
    if is_list:
        return _list(given)
    if not isinstance(given, str):
        return "", "This must be a text."
    if entry.kind is InputKind.CHOICE and given not in entry.choices:
        return "", f"This must be one of: {', '.join(entry.choices)}."
    return given, _why_not_text(given)


def _list(given: Any) -> tuple[list[str], str]:
    if not isinstance(given, (list, tuple)) or not all(isinstance(item, str) for item in given):
        return [], "This must be a list of texts."
    if len(given) > MOST_LIST_ENTRIES:
        return [], f"This list has {len(given)} entries; {MOST_LIST_ENTRIES} are allowed."
    return list(given), next(filter(None, map(_why_not_text, given)), "")


def _why_not_text(text: str) -> str:
    if len(text) > LONGEST_TEXT:
        return f"This has {len(text)} characters; {LONGEST_TEXT} are allowed."
    reason = why_not_scalar(text)
    return f"This {reason}." if reason else ""
