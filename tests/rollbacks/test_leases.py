"""Who may go on with a run: the dead at once, the stopped never again, older code not at all."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.db.models.functions import Now

from apps.rollbacks import engine, events, leases, lifecycle, polling, sending
from apps.rollbacks.beginning import begin_run
from apps.rollbacks.ending import put_question
from apps.rollbacks.held import HeldRun
from apps.rollbacks.journal import Journal
from apps.rollbacks.models import Attempt, Rollback
from apps.timeline.clock import database_now
from apps.timeline.log import SYSTEM, record
from tests.rollbacks.test_outside import ONLY_HOSTING


@pytest.fixture
def child() -> Iterator[subprocess.Popen[bytes]]:
    """A process that does nothing until it is ended."""
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    yield process
    process.kill()
    process.communicate()


def owner_of(process: subprocess.Popen[bytes]) -> str:
    here = leases.owner().split("|")[:3]
    return "|".join((*here, str(process.pid), leases.start_time(process.pid)))


def hold(rollback: Rollback, owner: str) -> None:
    """Let the lease of another process have run out just now."""
    Rollback.objects.filter(pk=rollback.pk).update(lease_owner=owner, lease_expires_at=Now() - timedelta(seconds=1))


def held_by(stage: Any, owner: str = "") -> HeldRun:
    """A run that has begun, held by us or in the name of another process."""
    rollback = stage.approve(stage.propose(ONLY_HOSTING))
    lease = leases.acquire(rollback.pk)
    assert lease
    held = HeldRun(replace(lease, owner=owner or lease.owner), leases.Heartbeat(lease))
    held.look()
    begin_run(held)
    return held


def test_a_stopped_worker_is_ended_before_its_run_is_taken_over(stage: Any, child: Any) -> None:
    rollback = stage.approve(stage.propose(ONLY_HOSTING))
    child.send_signal(signal.SIGSTOP)
    os.waitid(os.P_PID, child.pid, os.WSTOPPED)
    hold(rollback, owner_of(child))
    assert leases.acquire(rollback.pk)
    assert child.wait(5) == -signal.SIGKILL


def test_a_worker_that_merely_lost_its_lease_is_left_alone(stage: Any, child: Any) -> None:
    rollback = stage.approve(stage.propose(ONLY_HOSTING))
    hold(rollback, owner_of(child))
    assert leases.acquire(rollback.pk)
    assert child.poll() is None


@pytest.mark.parametrize("changed", [0, 1, 2, 4], ids=["host", "boot", "namespace", "start time"])
def test_nobody_else_is_taken_for_a_stopped_worker(child: Any, changed: int) -> None:
    child.send_signal(signal.SIGSTOP)
    os.waitid(os.P_PID, child.pid, os.WSTOPPED)
    parts = owner_of(child).split("|")
    parts[changed] = "1"
    assert not leases.end_if_stopped("|".join(parts))
    assert Path(f"/proc/{child.pid}").exists()
    assert leases.start_time(child.pid)


def test_a_killed_process_is_proved_dead_even_before_its_parent_has_noticed(child: Any) -> None:
    owner = owner_of(child)
    assert not leases.is_proved_dead(owner)
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert leases.is_proved_dead(owner)


@pytest.mark.parametrize("gone", [False, True], ids=["may still send", "proved dead"])
def test_an_unanswered_request_is_judged_once_its_worker_can_no_longer_send(stage: Any, child: Any, gone: bool) -> None:
    held = held_by(stage, owner_of(child) if gone else "another-host|boot|namespace|7|7")
    planned = held.planned[1]
    sending._intend(held, 1, "", "apply", planned.call(""), None, Journal())
    if gone:
        child.kill()
        child.wait(5)
    before = database_now()
    leases.release(held.lease, 0)
    assert engine.advance(held.rollback.pk)
    attempt = Attempt.objects.get(rollback=held.rollback)
    assert attempt.state == "ambiguous"
    quiet = attempt.evidence["quiet_since"]
    assert (quiet < attempt.send_before.isoformat()) if gone else (quiet == attempt.send_before.isoformat())
    assert quiet >= before.isoformat()
    assert [entry for entry in stage.outside.journal("vercel") if entry["method"] == "POST"] == []


def test_older_code_takes_no_run_and_says_so(
    stage: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    rollback = stage.approve(stage.propose(ONLY_HOSTING))
    leases._tell_of_the_epoch.cache_clear()
    with monkeypatch.context() as older:
        older.setattr(leases, "SCHEMA_EPOCH", 1)
        assert leases.acquire(rollback.pk) is None
        assert leases.acquire(rollback.pk) is None
    told = [line.message for line in caplog.records if "schema epoch" in line.message]
    assert len(told) == 1
    rollback.refresh_from_db()
    assert (rollback.fence, rollback.lease_owner) == (0, "")
    assert leases.acquire(rollback.pk)


def test_code_that_knows_no_epoch_takes_no_run_either(stage: Any) -> None:
    rollback = stage.approve(stage.propose(ONLY_HOSTING))
    with pytest.raises(DatabaseError) as caught, transaction.atomic():
        Rollback.objects.filter(pk=rollback.pk).update(fence=1, lease_owner="old")
    assert getattr(caught.value.__cause__, "sqlstate", "") == "RG014"


def test_what_people_decide_about_a_held_run_is_read_again(stage: Any) -> None:
    held = held_by(stage)
    known = held.steps
    held.look()
    held.look()
    assert held.steps is known
    with transaction.atomic():
        step = held.rollback.steps.get(position=1)
        step.message = "Somebody wrote this"
        step.save(update_fields=["message"])
    held.look()
    assert held.steps[1].message == "Somebody wrote this"


def test_a_step_that_is_not_running_is_never_sent(stage: Any) -> None:
    held = held_by(stage)
    with held.fenced():
        held.steps[1].state = "unknown"
        held.steps[1].save(update_fields=["state"])

        record(events.VERIFYING, held.rollback, by=SYSTEM, position=1)
    with pytest.raises(sending.Gone):
        sending._intend(held, 1, "", "apply", held.planned[1].call(""), None, Journal())
    assert not Attempt.objects.filter(rollback=held.rollback).exists()


@pytest.mark.parametrize("deed", ["cancel", "resume"])
def test_whoever_wakes_a_run_that_is_just_going_to_rest_is_heard(
    stage: Any, monkeypatch: pytest.MonkeyPatch, deed: str
) -> None:
    rollback = stage.approve(stage.propose(ONLY_HOSTING))
    lifecycle.pause(rollback, by=stage.rae, reason="Look first")
    release = engine.release

    def too_late(lease: leases.Lease, wake_in: float | None) -> None:
        getattr(lifecycle, deed)(rollback, by=stage.rae, reason="Enough")
        release(lease, wake_in)

    with monkeypatch.context() as patched:
        patched.setattr(engine, "release", too_late)
        engine.advance(rollback.pk)
    assert rollback.pk in polling.due()
    assert stage.run(rollback).state == {"cancel": "cancelled", "resume": "succeeded"}[deed]


def test_a_run_whose_worker_died_is_due_at_once(stage: Any, child: Any) -> None:
    rollback = stage.approve(stage.propose(ONLY_HOSTING))
    lease = leases.acquire(rollback.pk)
    assert lease
    Rollback.objects.filter(pk=rollback.pk).update(lease_owner=owner_of(child))
    assert rollback.pk not in polling.due()
    child.kill()
    child.wait(5)
    assert leases.free_the_dead() == 1
    assert rollback.pk in polling.due()


def test_a_run_that_is_cancelled_just_before_it_begins_ends_cancelled(stage: Any) -> None:
    rollback = stage.approve(stage.propose(ONLY_HOSTING))
    lease = leases.acquire(rollback.pk)
    assert lease
    held = HeldRun(lease, leases.Heartbeat(lease))
    held.look()
    lifecycle.cancel(rollback, by=stage.rae, reason="The fix is out")
    begin_run(held)
    assert held.rollback.state == "cancelling"
    leases.release(lease, 0)
    rollback = stage.run(rollback)
    assert (rollback.state, rollback.reason) == ("cancelled", "The fix is out. Applied: nothing. Not applied: 1.")


def test_an_answer_is_written_to_the_row_that_was_read_again_since(stage: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    rollback = stage.approve(stage.propose(ONLY_HOSTING))
    intend = sending._intend

    def its_commit_was_answered_late(held: HeldRun, *rest: Any) -> Attempt:
        attempt = intend(held, *rest)
        held._read_at = None
        return attempt

    monkeypatch.setattr(sending, "_intend", its_commit_was_answered_late)
    assert stage.run(rollback).state == "succeeded"
    assert list(Attempt.objects.filter(rollback=rollback).values_list("state", flat=True)) == ["succeeded"]


def test_a_run_that_could_not_even_be_cancelled_by_itself_can_be_cancelled_by_people(stage: Any) -> None:
    rollback = stage.approve(stage.propose(ONLY_HOSTING))
    lifecycle.cancel(rollback, by=stage.rae, reason="The fix is out")
    with transaction.atomic():
        row = lifecycle.lock(rollback)
        put_question(row, row.steps.get(position=1), "The portal could not go on by itself.")
    lifecycle.cancel(rollback, by=stage.rae, reason="Once more")
    assert stage.run(rollback).state == "cancelled"


def no_more_threads(*_: Any) -> None:
    """Say what Python says where the machine, the container or the user may have no more threads."""
    raise RuntimeError("can't start new thread")


def test_a_run_that_finds_the_machine_exhausted_waits_a_little_and_asks_nobody(
    stage: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    rollback = stage.approve(stage.propose(ONLY_HOSTING))
    with monkeypatch.context() as exhausted:
        exhausted.setattr(leases.threading.Thread, "start", no_more_threads)
        assert engine.advance(rollback.pk)
    rollback.refresh_from_db()
    assert (rollback.state, rollback.lease_owner) == ("queued", "")
    assert rollback.wake_at is not None, "nobody else would ever wake it"
    Rollback.objects.filter(pk=rollback.pk).update(wake_at=Now())
    assert stage.run(rollback).state == "succeeded"


def test_a_run_that_meets_a_flaw_of_ours_before_it_has_begun_is_tried_again(
    stage: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise ZeroDivisionError

    rollback = stage.approve(stage.propose(ONLY_HOSTING))
    with monkeypatch.context() as flawed:
        flawed.setattr(engine.beginning, "begin_run", broken)
        assert engine.advance(rollback.pk)
    rollback.refresh_from_db()
    assert rollback.state == "queued"
    assert rollback.wake_at is not None, "it rests only while a person is asked"
    Rollback.objects.filter(pk=rollback.pk).update(wake_at=Now())
    assert stage.run(rollback).state == "succeeded"
