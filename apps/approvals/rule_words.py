"""A rule in words: when it holds, and who must agree. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from apps.approvals.kinds import IMPACTS, QUESTIONS
from apps.approvals.rules import listed, sentence


def says(rule: Any, names: Mapping[str, str]) -> str:
    """Return a whole rule as sentences; `names` maps a role to its name."""
    clock = f" within {rule.due_minutes} minutes" if rule.due_minutes and asks(rule) else ""
    told = ""
    if rule.told_after and not asks(rule):
        who = listed([names.get(role, role) for role in rule.told_after], "and")
        told = f"; {who} must be told within {rule.told_within_minutes} minutes"
    return f"{when(rule)}: {sentence(rule.demand, names)}{clock}{told}."


def when(rule: Any) -> str:
    """Return every condition of a rule, as the beginning of a sentence; an empty one holds always."""
    parts = [listed([QUESTIONS.get(kind, kind) for kind in rule.kinds], "or")] if rule.kinds else ["Whatever is asked"]
    if rule.severities:
        parts.append(f"at {listed(rule.severities, 'or')}")
    if rule.procedures:
        parts.append(f"by {listed(rule.procedures, 'or')}")
    if place := where(rule):
        parts.append(f"in {place}")
    if rule.impacts:
        parts.append(f"if {listed([IMPACTS.get(impact, impact) for impact in rule.impacts], 'or')}")
    return ", ".join(parts)


def where(rule: Any) -> str:
    """Return where a rule holds, or an empty text for everywhere."""
    parts = [str(rule.environment)] if rule.environment else [str(rule.service)] if rule.service else []
    if rule.environment_kinds:
        parts.append(listed(rule.environment_kinds, "or"))
    return ", ".join(parts)


def asks(rule: Any) -> bool:
    """Say whether a rule asks anybody."""
    return bool(rule.demand.get("all_of") or rule.demand.get("any_of"))
