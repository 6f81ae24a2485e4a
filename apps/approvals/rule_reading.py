"""Read what somebody says a rule should be, strictly: every word is known, every number makes sense."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from apps.approvals.kinds import IMPACTS, QUESTIONS, SEVERITIES
from apps.approvals.procedures import procedures_of
from apps.approvals.rule_places import named
from apps.timeline.answers import Unacceptable

LONGEST_MINUTES = 7 * 24 * 60
MOST_VOTES = 20
MOST_WORDS = 50  # of one list


def read(organisation_id: Any, said: Mapping[str, Any], roles: Iterable[str]) -> dict[str, Any]:
    """Return the fields of a Rule. `roles` are the slugs that the organisation has.

    `said` has name, because, kinds, severities, procedures, environment_kinds, service, environment, impacts, all_of,
    any_of, needed, due_minutes, expires_minutes, ladder, told_after, told_within_minutes; what is absent is empty.
    Raises Unacceptable, naming the field.
    """
    known = set(roles)
    procedures = _words(said, "procedures")
    if procedures:
        _known(procedures, {one.slug for one in procedures_of(organisation_id)}, "procedures", "unknown_reference")
    fields = {
        "name": _text(said, "name", 200),
        "because": _text(said, "because", 300, empty=True),
        "kinds": _known(_words(said, "kinds"), QUESTIONS, "kinds"),
        "severities": _known(_words(said, "severities"), SEVERITIES, "severities"),
        "procedures": procedures,
        "environment_kinds": [word.lower() for word in _words(said, "environment_kinds")],
        "impacts": _known(_words(said, "impacts"), IMPACTS, "impacts"),
        "demand": _demand(said, known),
        "due_minutes": _minutes(said, "due_minutes"),
        "expires_minutes": _minutes(said, "expires_minutes"),
        "ladder": _ladder(said, known),
        "told_after": _roles(said, "told_after", known),
        "told_within_minutes": _minutes(said, "told_within_minutes") or 60,
        **named(organisation_id, said.get("service") or "", said.get("environment") or ""),
    }
    _refuse_upside_down(fields)
    return fields


def _demand(said: Mapping[str, Any], known: set[str]) -> dict[str, Any]:
    all_of, any_of = _roles(said, "all_of", known), _roles(said, "any_of", known)
    needed = said.get("needed")
    needed = 1 if needed is None else needed
    if not 1 <= needed <= MOST_VOTES:
        raise Unacceptable(f"needed: give a whole number from 1 to {MOST_VOTES}.", field="needed")
    if needed > 1 and not any_of:
        raise Unacceptable("needed: say first out of which roles, in “any of”.", field="needed")
    return {"all_of": all_of, "any_of": any_of, "needed": needed}


def _ladder(said: Mapping[str, Any], known: set[str]) -> list[dict[str, Any]]:
    rungs: list[dict[str, Any]] = [
        {"minutes": _minutes(rung, "minutes", field="ladder"), "roles": _roles(rung, "roles", known, field="ladder")}
        for rung in said.get("ladder") or []
    ]
    if any(not rung["minutes"] or not rung["roles"] for rung in rungs):
        raise Unacceptable("ladder: each rung says after how many minutes which roles are called.", field="ladder")
    times = [rung["minutes"] for rung in rungs]
    if times != sorted(set(times)) or len(times) > MOST_VOTES:
        raise Unacceptable("ladder: each rung comes later than the one before it.", field="ladder")
    return rungs


def _refuse_upside_down(fields: Mapping[str, Any]) -> None:
    due, ends = fields["due_minutes"], fields["expires_minutes"]
    if due and ends and due > ends:
        raise Unacceptable("due_minutes: an answer is due before the question ends.", field="due_minutes")


def _roles(said: Mapping[str, Any], name: str, known: set[str], *, field: str = "") -> list[str]:
    return _known(_words(said, name, field=field), known, field or name, "unknown_reference")


def _known(words: list[str], known: Iterable[str], field: str, code: str = "invalid") -> list[str]:
    here = set(known)
    if unknown := [word for word in words if word not in here]:
        raise Unacceptable(f"{field}: there is no “{unknown[0][:60]}” here.", field=field, code=code)
    return words


def _words(said: Mapping[str, Any], name: str, *, field: str = "") -> list[str]:
    words = list(dict.fromkeys(word.strip() for word in said.get(name) or []))
    if len(words) > MOST_WORDS or any(not word or not word.isprintable() or len(word) > 40 for word in words):
        raise Unacceptable(f"{field or name}: give a few short words.", field=field or name)
    return words


def _text(said: Mapping[str, Any], name: str, longest: int, *, empty: bool = False) -> str:
    text = (said.get(name) or "").strip()
    if not text and not empty:
        raise Unacceptable(f"{name}: give the rule a name that says what it is for.", field=name)
    if len(text) > longest or not text.isprintable():
        raise Unacceptable(f"{name}: give plain text of at most {longest} characters.", field=name)
    return text


def _minutes(said: Mapping[str, Any], name: str, *, field: str = "") -> int | None:
    value = said.get(name)
    if value is not None and not 1 <= value <= LONGEST_MINUTES:
        raise Unacceptable(f"{field or name}: give minutes from 1 to {LONGEST_MINUTES}.", field=field or name)
    return value
