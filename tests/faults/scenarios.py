"""Scenarios of workers and the outside: seconds long, and harmless as long as the bug they try is not there."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any
from uuid import uuid4

from django.db import DatabaseError

from apps.providers.base import Outcome
from apps.providers.slack.provider import Slack
from apps.providers.upstash.provider import Upstash
from apps.rollbacks import engine, events, leases, sending
from apps.rollbacks.models import Attempt
from apps.rollbacks.moving import move_attempt
from apps.rollbacks.states import AttemptState
from apps.timeline.clock import database_now
from apps.timeline.log import SYSTEM, record
from tests.faults.acting import (
    CLEAR,
    ONE_FLAG,
    SAY,
    TWO_FLAGS,
    Trial,
    advance_for,
    calls_go_through,
    scenario,
    wait,
    wait_until_due,
    worker,
)
from tests.faults.evidence import Evidence
from tests.faults.surgery import replaced


@scenario("no-fence", ends="succeeded")
def a_frozen_worker_wakes_with_its_answer(trial: Trial) -> Evidence:
    """A worker is frozen with the answer in its hand; another takes over and finishes; then the first goes on."""
    rollback = trial.started(SAY)
    answered, finished = threading.Event(), threading.Event()

    def freeze_the_first(call: Callable[[], Outcome], number: int) -> Outcome:
        outcome = call()
        if number == 1:
            answered.set()
            wait(finished)
        return outcome

    with calls_go_through(Slack, freeze_the_first), worker(rollback):
        wait(answered)
        try:
            advance_for(rollback)
        finally:
            finished.set()
    return trial.evidence()


@scenario("two-open-attempts", ends="succeeded")
def one_lease_in_two_threads(trial: Trial) -> Evidence:
    """Two threads of one worker believe in the same lease, look at the same moment, and both mean to send."""
    rollback = trial.started(SAY)
    trial.stage.outside.fault("status", slug="slack", path="postMessage", status=429)
    trial.stage.run(rollback, until=lambda run: run.attempts.exists())
    wait_until_due(rollback)
    looked, second_ends = threading.Barrier(2), threading.Event()
    lease = leases.acquire(rollback.pk)
    original = sending.failpoint

    def together(name: str) -> None:
        original(name)
        if name == "observed":
            looked.wait(5)

    def slowly(call: Callable[[], Outcome], number: int) -> Outcome:
        if number == 1:
            wait(second_ends)
        second_ends.set()
        return call()

    with (
        replaced(engine, "acquire", lambda _: lease),
        replaced(sending, "failpoint", together),
        calls_go_through(Slack, slowly),
        worker(rollback, second_ends),
        worker(rollback, second_ends),
    ):
        wait(second_ends)
    return trial.evidence()


@scenario("two-effects", ends="succeeded")
def a_second_effect_is_claimed(trial: Trial) -> Evidence:
    """A worker claims once more, without sending anything, that a part was done which is done already."""
    rollback = trial.started(TWO_FLAGS)
    trial.stage.outside.fault("status", slug="launchdarkly", path="share-signing-v2", status=429, retry_after=1)
    trial.stage.run(rollback, until=lambda run: run.attempts.filter(state="rejected").exists())
    lease = leases.acquire(rollback.pk)
    assert lease
    again = Attempt.objects.get(rollback=rollback, part="new-share-links")
    again.pk, again.number, again.state, again.fence = uuid4(), again.number + 1, AttemptState.IN_FLIGHT, lease.fence
    with leases.fenced(lease) as run:
        again.intended_at, again.finished_at = database_now(), None
        again.save(force_insert=True)
        said: dict[str, Any] = {"position": 1, "name": "once more", "provider": "LaunchDarkly", "number": again.number}
        record(events.ATTEMPT_INTENDED, run, by=SYSTEM, incident=run.incident_id, **said)
    try:
        _ends(lease, again, AttemptState.SUCCEEDED)
    except DatabaseError:  # that is what should happen: the worker has to admit that it sent nothing
        _ends(lease, Attempt.objects.get(pk=again.pk), AttemptState.NOT_SENT)
    leases.release(lease, 0.0)
    trial.stage.run(rollback)
    return trial.evidence()


def _ends(lease: leases.Lease, attempt: Attempt, state: AttemptState) -> None:
    with leases.fenced(lease) as run:
        move_attempt(attempt, state, message="It says so.")
        said: dict[str, Any] = {"position": 1, "message": "It says so.", "outcome": state, "number": attempt.number}
        record(events.ATTEMPT_ENDED, run, by=SYSTEM, incident=run.incident_id, **said)


@scenario("retry-without-looking", ends="succeeded")
def an_answer_is_lost_after_the_effect(trial: Trial) -> Evidence:
    """The message is posted, and the connection breaks before the answer."""
    rollback = trial.started(SAY)
    trial.stage.outside.fault("reset_after", slug="slack", path="postMessage")
    advance_for(rollback)
    return trial.evidence()


@scenario("call-before-intent", ends="succeeded")
def the_outside_is_slow(trial: Trial) -> Evidence:
    """The call takes a while, so that it shows whether its intent was committed before."""
    rollback = trial.started(SAY)
    trial.stage.outside.settings("slack", latency_ms=150)
    advance_for(rollback)
    return trial.evidence()


@scenario("http-retries", ends="succeeded")
def the_answer_is_lost_twice(trial: Trial) -> Evidence:
    """The outside posts the message and breaks the connection, as often as it is asked."""
    rollback = trial.started(SAY)
    trial.stage.outside.fault("reset_after", slug="slack", path="postMessage", times=2)
    advance_for(rollback)
    return trial.evidence()


@scenario("one-look", ends="succeeded")
def the_outside_shows_an_old_state(trial: Trial) -> Evidence:
    """The flag is turned, the answer is lost, and the next two readings show it as it was."""
    rollback = trial.started(ONE_FLAG)
    trial.stage.outside.fault("stale", slug="launchdarkly", reads=True, times=2)
    trial.stage.outside.fault("reset_after", slug="launchdarkly")
    advance_for(rollback)
    return trial.evidence()


@scenario("record-after-commit", ends="succeeded")
def an_ordinary_run(trial: Trial) -> Evidence:
    """Nothing goes wrong."""
    rollback = trial.started(SAY)
    advance_for(rollback)
    return trial.evidence()


@scenario("heartbeat-without-progress", ends="succeeded")
def a_call_never_returns(trial: Trial) -> Evidence:
    """A worker hangs in a call with its heart beating; another must be able to take over."""
    trial.settings.ENGINE_HEARTBEAT_SECONDS = 0.1
    trial.settings.ENGINE_CALL_SECONDS = 0.8
    rollback = trial.started(CLEAR)
    hanging, collected = threading.Event(), threading.Event()
    promised = leases.Heartbeat.phase

    def hang_once(call: Callable[[], Outcome], number: int) -> Outcome:
        if number == 1:
            hanging.set()
            wait(collected)
        return call()

    quick = replaced(leases.Heartbeat, "phase", lambda heart, seconds: promised(heart, seconds / 20))
    with quick, calls_go_through(Upstash, hang_once), worker(rollback):
        wait(hanging)
        try:
            advance_for(rollback, 4)
            if rollback.fence > 1:  # somebody has taken over
                advance_for(rollback)
            evidence = trial.evidence(heal_seconds=1.5)
        finally:
            collected.set()
    return evidence
