"""What the screen says: the end of a run is the end on the outside, and what was applied is what is listed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from tests.faults.evidence import Entry, Evidence, Violation
from tests.faults.rows import Rollback, Step

LISTED = re.compile(r"(applied|in part|unclear|being cleared up|left out|put back|not applied): ([^.]*)\.", re.I)
FINAL = {"succeeded", "failed", "cancelled", "rejected", "expired"}
OFF_ON = {"flags_off": False, "flags_on": True}


def v7_the_screen_is_true(evidence: Evidence) -> Iterator[Violation]:
    """Hold: succeeded means that the outside is as planned; failed and cancelled list what the journal shows."""
    for rollback in evidence.rollbacks.values():
        if rollback.state == "succeeded":
            yield from _really_done(evidence, rollback)
        elif rollback.state in {"failed", "cancelled"} and rollback.approved_at:
            yield from _really_listed(evidence, rollback)
    for rollback in _newest_of_each_environment(evidence):
        yield from _really_so(evidence, rollback)
    for key, seen in evidence.sightings_of.items():
        yield from _really_over(evidence, key, [sighting.state for sighting in seen])


def _really_over(evidence: Evidence, key: str, states: list[str]) -> Iterator[Violation]:
    """A run that was once seen at its end has not left it, and is still there."""
    end = next((number for number, state in enumerate(states) if state in FINAL), None)
    if key not in evidence.rollbacks:
        yield Violation("V7", key, f"It was seen as {states[-1]}, and the database does not know it.")
    elif end is not None:
        left = [state for state in (*states[end:], evidence.rollbacks[key].state) if state != states[end]]
        if left:
            yield Violation("V7", key, f"It was seen as {states[end]}, and later as {left[0]}.")


def _effects(evidence: Evidence, rollback: Rollback) -> dict[tuple[int, str], list[Entry]]:
    found: dict[tuple[int, str], list[Entry]] = {}
    for attempt in evidence.attempts_of.get(rollback.id, []):
        entries = [entry for entry in evidence.entries_of.get(attempt.id, []) if entry.effects]
        if attempt.kind == "apply" and entries:
            found.setdefault((attempt.position, attempt.part), []).extend(entries)
    return found


def _really_done(evidence: Evidence, rollback: Rollback) -> Iterator[Violation]:
    """Every part of every finished action took effect, or was found as wanted, or stands on people's word."""
    effects = _effects(evidence, rollback)
    for step in evidence.steps_of.get(rollback.id, []):
        if step.state not in {"succeeded", "skipped"} and not (
            step.state == "failed" and step.on_failure == "continue"
        ):
            yield Violation("V7", rollback.id, f"It succeeded while step {step.position} is {step.state}.")
        if step.state == "succeeded" and not _adopted(evidence, rollback, step):
            for part in _without_effect(evidence, rollback, step, effects):
                what = f"Step {step.position} {part} is shown as done, and nothing happened on the outside."
                yield Violation("V7", rollback.id, what)


def _without_effect(
    evidence: Evidence, rollback: Rollback, step: Step, effects: Mapping[tuple[int, str], list[Entry]]
) -> Iterator[str]:
    said = rollback.planned.get(step.position, {})
    for part in said.get("parts", [""]) if step.kind == "action" else ():
        empty = said["action"] in {"flags_off", "flags_on", "delete_prefix"} and not part
        if empty or part in step.already or (step.position, part) in effects:
            continue
        if not _answered_without_change(evidence, rollback, step.position, part):
            yield part


def _answered_without_change(evidence: Evidence, rollback: Rollback, position: int, part: str) -> bool:
    """An absolute state that came about meanwhile is accepted without an effect: the outside said yes."""
    return any(
        entry.is_clear and entry.status is not None and entry.status < 300
        for attempt in evidence.attempts_of.get(rollback.id, [])
        if (attempt.position, attempt.part) == (position, part)
        for entry in evidence.entries_of.get(attempt.id, [])
    )


def _adopted(evidence: Evidence, rollback: Rollback, step: Step) -> bool:
    return any(
        event.kind in {"rollback.step_adopted", "rollback.step_done_by_person"}
        and event.details.get("position") == step.position
        for event in evidence.events_of.get(rollback.id, [])
    )


def _really_listed(evidence: Evidence, rollback: Rollback) -> Iterator[Violation]:
    listed = {name.lower(): _numbers(numbers) for name, numbers in LISTED.findall(rollback.reason)}
    effects = _effects(evidence, rollback)
    happened = {position for (position, _), entries in effects.items() if not all(one.is_a_lie for one in entries)}
    if "applied" not in listed:
        yield Violation("V7", rollback.id, f"It {rollback.state} without saying what was applied.")
        return
    for position in sorted(happened & listed.get("not applied", set())):
        yield Violation("V7", rollback.id, f"Step {position} is listed as not applied, and it took effect.")
    for step in evidence.steps_of.get(rollback.id, []):
        if step.position in listed["applied"] and not _adopted(evidence, rollback, step):
            for part in _without_effect(evidence, rollback, step, effects):
                what = f"Step {step.position} {part} is listed as applied, and nothing happened on the outside."
                yield Violation("V7", rollback.id, what)


def _numbers(text: str) -> set[int]:
    spans = [(int(first), int(last or first)) for first, last in re.findall(r"(\d+)(?:–(\d+))?", text)]
    return {number for first, last in spans for number in range(first, last + 1)}


def _newest_of_each_environment(evidence: Evidence) -> list[Rollback]:
    """The last run that touched each environment, if it succeeded: nobody has moved it since."""
    touched = [rollback for rollback in evidence.rollbacks.values() if evidence.attempts_of.get(rollback.id)]
    newest: dict[str, Rollback] = {}
    for rollback in sorted(touched, key=lambda rollback: evidence.attempts_of[rollback.id][-1].intended_at):
        newest[rollback.environment] = rollback
    return [rollback for rollback in newest.values() if rollback.state == "succeeded"]


def _really_so(evidence: Evidence, rollback: Rollback) -> Iterator[Violation]:
    """Compare the outside with what the plan wanted: hosting by its addresses, flags by their last change."""
    for step in evidence.steps_of.get(rollback.id, []):
        said = rollback.planned.get(step.position, {})
        if step.state != "succeeded" or _adopted(evidence, rollback, step):
            continue
        if rollback.id not in evidence.moved and said.get("provider") == "vercel" and said.get("serves_traffic"):
            wanted = said["parameters"]["deployment"]
            others = sorted(_served(evidence, said) - {wanted})
            if others:
                yield Violation("V7", rollback.id, f"It succeeded, and {', '.join(others)} is served, not {wanted}.")
        for flag, on in _flags(evidence, rollback, step, said):
            if on is not OFF_ON[said["action"]]:
                yield Violation("V7", rollback.id, f"It succeeded, and the flag {flag} is {'on' if on else 'off'}.")


def _served(evidence: Evidence, said: Mapping[str, Any]) -> set[str]:
    project = evidence.connections.get(said["connection"]["id"], {}).get("project_id", "")
    record = evidence.states.get("vercel", {}).get("projects", {}).get(project, {})
    return {str(alias["deployment"]) for alias in record.get("aliases", {}).values() if alias.get("production", True)}


def _flags(
    evidence: Evidence, rollback: Rollback, step: Step, said: Mapping[str, Any]
) -> Iterator[tuple[str, bool | None]]:
    if said.get("action") in OFF_ON:
        for (position, part), entries in _effects(evidence, rollback).items():
            last = entries[-1].effects[-1]
            if position == step.position and last["kind"] == "flag":
                yield part, last["on"]
