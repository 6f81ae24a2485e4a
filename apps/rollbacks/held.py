"""A rollback while this process holds its lease: its approved plan, and its rows as they are known to be.

The holder of the newest fence is the only one who writes steps and attempts, except for people's decisions; Postgres
counts those (`decisions`, migration 0005). So the rows are read once, kept up to date by what is written, and read
again when somebody has decided something.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from typing import Any

from django.db import DatabaseError, connection

from apps.providers.base import Access
from apps.rollbacks.approved import PlannedStep, steps_of
from apps.rollbacks.deciding import RunView, StepView
from apps.rollbacks.journal import Journal, next_numbers
from apps.rollbacks.known import (
    CHANGING,
    CLOCKS_APART,
    KNOWN,
    LOCK,
    READ,
    Asks,
    Clock,
    Deed,
    LookAgain,
    Lost,
    T,
    give_up,
    is_stale,
)
from apps.rollbacks.leases import Heartbeat, Lease, LeaseLost
from apps.rollbacks.models import Attempt, Rollback, Step
from apps.rollbacks.states import EFFECTIVE, StepState
from apps.rollbacks.viewing import view_of
from apps.timeline.clock import standing_at
from apps.timeline.posting import Post
from apps.timeline.writing import Batch, collected, committed_together

OVER = frozenset({StepState.SUCCEEDED, StepState.SKIPPED})
RELATED = ("plan", "incident")  # the rest is read when it is needed: eight tables joined cost more to plan


class HeldRun:
    """What one `advance` knows. The plan never changes while a run goes, so it is read once.

    Inside `with held:` it writes without asking first, and awaits the answer when it has to.
    """

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
        self._clock = Clock()
        self._post, self._entered = Post(), ExitStack()
        self._unwritten: list[tuple[Deed[Any], Lost | None]] = []
        self._asks_first, self._only_collects = True, False

    def __enter__(self) -> HeldRun:
        self._entered.enter_context(connection.execute_wrapper(self._before_a_question))
        self._asks_first = False
        return self

    def __exit__(self, *_: object) -> None:
        with self._entered:
            self.settle()

    def look(self) -> datetime:
        """Read what may have changed and return the database's time. Raises LeaseLost when the fence has moved on.

        What was written a moment ago was read under the same lock, so it is not read again.
        """
        if self._just_written:
            moment, self._just_written = self._just_written, None
            return moment
        self.settle()
        with connection.cursor() as cursor:
            cursor.execute(READ, [self.lease.rollback_id])
            return self._take_over(cursor.fetchone())

    @contextmanager
    def fenced(self) -> Iterator[Rollback]:
        """A transaction that may write for the lease: the row is locked and the fence compared, or LeaseLost.

        `steps` and `attempts` are as they are in this transaction; write to these very objects. What is written with
        `timeline.writing` goes to Postgres together at the end.
        """
        self.settle()
        self._just_written = None
        try:
            with committed_together():
                now = self._take_over(self._lock())
                with standing_at(now):
                    yield self.rollback
        except BaseException:
            self._forget()
            raise
        self._just_written = now

    def write(self, deed: Deed[T], *, later: bool = False, lost: Lost | None = None) -> T:
        """Do a deed that only writes, and send it whole, together with what it takes for granted.

        `deed` may be done twice: when the rows are not as they are known, or when it asks something, it is done again
        in `fenced`. With `later` the answer is not awaited: if it was refused, nothing that is sent after it is
        executed, and it is done again by `settle`. `lost` is called when it cannot be known to be written.
        """
        if self._asks_first or not self._clock.is_known or connection.in_atomic_block:
            return self._ask(deed, lost)
        now, row = self._clock.now(), self._row()
        try:
            done, batch = self._collect(deed, now)
        except Asks:
            return self._ask(deed, lost)
        if later:
            self._send(now, row, batch, lambda: self._unwritten.append((deed, lost)))
            return done
        self.settle()
        self._send(now, row, batch, self._forget)
        try:
            self._post.settle()
        except DatabaseError as error:
            if not is_stale(error):
                raise
            return self._ask(deed, lost)
        return done

    def _collect(self, deed: Deed[T], now: datetime) -> tuple[T, Batch]:
        self._only_collects = True
        try:
            with collected() as batch, standing_at(now):
                return deed(self.rollback), batch
        except BaseException:
            self._forget()
            raise
        finally:
            self._only_collects = False

    def _send(self, now: datetime, row: list[Any], batch: Batch, failed: Callable[[], None]) -> None:
        if self._post.trouble:
            self.settle()
        first = KNOWN, [self.lease.rollback_id, *row, str(self.lease.fence), now, CLOCKS_APART]
        self._post.send(first, batch, lambda answer: self._clock.told(answer[0]), failed)
        self._just_written = now

    def _row(self) -> list[Any]:
        return [getattr(self.rollback, name) for name in CHANGING]

    def settle(self) -> None:
        """Wait until all that was sent is written. Raises LookAgain when some of it was not as it was known."""
        try:
            self._post.settle()
        except DatabaseError as error:
            self._forget()
            unwritten, self._unwritten = self._unwritten, []
            for deed, lost in unwritten:
                if lost and is_stale(error):
                    self._ask(deed, lost)
                elif lost:
                    give_up(lost)
            if is_stale(error):
                raise LookAgain from error
            raise

    def _ask(self, deed: Deed[T], lost: Lost | None) -> T:
        try:
            with self.fenced() as run:
                return deed(run)
        except (LeaseLost, DatabaseError):
            if lost:
                give_up(lost)
            raise

    def _before_a_question(self, execute: Callable[..., Any], *asked: Any) -> Any:
        if self._only_collects:
            raise Asks
        self._post.wait()
        return execute(*asked)

    def _forget(self) -> None:
        """What we hold may be ahead of the rows."""
        self._read_at = self._lines = self._just_written = None
        self._clock = Clock()

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
        self._clock.told(now)
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
