"""Who must agree: a rule is data, and becomes one seat per needed vote. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def seats(rule: Mapping[str, Any]) -> list[list[str]]:
    """Return the roles that may sit in each seat of `rule`.

    `{"all_of": ["founder", "cto"]}` needs one seat per role; `{"any_of": [...], "needed": 2}` needs two seats that
    each of the roles may take; both together need both. An empty rule needs nobody.
    """
    each = [[role] for role in rule.get("all_of", [])]
    some = list(rule.get("any_of", []))
    if some:
        each += [some] * int(rule.get("needed", 1))
    return each


def sentence(rule: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """Say who must agree, with the roles' names: "Founder and Client Success Lead must agree"."""
    every = [names.get(role, role) for role in rule.get("all_of", [])]
    some = [names.get(role, role) for role in rule.get("any_of", [])]
    parts = [listed(every, "and")] if every else []
    if some:
        needed = int(rule.get("needed", 1))
        parts.append(listed(some, "or") if needed == 1 else f"{needed} of {listed(some, 'or')}")
    return " and ".join(parts) + " must agree" if parts else "Nobody needs to agree"


def listed(words: Sequence[str], last: str) -> str:
    """Join words the way people do: "a, b and c"."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"
