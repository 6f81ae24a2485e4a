"""What of a run was applied, what was not, what nobody can tell, and what is in flight until when."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from apps.rollbacks.models import Attempt, Step
from apps.rollbacks.states import EFFECTIVE, OPEN, AttemptState


@dataclass(frozen=True)
class Flight:
    """A request whose end is not known yet. `until` is when it must have ended; None: it is being cleared up."""

    position: int
    until: datetime | None


@dataclass(frozen=True)
class Standing:
    """The positions of a plan's steps, by what has become of them. Every step is in exactly one of the lists."""

    applied: Sequence[int]
    partly: Sequence[int]
    unclear: Sequence[int]
    in_flight: Sequence[Flight]
    skipped: Sequence[int]
    put_back: Sequence[int]
    not_applied: Sequence[int]

    @property
    def facts(self) -> list[tuple[str, str, datetime | None]]:
        """Return (what, which steps, until when), the parts of the one line that pages and words are made of."""
        flights = [("in flight", str(flight.position), flight.until) for flight in self.in_flight if flight.until]
        cleared = [flight.position for flight in self.in_flight if not flight.until]
        named = (
            ("in part", self.partly),
            ("unclear", self.unclear),
            ("being cleared up", cleared),
            ("left out", self.skipped),
            ("put back", self.put_back),
            ("not applied", self.not_applied),
        )
        rest = [(what, ranges(positions), None) for what, positions in named if positions]
        return [("applied", ranges(self.applied) or "nothing", None), *rest, *flights]


GROUPS = ("applied", "partly", "unclear", "skipped", "put_back", "not_applied")


def standing_of(steps: Iterable[Step]) -> Standing:
    """Sort the steps of a run, which come with their attempts, by what has become of them. Reads nothing more."""
    sorted_out: dict[str, list[int]] = {name: [] for name in GROUPS}
    flights = []
    for step in steps:
        attempts = [attempt for attempt in step.attempts.all() if attempt.kind == "apply"]
        if under_way := next((attempt for attempt in attempts if attempt.state in OPEN), None):
            flights.append(Flight(step.position, _until(under_way)))
        else:
            sorted_out[_became(step, attempts)].append(step.position)
    return Standing(in_flight=flights, **sorted_out)


def as_json(standing: Standing) -> dict[str, Any]:
    """Return the positions the way programs read them."""
    return {
        "applied": standing.applied,
        "partly_applied": standing.partly,
        "unclear": standing.unclear,
        "in_flight": [{"position": one.position, "until": one.until} for one in standing.in_flight],
        "skipped": standing.skipped,
        "put_back": standing.put_back,
        "not_applied": standing.not_applied,
    }


def ranges(positions: Sequence[int]) -> str:
    """Write positions shortly, three or more in a row as a range: "1, 3–5"."""
    runs: list[list[int]] = []
    for position in positions:
        if runs and runs[-1][-1] == position - 1:
            runs[-1].append(position)
        else:
            runs.append([position])
    return ", ".join(f"{run[0]}–{run[-1]}" if len(run) > 2 else ", ".join(map(str, run)) for run in runs)


def _until(attempt: Attempt) -> datetime | None:
    return attempt.send_before if attempt.state == AttemptState.IN_FLIGHT else None


def _became(step: Step, attempts: Sequence[Attempt]) -> str:
    if step.state == "skipped":
        return "skipped"
    if step.compensated:
        return "put_back"
    if step.state == "succeeded" or step.applied_at:
        return "applied"
    done = {attempt.part for attempt in attempts if attempt.state in EFFECTIVE}
    if any(attempt.state == AttemptState.CONFLICT and attempt.part not in done for attempt in attempts):
        return "unclear"
    return "partly" if done else "not_applied"
