"""What was sent: only what was intended before, and nothing after a freeze; never besides the attempts."""

from __future__ import annotations

import json
from collections.abc import Iterator

from tests.faults.evidence import Entry, Evidence, Violation
from tests.faults.rows import Freeze, Rollback


def v2_intended_first(evidence: Evidence) -> Iterator[Violation]:
    """Hold: when the outside receives a request, the intent of its attempt was committed already."""
    for entry, attempt, rollback in evidence.sent:
        if evidence.intents[attempt.id] > entry.received_at + evidence.limits.slack:
            what = f"Request {entry.id} was received before the intent of attempt {attempt.number} was committed."
            yield Violation("V2", f"{rollback.id} step {attempt.position}", what)


def v4_nothing_after_a_freeze(evidence: Evidence) -> Iterator[Violation]:
    """Hold: no intent commits while a freeze holds; nothing is received later than a call may last after it."""
    for attempt in evidence.attempts.values():
        rollback = evidence.rollbacks[attempt.rollback]
        intended = evidence.intents[attempt.id]
        if freeze := _holds(evidence, rollback, intended):
            what = (
                f"Attempt {attempt.number} was intended {intended - freeze.frozen_at:.3f} s after freeze {freeze.id}."
            )
            yield Violation("V4", f"{rollback.id} step {attempt.position}", what)
            continue
        for entry in evidence.entries_of.get(attempt.id, []):
            freeze = _holds(evidence, rollback, entry.received_at - evidence.limits.sending(intended))
            if freeze and freeze.frozen_at >= intended:
                late = entry.received_at - freeze.frozen_at
                yield Violation(
                    "V4",
                    f"{rollback.id} step {attempt.position}",
                    f"Request {entry.id} came {late:.1f} s after a freeze.",
                )


def _holds(evidence: Evidence, rollback: Rollback, at: float) -> Freeze | None:
    for freeze in evidence.freezes:
        if freeze.covers(rollback) and freeze.frozen_at < at < (freeze.lifted_at or float("inf")):
            return freeze
    return None


def v15_nothing_besides(evidence: Evidence) -> Iterator[Violation]:
    """Hold: every changing request belongs to an attempt or to a notice, and an attempt asks for one thing once."""
    seen: dict[tuple[str, str, str, str], Entry] = {}
    for entry in evidence.journal:
        if entry.attempt_id not in evidence.attempts and marker_of(entry) not in evidence.notices:
            what = f"{entry.method} {entry.path} was sent outside of every attempt (“{entry.attempt_id}”)."
            yield Violation("V15", f"{entry.slug} request {entry.id}", what)
        elif entry.attempt_id:
            key = (entry.attempt_id, entry.method, entry.path, entry.digest)
            if before := seen.get(key):
                what = f"It repeats request {before.id} of the same attempt {entry.attempt_id}."
                yield Violation("V15", f"{entry.slug} request {entry.id}", what)
            seen[key] = entry


def marker_of(entry: Entry) -> str:
    """Return the marker that a message bears, or an empty text."""
    try:
        body = json.loads(entry.body)
        return str(body["metadata"]["event_payload"]["marker"])
    except (ValueError, KeyError, TypeError):
        return ""
