"""What a checker reads: values only, frozen, with every time in seconds since 1970 by the clock of the one host."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from tests.faults.rows import Attempt, Event, Freeze, Notice, Question, Rollback, Step


@dataclass(frozen=True)
class Violation:
    """A promise that was broken: which check found it, about what, and how."""

    check: str
    subject: str
    what: str


@dataclass(frozen=True)
class Operation:
    """One line of a client's history. `info` means that nobody knows: it counts as done and as not done."""

    proc: str
    op: str
    type: str  # invoke, ok, fail, info
    f: str
    value: Mapping[str, Any]
    mono: float
    wall: float


@dataclass(frozen=True)
class Entry:
    """One changing request as the outside wrote it down. `effects` were on its disk before it answered."""

    id: int
    slug: str
    method: str
    path: str
    digest: str
    body: str
    attempt_id: str
    fault: str
    received_at: float
    effect_at: float | None
    effects: tuple[Mapping[str, Any], ...]
    answered_at: float | None
    status: int | None
    ending: str
    query: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_clear(self) -> bool:
        """Say whether the client got a whole answer from which the end could be told."""
        return self.ending == "answered" and self.status is not None and self.status < 500

    @property
    def is_a_lie(self) -> bool:
        """Say whether the outside was told to take effect and to say definitely that it did not."""
        refused = self.fault == "status_after" and self.status is not None and self.status < 500
        return bool(self.effects) and (self.fault == "error_body" or refused)


@dataclass(frozen=True)
class Anchor:
    """A link of the record as it was kept outside the database, with the name of the file that holds it."""

    organisation: str
    seq: int
    hash: str
    file: str = ""


@dataclass(frozen=True)
class Frame:
    """What one viewer was shown: the number, and what it said of a run. `page` is a page read at that moment."""

    viewer: str
    connection: int
    id: int
    rollback: str = ""
    state: str = ""
    full: str = ""
    page: str = ""


@dataclass(frozen=True)
class Shown:
    """One event as a viewer was shown it, over its first, second, … line."""

    connection: int
    seq: int
    kind: str
    subject: str


@dataclass(frozen=True)
class Viewing:
    """What one program that follows an incident was shown until it left, in the order in which it came."""

    viewer: str
    incident: str
    left_at: float
    shown: tuple[Shown, ...]


@dataclass(frozen=True)
class Sighting:
    """How a run stood when it was looked at: who took it was of the epoch `code`, the database was of `wanted`."""

    rollback: str
    state: str
    fence: int
    code: int
    wanted: int | None
    at: float


@dataclass(frozen=True)
class Limits:
    """How long things may take, in seconds. `slack` forgives the grain of the clocks and of writing them down.

    From `production_from` on (seconds since 1970) calls are sent by production's clocks. Without `anchor_seconds`
    nothing need be anchored.
    """

    send_seconds: float = 20.0
    heal_seconds: float = 60.0
    slack: float = 0.01
    shown_seconds: float = 15.0
    anchor_seconds: float | None = None
    production_from: float = float("inf")
    production_send_seconds: float = 21.0

    def sending(self, intended: float) -> float:
        """Return how long after its intent a request may be received at most."""
        return self.send_seconds if intended < self.production_from else self.production_send_seconds


@dataclass(frozen=True)
class Evidence:
    """Everything known about a campaign once it is over."""

    collected_at: float
    healed_at: float | None = None
    limits: Limits = Limits()
    operations: Sequence[Operation] = ()
    journal: Sequence[Entry] = ()
    states: Mapping[str, Any] = field(default_factory=dict)
    rollbacks: Mapping[str, Rollback] = field(default_factory=dict)
    steps: Sequence[Step] = ()
    attempts: Mapping[str, Attempt] = field(default_factory=dict)
    questions: Mapping[str, Question] = field(default_factory=dict)
    freezes: Sequence[Freeze] = ()
    events: Sequence[Event] = ()
    heads: Mapping[str, tuple[int, str]] = field(default_factory=dict)
    notices: Mapping[str, Notice] = field(default_factory=dict)
    deliveries: frozenset[str] = frozenset()
    connections: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    anchors: Sequence[Anchor] = ()
    frames: Sequence[Frame] = ()
    viewings: Sequence[Viewing] = ()
    sightings: Sequence[Sighting] = ()
    moved: frozenset[str] = frozenset()  # runs whose production somebody else has moved
    log_lines: Mapping[str, Sequence[int]] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    leaks: Sequence[tuple[str, str]] = ()
    canaries: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def events_of(self) -> Mapping[str, list[Event]]:
        """The events about each subject, oldest first."""
        found: dict[str, list[Event]] = {}
        for event in sorted(self.events, key=lambda event: (event.committed_at, event.seq or 0)):
            found.setdefault(event.subject, []).append(event)
        return found

    @cached_property
    def sightings_of(self) -> Mapping[str, list[Sighting]]:
        """How each run was seen, in that order."""
        found: dict[str, list[Sighting]] = {}
        for sighting in self.sightings:
            found.setdefault(sighting.rollback, []).append(sighting)
        return found

    @cached_property
    def steps_of(self) -> Mapping[str, list[Step]]:
        """The steps of each run, in order."""
        found: dict[str, list[Step]] = {}
        for step in sorted(self.steps, key=lambda step: step.position):
            found.setdefault(step.rollback, []).append(step)
        return found

    @cached_property
    def attempts_of(self) -> Mapping[str, list[Attempt]]:
        """The attempts of each run, in the order in which they were intended."""
        found: dict[str, list[Attempt]] = {}
        for attempt in sorted(self.attempts.values(), key=lambda attempt: attempt.intended_at):
            found.setdefault(attempt.rollback, []).append(attempt)
        return found

    @cached_property
    def entries_of(self) -> Mapping[str, list[Entry]]:
        """The requests that the outside saw, by the attempt that they name."""
        found: dict[str, list[Entry]] = {}
        for entry in self.journal:
            found.setdefault(entry.attempt_id, []).append(entry)
        return found

    @cached_property
    def intents(self) -> Mapping[str, float]:
        """When the intent of each attempt was committed: the first record about its run that followed the intention."""
        found = {}
        for rollback, attempts in self.attempts_of.items():
            told = [event.committed_at for event in self.events_of.get(rollback, [])]
            for attempt in attempts:
                found[attempt.id] = min((at for at in told if at >= attempt.intended_at), default=float("inf"))
        return found

    @cached_property
    def sent(self) -> list[tuple[Entry, Attempt, Rollback]]:
        """Every request of a known attempt, with its attempt and run, in the order in which the outside got them."""
        known = [
            (entry, self.attempts[entry.attempt_id]) for entry in self.journal if entry.attempt_id in self.attempts
        ]
        return [(entry, attempt, self.rollbacks[attempt.rollback]) for entry, attempt in known]

    def said(self, attempt: Attempt) -> Mapping[str, Any]:
        """Return what the approved plan says of an attempt's step, or nothing when it has no such step."""
        return self.rollbacks[attempt.rollback].planned.get(attempt.position, {})
