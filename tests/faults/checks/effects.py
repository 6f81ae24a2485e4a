"""What happened on the outside: not twice, in order, not two runs at once, not after a cancellation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from tests.faults.evidence import Entry, Evidence, Violation
from tests.faults.rows import Attempt, Rollback, Step

OK_EVENTS = {
    "rollback.step_succeeded",
    "rollback.step_adopted",
    "rollback.step_done_by_person",
    "rollback.step_skipped",
    "rollback.step_passed_over",
}
COUNTED = {"unlink", "del", "flushdb"}  # absolute by nature: what is gone cannot go again


def v1_never_twice(evidence: Evidence) -> Iterator[Violation]:
    """Hold: a part of a step changes the outside at most once; where a repeat is harmless it bears the same key.

    Classes C and D: at most one effect, and one more for each time that two people agreed to send it again unseen.
    Classes A and B: one idempotency key, and at most one change of state. In the rows one attempt counts as effective.
    """
    yield from _effective_once(evidence)
    groups: dict[tuple[str, int, str, str], list[tuple[Entry, Attempt]]] = {}
    for entry, attempt, rollback in evidence.sent:
        if entry.effects:
            groups.setdefault((rollback.id, attempt.position, attempt.kind, attempt.part), []).append((entry, attempt))
    for (rollback_id, position, kind, part), sent in groups.items():
        said = evidence.rollbacks[rollback_id].planned.get(position, {})
        subject = f"{rollback_id} step {position} {kind} {part}".strip()
        if said.get("idempotency_class", "D") in {"C", "D"} and kind == "apply":
            if sum(not entry.is_a_lie for entry, _ in sent) > 1 + _agreed_repeats(evidence, rollback_id, position):
                yield Violation("V1", subject, f"It took effect {len(sent)} times: {_ids(sent)}.")
            continue
        if len({attempt.idempotency_key for _, attempt in sent}) > 1:
            yield Violation("V1", subject, "Its repeats bear different idempotency keys.")
        changes = [change for entry, _ in sent for change in entry.effects if _changes(change)]
        if len(set(map(_signature, changes))) > 1 or (len(changes) > 1 and not _repeats_count_once(changes)):
            yield Violation("V1", subject, f"It changed the state {len(changes)} times: {_ids(sent)}.")


def _effective_once(evidence: Evidence) -> Iterator[Violation]:
    counted = Counter(
        (attempt.rollback, attempt.position, attempt.kind, attempt.part)
        for attempt in evidence.attempts.values()
        if attempt.state in {"succeeded", "reconciled_applied"}
    )
    for (rollback_id, position, kind, part), times in counted.items():
        if times > 1 + _agreed_repeats(evidence, rollback_id, position):
            subject = f"{rollback_id} step {position} {kind} {part}".strip()
            yield Violation("V1", subject, f"{times} attempts of it count as effective.")


def _agreed_repeats(evidence: Evidence, rollback_id: str, position: int) -> int:
    told = [event for event in evidence.events_of.get(rollback_id, []) if event.kind == "rollback.repeat_agreed"]
    return sum(1 for event in told if event.details.get("position") == position)


def _changes(effect: Mapping[str, Any]) -> bool:
    if effect["kind"] in COUNTED:
        return False
    return "was" not in effect or effect["was"] != effect.get("to")


def _signature(effect: Mapping[str, Any]) -> str:
    return str(sorted((name, str(value)) for name, value in effect.items() if name != "was"))


def _repeats_count_once(changes: list[Mapping[str, Any]]) -> bool:
    """The provider recognises its key: the same key twice is one event."""
    return all(change["kind"] == "event" and change.get("dedup_key") for change in changes)


def _ids(sent: list[tuple[Entry, Attempt]]) -> str:
    return ", ".join(f"request {entry.id} of attempt {attempt.number}" for entry, attempt in sent)


def v5_in_order(evidence: Evidence) -> Iterator[Violation]:
    """Hold: no effect of a step before every step before it was done, left out, or failed where the plan goes on."""
    for entry, attempt, rollback in evidence.sent:
        if not entry.effects or attempt.kind != "apply":
            continue
        for step in evidence.steps_of.get(rollback.id, []):
            if step.position >= attempt.position:
                break
            done = _done_at(evidence, rollback, step)
            if done is None or done > (entry.effect_at or entry.received_at) + evidence.limits.slack:
                what = f"Request {entry.id} took effect before step {step.position} was done."
                yield Violation("V5", f"{rollback.id} step {attempt.position}", what)


def _done_at(evidence: Evidence, rollback: Rollback, step: Step) -> float | None:
    told = [
        event.committed_at
        for event in evidence.events_of.get(rollback.id, [])
        if event.kind in OK_EVENTS and event.details.get("position") == step.position
    ]
    if told:
        return min(told)
    ended = step.state in {"succeeded", "skipped"} or (step.state == "failed" and step.on_failure == "continue")
    return step.finished_at if ended else None


def v6_one_run_at_a_time(evidence: Evidence) -> Iterator[Violation]:
    """Hold: from its first to its last effect a run has its environment to itself."""
    spans: dict[str, dict[str, tuple[float, float]]] = {}
    for entry, _, rollback in evidence.sent:
        if entry.effects:
            at = entry.effect_at or entry.received_at
            first, last = spans.setdefault(rollback.environment, {}).get(rollback.id, (at, at))
            spans[rollback.environment][rollback.id] = (min(first, at), max(last, at))
    for environment, runs in spans.items():
        ordered = sorted(runs.items(), key=lambda run: run[1])
        for (one, (_, last)), (other, (first, _)) in pairwise(ordered):
            if first < last:
                yield Violation("V6", environment, f"{other} changed it while {one} was still at it.")


def v13_nothing_after_cancelling(evidence: Evidence) -> Iterator[Violation]:
    """Hold: nothing takes effect whose intent was committed after the cancellation."""
    for rollback_id, events in evidence.events_of.items():
        cancelled = [event.committed_at for event in events if event.kind == "rollback.cancellation_asked"]
        for attempt in evidence.attempts_of.get(rollback_id, []) if cancelled else ():
            if attempt.kind != "apply" or evidence.intents[attempt.id] <= min(cancelled):
                continue
            if any(entry.effects for entry in evidence.entries_of.get(attempt.id, [])):
                what = f"Attempt {attempt.number} was intended after the cancellation, and took effect."
                yield Violation("V13", f"{rollback_id} step {attempt.position}", what)
