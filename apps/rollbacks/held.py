"""A rollback while this process holds its lease: its approved plan, and its rows as they are known to be.

The holder of the newest fence is the only one who writes steps and attempts, except for people's decisions; Postgres
counts those (`decisions`, migration 0005). So the rows are read once, kept up to date by what is written, and read
again when somebody has decided something.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import connection

from apps.providers.base import Access
from apps.rollbacks.approved import PlannedStep, steps_of
from apps.rollbacks.deciding import RunView, StepView
from apps.rollbacks.journal import Journal, next_numbers
from apps.rollbacks.leases import Heartbeat, Lease, LeaseLost
from apps.rollbacks.models import Attempt, Rollback, Step
from apps.rollbacks.states import EFFECTIVE, StepState
from apps.rollbacks.viewing import view_of
from apps.timeline.clock import standing_at
from apps.timeline.writing import committed_together

# What others may change while we hold the lease.
CHANGING = ("state", "fence", "pause_requested", "cancel_requested", "compensating", "first_call_at", "decisions")
READ = f"SELECT clock_timestamp(), {', '.join(CHANGING)} FROM rollbacks_rollback WHERE id = %s"
LOCK = f"""SELECT clock_timestamp(), {", ".join(CHANGING)}, set_config('app.fence', %s, true)
             FROM rollbacks_rollback WHERE id = %s FOR NO KEY UPDATE"""
OVER = frozenset({StepState.SUCCEEDED, StepState.SKIPPED})
RELATED = ("plan", "incident")  # the rest is read when it is needed: eight tables joined cost more to plan


class HeldRun:
    """What one `advance` knows. The plan never changes while a run goes, so it is read once."""

    def __init__(self, lease: Lease, heart: Heartbeat) -> None:
        self.lease, self.heart = lease, heart
        self.rollback = Rollback.objects.select_related(*RELATED).get(pk=lease.rollback_id)
        self.planned: dict[int, PlannedStep] = steps_of(self.rollback)
        self.steps: dict[int, Step] = {}
        self.attempts: list[Attempt] = []
        self._over: dict[int, StepView] = {}
        self._read_at: int | None = None  # the number of decisions when steps and attempts were read
        self._just_written: datetime | None = None  # when we last wrote, if nothing was waited for since
        self._lines: Iterator[int] | None = None  # the numbers of the log's next lines
        self._opened: dict[str, Access] = {}

    def look(self) -> datetime:
        """Read what may have changed and return the database's time. Raises LeaseLost when the fence has moved on.

        What was written a moment ago was read under the same lock, so it is not read again.
        """
        if self._just_written:
            moment, self._just_written = self._just_written, None
            return moment
        with connection.cursor() as cursor:
            cursor.execute(READ, [self.lease.rollback_id])
            return self._take_over(cursor.fetchone())

    @contextmanager
    def fenced(self) -> Iterator[Rollback]:
        """A transaction that may write for the lease: the row is locked and the fence compared, or LeaseLost.

        `steps` and `attempts` are as they are in this transaction; write to these very objects. What is written with
        `timeline.writing` goes to Postgres together at the end.
        """
        self._just_written = None
        try:
            with committed_together():
                now = self._take_over(self._lock())
                with standing_at(now):
                    yield self.rollback
        except BaseException:
            self._read_at = self._lines = None  # what we hold may be ahead of the rows
            raise
        self._just_written = now

    def _lock(self) -> tuple[Any, ...]:
        # In a pipeline, for BEGIN then needs no round trip of its own.
        with connection.cursor() as cursor, connection.wrap_database_errors, connection.connection.pipeline():
            cursor.execute(LOCK, [str(self.lease.fence), self.lease.rollback_id])
            return cursor.fetchone()[:-1]

    def write_lines(self, journal: Journal, position: int) -> None:
        """Write what was collected about a step, inside a fenced transaction."""
        if journal.lines:
            self._lines = self._lines or next_numbers(self.rollback)
            journal.write(self.rollback, position, self._lines)

    def view(self) -> RunView:
        """Return what is known as the value that `deciding` works on. Steps that are over are looked at once."""
        if self.rollback.compensating:  # then a step that is over may be put back
            self._over = {}
        steps = [step for position, step in self.steps.items() if position not in self._over]
        attempts = [attempt for attempt in self.attempts if attempt.position not in self._over]
        run = view_of(self.rollback, self.planned, steps, attempts, self._over)
        self._over = {step.position: step for step in run.steps if step.state in OVER}
        return run

    def access(self, planned: PlannedStep) -> Access:
        """Return how to reach what a step acts on, opened once. Raises what `PlannedStep.access` raises."""
        connection_id = planned.said["connection"]["id"]
        if connection_id not in self._opened:
            self._opened[connection_id] = planned.access(self.rollback)
        return self._opened[connection_id]

    def is_applied(self, position: int) -> bool:
        """Say whether every part of a step has had its effect, or needed none."""
        already = self.steps[position].baseline.get("already", [])
        return all(
            part in already or any(one.state in EFFECTIVE for one in self.tries(position, "apply", part))
            for part in self.planned[position].parts
        )

    def tries(self, position: int, kind: str, part: str) -> list[Attempt]:
        """Return the attempts of one part of one step, oldest first."""
        return [one for one in self.attempts if (one.position, one.kind, one.part) == (position, kind, part)]

    def _take_over(self, row: tuple[Any, ...]) -> datetime:
        now, *values = row
        for name, value in zip(CHANGING, values, strict=True):
            setattr(self.rollback, name, value)
        if self.rollback.fence != self.lease.fence:
            raise LeaseLost
        if self._read_at != self.rollback.decisions:
            self.steps = {step.position: step for step in Step.objects.filter(rollback_id=self.rollback.pk)}
            self.attempts = list(Attempt.objects.filter(rollback_id=self.rollback.pk).order_by("number"))
            self._over = {}
            self._read_at = self.rollback.decisions
        return now
