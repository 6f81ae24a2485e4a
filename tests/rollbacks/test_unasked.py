"""Writing without asking first: what was not as it was known is never written, and nothing that follows it either."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection

from apps.providers.base import Outcome, OutcomeKind
from apps.rollbacks import events, leases, lifecycle, sending, spool
from apps.rollbacks.held import HeldRun
from apps.rollbacks.journal import Journal
from apps.rollbacks.known import Clock, LookAgain
from apps.rollbacks.leases import LeaseLost
from apps.rollbacks.models import Attempt, LogLine, Rollback
from apps.timeline.clock import database_now
from apps.timeline.log import SYSTEM, record
from apps.timeline.models import Event
from apps.timeline.verifying import verify
from apps.timeline.writing import update
from tests.rollbacks.test_leases import held_by

DONE = Outcome(OutcomeKind.SUCCEEDED, "Done.", status=200)


def say(held: HeldRun, message: str) -> None:
    """Write a message on the first step, and tell of it."""
    held.steps[1].message = message
    update(held.steps[1], ("message",))
    record(events.SERVING, held.rollback, by=SYSTEM, position=1, message=message)


def later(held: HeldRun, message: str) -> None:
    """Write it without waiting for the answer."""
    held.write(lambda run: say(held, message), later=True)


def told(held: HeldRun) -> list[str]:
    """Return what the record holds of these messages."""
    rows = Event.objects.filter(subject_id=str(held.rollback.pk), kind=events.SERVING.name).order_by("seq")
    return [event.details["message"] for event in rows]


def intended(held: HeldRun) -> Attempt:
    """Let an attempt be under way."""
    return sending._intend(held, 1, "", "apply", held.planned[1].call(""), None, Journal())


def test_what_is_sent_without_waiting_is_written_in_its_order(stage: Any) -> None:
    held = held_by(stage)
    with held:
        for number in range(5):
            later(held, str(number))
    assert told(held) == list("01234")
    assert verify(held.rollback.organisation_id)[1] is None
    assert held.rollback.steps.get(position=1).message == "4"


def test_nothing_is_written_once_somebody_has_decided_something(stage: Any) -> None:
    held = held_by(stage)
    lifecycle.pause(held.rollback, by=stage.rae, reason="Look first")
    with pytest.raises(LookAgain), held:
        later(held, "refused")
        later(held, "sent after it")
    assert told(held) == []
    held.look()
    assert held.rollback.pause_requested
    assert held.steps[1].message == ""


def test_an_outcome_that_was_refused_is_written_again_beside_what_was_decided(stage: Any) -> None:
    held = held_by(stage)
    with pytest.raises(LookAgain), held:
        attempt = intended(held)
        lifecycle.pause(held.rollback, by=stage.rae, reason="Look first")
        held.rollback.pause_requested = False  # as it was known when the answer came
        sending._write_down(held, attempt, DONE, Journal())
        later(held, "sent after it")
    assert Attempt.objects.get(pk=attempt.pk).state == "succeeded"
    assert held.rollback.steps.get(position=1).state == "verifying"
    assert told(held) == []
    assert Rollback.objects.get(pk=held.rollback.pk).pause_requested


def test_an_outcome_of_an_older_fence_is_kept_and_not_written(stage: Any) -> None:
    held = held_by(stage)
    with pytest.raises(LeaseLost), held:
        attempt = intended(held)
        Rollback.objects.filter(pk=held.rollback.pk).update(lease_expires_at=None)
        assert leases.acquire(held.rollback.pk)
        sending._write_down(held, attempt, DONE, Journal())
    assert Attempt.objects.get(pk=attempt.pk).state == "in_flight"
    assert (spool.folder() / f"{attempt.pk}.json").exists()
    assert spool.bring_in() == 1


def test_an_outcome_is_kept_when_the_line_to_postgres_breaks(stage: Any) -> None:
    held = held_by(stage)
    with held:
        attempt = intended(held)
        connection.connection.pgconn.finish()
        sending._write_down(held, attempt, DONE, Journal())
        with pytest.raises(OperationalError):
            held.settle()
    assert (spool.folder() / f"{attempt.pk}.json").exists()
    assert spool.bring_in() == 1


def test_a_deed_that_asks_is_done_in_a_transaction_that_sees_everything(stage: Any) -> None:
    held = held_by(stage)
    seen = []

    def deed(run: Rollback) -> None:
        say(held, "said")
        seen.append(LogLine.objects.filter(rollback=run).count())
        assert connection.in_atomic_block

    with held:
        held.write(deed)
    assert len(seen) == 1
    assert told(held) == ["said"]


def test_whoever_asks_something_else_sees_what_was_sent(stage: Any) -> None:
    held = held_by(stage)
    with held:
        later(held, "said")
        assert told(held) == ["said"]


def test_the_time_is_refused_when_it_is_not_the_databases(stage: Any) -> None:
    held = held_by(stage)
    with held:
        for wrong in (timedelta(hours=1), -timedelta(hours=1)):
            held._clock = Clock()
            held._clock.told(database_now() + wrong)
            held.write(lambda run: say(held, "said"))
            assert abs(held.look() - datetime.now(UTC)) < timedelta(minutes=1)
    assert told(held) == ["said", "said"]


def test_our_reckoning_of_the_time_is_never_ahead(stage: Any) -> None:
    clock = Clock()
    for _ in range(20):
        clock.told(database_now())
        assert clock.now() <= database_now()
