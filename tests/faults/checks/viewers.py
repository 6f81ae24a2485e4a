"""What those who watch are shown: everything of the record, once, in order, over however many lines."""

from __future__ import annotations

from collections.abc import Iterator

from tests.faults.evidence import Evidence, Frame, Viewing, Violation

NAMED = 5  # numbers that a sentence names


def v11_viewers_end_with_the_truth(evidence: Evidence) -> Iterator[Violation]:
    """Hold: numbers only rise, a full fragment is the page, and whoever watches ends with what the rows say."""
    yield from _fragments(evidence)
    for viewing in evidence.viewings:
        yield from _in_order(viewing)
        yield from _as_recorded(evidence, viewing)
    for rollback_id, numbers in evidence.log_lines.items():
        if list(numbers) != list(range(1, len(numbers) + 1)):
            yield Violation("V11", rollback_id, "The numbers of its log lines have a gap or a double.")


def _fragments(evidence: Evidence) -> Iterator[Violation]:
    newest: dict[tuple[str, int], int] = {}
    last: dict[tuple[str, str], Frame] = {}
    for frame in evidence.frames:
        before = newest.get((frame.viewer, frame.connection))
        if before is not None and frame.id <= before:
            yield Violation("V11", frame.viewer, f"Number {frame.id} came after {before}.")
        newest[(frame.viewer, frame.connection)] = frame.id
        if frame.full and frame.page and frame.full != frame.page:
            yield Violation("V11", frame.viewer, f"The fragment at number {frame.id} is not what the page shows.")
        if frame.rollback:
            last[(frame.viewer, frame.rollback)] = frame
    for (viewer, rollback_id), frame in last.items():
        rollback = evidence.rollbacks.get(rollback_id)
        if rollback and frame.state != rollback.state:
            yield Violation("V11", viewer, f"It ended with {frame.state}, and {rollback_id} is {rollback.state}.")


def _in_order(viewing: Viewing) -> Iterator[Violation]:
    """Whoever says after a break what they have seen is shown what comes then, and nothing of it again."""
    before = 0
    for shown in viewing.shown:
        if shown.seq <= before:
            what = f"Number {shown.seq} came after {before}, over its line {shown.connection}."
            yield Violation("V11", viewing.viewer, what)
        before = max(before, shown.seq)


def _as_recorded(evidence: Evidence, viewing: Viewing) -> Iterator[Violation]:
    """What was shown is in the record, and all of the record up to the end was shown."""
    told = {event.seq: event for event in evidence.events if event.incident == viewing.incident}
    for shown in viewing.shown:
        event = told.get(shown.seq)
        if event is None or (event.kind, event.subject) != (shown.kind, shown.subject):
            what = f"It was shown {shown.kind} as number {shown.seq}, and the record has {event and event.kind} there."
            yield Violation("V11", viewing.viewer, what)
    seen = {shown.seq for shown in viewing.shown}
    due = viewing.left_at - evidence.limits.shown_seconds
    newest = max(seen, default=0)
    missing = sorted(
        number or 0
        for number, event in told.items()
        if number not in seen and ((number or 0) < newest or event.committed_at < due)
    )
    if missing:
        named = ", ".join(map(str, missing[:NAMED]))
        what = f"{len(missing)} events never reached it: number {named}{' …' if missing[NAMED:] else ''}."
        yield Violation("V11", viewing.viewer, what)
