"""The record: the chain recomputes, reaches every anchor, and nothing happened without it."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping

from tests.faults.evidence import Evidence, Violation
from tests.faults.rows import Attempt, Event

CLEARED_UP = {"reconciled_applied", "reconciled_not_applied", "conflict"}
ANCHORS = "record.jsonl"
OPEN = {"in_flight", "ambiguous"}
NO_EFFECT = {"not_sent", "rejected", "reconciled_not_applied"}
PARTIAL = {"unlink", "del"}  # a deletion of many keys may stop half-way and be asked for again


def v10_the_record_holds(evidence: Evidence) -> Iterator[Violation]:
    """Hold: the chain recomputes to its head, anchors are links of it, and every attempt and effect is told in it."""
    yield from _chains(evidence)
    yield from _anchored(evidence)
    yield from _told(evidence)
    yield from _fits_the_outside(evidence)


def _chains(evidence: Evidence) -> Iterator[Violation]:
    chains: dict[str, list[Event]] = {}
    for event in sorted(evidence.events, key=lambda event: event.seq or 0):
        chains.setdefault(event.organisation, []).append(event)
    for organisation, events in chains.items():
        previous, number = hashlib.sha256(organisation.encode()).digest(), 0
        for number, event in enumerate(events, start=1):
            if event.seq != number:
                yield Violation("V10", organisation, f"Number {number} is missing from the record.")
                break
            if event.previous_hash != previous or event.hash != _link(event, previous):
                yield Violation("V10", organisation, f"Number {number} does not fit its hash or the record before it.")
                break
            previous = event.hash
        else:
            if evidence.heads and evidence.heads.get(organisation) != (number, previous.hex()):
                yield Violation("V10", organisation, "The head of the record names another end.")


def _link(event: Event, previous: bytes) -> bytes:
    number = (event.seq or 0).to_bytes(8, "big")
    moment = event.recorded_us.to_bytes(8, "big", signed=True)
    said = hashlib.sha256(event.body.encode()).digest()
    return hashlib.sha256(previous + number + said + event.actor_name.encode() + moment).digest()


def _anchored(evidence: Evidence) -> Iterator[Violation]:
    """Every anchor is a link of the record, each names a later one than the anchor before it, and none is overdue."""
    links = {(event.organisation, event.seq): event.hash.hex() for event in evidence.events} if evidence.anchors else {}
    for anchor in evidence.anchors:
        if links.get((anchor.organisation, anchor.seq)) != anchor.hash:
            what = f"The link {anchor.seq} that was anchored outside is not in the record."
            yield Violation("V10", anchor.organisation, what)
    newest: dict[tuple[str, str], int] = {}
    for anchor in evidence.anchors:
        before = newest.get((anchor.file, anchor.organisation), 0)
        if anchor.seq <= before:
            what = f"The record had {before} links, and {anchor.seq} when {anchor.file} was written next."
            yield Violation("V10", anchor.organisation, what)
        newest[(anchor.file, anchor.organisation)] = anchor.seq
    if evidence.limits.anchor_seconds is not None:
        yield from _overdue(evidence, {key[1]: seq for key, seq in newest.items() if key[0] == ANCHORS})


def _overdue(evidence: Evidence, anchored: Mapping[str, int]) -> Iterator[Violation]:
    """What was recorded longer ago than an anchor may take, counted from the last fault, and has none."""
    due = evidence.collected_at - (evidence.limits.anchor_seconds or 0.0)
    if (evidence.healed_at or 0) >= due:
        return
    for event in evidence.events:
        if event.committed_at < due and (event.seq or 0) > anchored.get(event.organisation, 0):
            what = f"Number {event.seq} was recorded {evidence.collected_at - event.committed_at:.0f} s ago."
            yield Violation("V10", event.organisation, f"{what} No anchor covers it.")
            return


def _told(evidence: Evidence) -> Iterator[Violation]:
    """Every intent and every end has its line, and an attempt was last written together with a line."""
    lines: Counter[tuple[str, int, str]] = Counter(
        (event.subject, int(event.details.get("position", 0)), event.kind)
        for event in evidence.events
        if event.kind in {"rollback.attempt_intended", "rollback.attempt_ended"}
    )
    wanted: Counter[tuple[str, int, str]] = Counter()
    written = {event.transaction % 2**32 for event in evidence.events}
    for attempt in evidence.attempts.values():
        wanted[(attempt.rollback, attempt.position, "rollback.attempt_intended")] += 1
        wanted[(attempt.rollback, attempt.position, "rollback.attempt_ended")] += _ends(attempt)
        if attempt.state not in OPEN and attempt.transaction not in written:
            what = f"Attempt {attempt.number} became {attempt.state} in a transaction that recorded nothing."
            yield Violation("V10", f"{attempt.rollback} step {attempt.position}", what)
    for key in sorted(set(lines) | set(wanted)):
        if lines[key] != wanted[key]:
            what = f"There are {wanted[key]} of “{key[2]}” among the attempts, and {lines[key]} in the record."
            yield Violation("V10", f"{key[0]} step {key[1]}", what)


def _ends(attempt: Attempt) -> int:
    if attempt.state == "in_flight":
        return 0
    return 2 if attempt.state in CLEARED_UP else 1


def _fits_the_outside(evidence: Evidence) -> Iterator[Violation]:
    """An effect on the outside is never recorded as none, and never left open once its run is over.

    An outside that lies, or that takes effect later than it is looked at where a repeat is harmless, is excused; and
    what cannot be looked at is asked again with a key that counts once, whatever the first request did.
    """
    for entry, attempt, rollback in evidence.sent:
        if not entry.effects or entry.is_a_lie:
            continue
        partly = attempt.retryable and all(effect["kind"] in PARTIAL for effect in entry.effects)
        late = entry.fault == "delay" and evidence.said(attempt).get("idempotency_class") in {"A", "B"}
        keyed = evidence.said(attempt).get("idempotency_class") == "B"
        harmless = (late or keyed) and attempt.state == "reconciled_not_applied"
        if attempt.state in NO_EFFECT and not partly and not harmless:
            what = f"Request {entry.id} took effect, and attempt {attempt.number} is recorded as {attempt.state}."
            yield Violation("V10", f"{rollback.id} step {attempt.position}", what)
        if attempt.state in OPEN and rollback.finished_at is not None:
            what = f"The run is {rollback.state}, and attempt {attempt.number} was never cleared up."
            yield Violation("V10", f"{rollback.id} step {attempt.position}", what)
