"""Ways to bend the honest run, so that a check has something to find."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tests.faults.evidence import Evidence, Operation
from tests.faults.rows import Freeze, Notice
from tests.faults.samples import ORGANISATION, RUN, TOLD, T, a_question, a_rollback, a_step, an_entry, retold

Bend = Callable[[Evidence], Evidence]


def run(**changes: Any) -> Bend:
    """Bend the run."""
    return lambda evidence: replace(evidence, rollbacks={RUN: a_rollback(**changes)})


def attempt(number: int, **changes: Any) -> Bend:
    """Bend an attempt."""
    name = f"attempt-{number}"
    return lambda evidence: replace(
        evidence, attempts={**evidence.attempts, name: replace(evidence.attempts[name], **changes)}
    )


def entry(number: int, **changes: Any) -> Bend:
    """Bend a request."""
    return lambda evidence: replace(
        evidence, journal=[replace(one, **changes) if one.id == number else one for one in evidence.journal]
    )


def more(*entries: Any) -> Bend:
    """Add requests."""
    return lambda evidence: replace(evidence, journal=[*evidence.journal, *entries])


def has(**changes: Any) -> Bend:
    """Bend anything at the top."""
    return lambda evidence: replace(evidence, **changes)


def question(**changes: Any) -> Bend:
    """Bend what was asked."""
    return has(questions={"question-1": a_question(**changes)})


def vote(**changes: Any) -> Bend:
    """Bend the first vote."""
    first, second = a_question().votes
    return question(votes=(replace(first, **changes), second))


def all_of(*bends: Bend) -> Bend:
    """Do one after the other."""

    def bent(evidence: Evidence) -> Evidence:
        for bend in bends:
            evidence = bend(evidence)
        return evidence

    return bent


def told(*lines: tuple[float, str, dict[str, Any]]) -> Bend:
    """Add lines to the record."""
    return lambda evidence: retold(evidence, sorted([*TOLD, *lines], key=lambda line: line[0]))


def untold(kind: str, position: int) -> Bend:
    """Leave a line out of the record."""
    left = [line for line in TOLD if (line[1], line[2].get("position")) != (kind, position)]
    return lambda evidence: retold(evidence, left)


def freeze(at: float, lifted: float | None = None, **changes: Any) -> Bend:
    """Let a freeze hold from one second to another."""
    made = Freeze("freeze-1", ORGANISATION, "rollbacks", "organisation", "", "", T + at, T + lifted if lifted else None)
    return has(freezes=[replace(made, **changes)])


def answered(type_: str, f: str, **value: Any) -> Bend:
    """Let a client be told something."""
    return has(operations=[Operation("client", "op-1", type_, f, value, 0.0, T)])


def asked_for_help(reason: str, **changes: Any) -> Bend:
    """Let the run wait for a person at its second step."""
    return all_of(
        run(state="needs_operator", reason=reason, finished_at=None),
        has(steps=[a_step(1, 12), a_step(2, 14, state="unknown")]),
        attempt(2, **changes),
    )


SECOND_POST = an_entry(3, "attempt-1", 11.5)
OTHER = {"kind": "rollback", "to": "dpl_other", "was": "dpl_old"}
POSTED = '{"metadata": {"event_payload": {"marker": "notice-1"}}}'
CANCELLED = (12.5, "rollback.cancellation_asked", {})


def notice(state: str = "delivered", due: float | None = None) -> Bend:
    """Let a notice exist."""
    return has(notices={"notice-1": Notice("notice-1", "vote needed", state, 1, due)})


def posted(number: int, **changes: Any) -> Any:
    """Return a post that bears the mark of the notice."""
    return an_entry(number, f"elsewhere-{number}", 20 + number, body=POSTED, **changes)
