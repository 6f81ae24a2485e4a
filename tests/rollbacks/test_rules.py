"""The promises that Postgres keeps about a run, tried against it with plain SQL and racing connections."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, connections, transaction

from apps.deployments import freezing
from apps.rollbacks import leases, lifecycle
from apps.rollbacks.beginning import begin_run
from apps.rollbacks.held import HeldRun
from apps.rollbacks.models import Attempt, Plan, Rollback, Step
from apps.timeline.answers import Refused
from apps.timeline.log import SYSTEM
from apps.timeline.models import Event


def code(caught: pytest.ExceptionInfo[Any]) -> str:
    return getattr(caught.value.__cause__, "sqlstate", "")


def intend(rollback: Rollback, fence: int, position: int = 1, **more: Any) -> Attempt:
    """Write an intent the way the engine does, with the fence given."""
    step = Step.objects.get(rollback=rollback, position=position)
    from django.utils import timezone

    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('app.fence', %s, true)", [str(fence)])
        return Attempt.objects.create(
            organisation_id=rollback.organisation_id, rollback=rollback, step=step, position=position,
            number=more.pop("number", 1), fence=more.pop("row_fence", fence), idempotency_key="k", request_digest="d",
            intended_at=timezone.now(), send_before=timezone.now(), **more,
        )  # fmt: skip


@pytest.fixture
def running(stage: Any) -> Rollback:
    """A run that holds a lease and has begun."""
    rollback = stage.approve(stage.propose())
    lease = leases.acquire(rollback.pk)
    assert lease
    held = HeldRun(lease, leases.Heartbeat(lease))
    held.look()
    begin_run(held)
    rollback.refresh_from_db()
    return rollback


def test_nothing_starts_without_every_seat(stage: Any) -> None:
    rollback = stage.propose()
    with pytest.raises(DatabaseError) as caught, transaction.atomic():
        Rollback.objects.filter(pk=rollback.pk).update(state="queued")
    assert code(caught) == "RG009"


def test_a_vote_of_somebody_who_has_lost_the_role_does_not_count_at_the_start(stage: Any) -> None:
    rollback = stage.propose()
    lifecycle.vote(rollback, by=stage.ava, decision="approve", plan_hash=rollback.plan_hash)
    stage.ava.holdings.all().delete()
    with pytest.raises(DatabaseError) as caught:
        lifecycle.vote(rollback, by=stage.cleo, decision="approve", plan_hash=rollback.plan_hash)
    assert code(caught) == "RG009"
    rollback.refresh_from_db()
    assert rollback.state == "awaiting_approval"


def test_a_rollback_is_never_born_running(stage: Any) -> None:
    rollback = stage.propose()
    rollback.pk, rollback.number, rollback.state = uuid.uuid4(), 99, "running"
    with pytest.raises(DatabaseError) as caught, transaction.atomic():
        rollback.save(force_insert=True)
    assert code(caught) == "RG005"


def test_a_plan_never_changes_and_cannot_be_swapped(stage: Any) -> None:
    rollback = stage.propose()
    with pytest.raises(DatabaseError) as caught, transaction.atomic():
        Plan.objects.filter(pk=rollback.plan_id).update(canonical=b"{}")
    assert code(caught) == "RG011"
    other = Plan.objects.create(organisation=stage.organisation, canonical=b"{}")
    with pytest.raises(IntegrityError), transaction.atomic():
        Rollback.objects.filter(pk=rollback.pk).update(plan=other)


def test_only_one_rollback_runs_in_an_environment(stage: Any) -> None:
    first, second = stage.propose(), stage.propose(stage_text("again"))
    stage.approve(first)
    with pytest.raises(Refused):
        stage.approve(second)
    assert Rollback.objects.active().count() == 1


def stage_text(slug: str) -> str:
    from tests.rollbacks.conftest import PLAYBOOK

    return PLAYBOOK.replace("portal-release-rollback", slug)


def test_an_intent_needs_the_newest_fence(running: Rollback) -> None:
    running.refresh_from_db()
    with pytest.raises(DatabaseError) as caught:
        intend(running, running.fence - 1)
    assert code(caught) == "RG002"
    with pytest.raises(DatabaseError) as caught:
        intend(running, running.fence, row_fence=running.fence - 1)
    assert code(caught) == "RG002"


def test_a_zombie_cannot_write_its_outcome(running: Rollback) -> None:
    attempt = intended(running)
    with pytest.raises(DatabaseError) as caught, transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('app.fence', %s, true)", [str(running.fence - 1)])
        Attempt.objects.filter(pk=attempt.pk).update(state="succeeded")
    assert code(caught) == "RG002"


def intended(running: Rollback) -> Attempt:
    """An intent together with its record, as the engine commits them."""
    from apps.rollbacks import events
    from apps.timeline.log import record

    with transaction.atomic():
        record(
            events.ATTEMPT_INTENDED, running, by=SYSTEM, incident=running.incident_id, position=1, name="x",
            provider="x", number=1,
        )  # fmt: skip
        return intend(running, running.fence)


def test_an_attempt_is_recorded_or_refused(running: Rollback) -> None:
    with pytest.raises(DatabaseError) as caught:
        intend(running, running.fence)
    assert code(caught) == "RG012"


def test_steps_go_in_order_and_one_at_a_time(running: Rollback) -> None:
    with pytest.raises(DatabaseError) as caught:
        intend(running, running.fence, position=2)
    assert code(caught) == "RG004"
    intended(running)
    with pytest.raises(IntegrityError):
        intend(running, running.fence, number=2)


def test_an_attempt_is_born_in_flight_and_never_deleted(running: Rollback) -> None:
    with pytest.raises(DatabaseError) as caught:
        intend(running, running.fence, state="succeeded")
    assert code(caught) == "RG005"
    attempt = intended(running)
    with pytest.raises(DatabaseError) as caught, transaction.atomic():
        attempt.delete()
    assert code(caught) == "RG011"


def test_an_attempt_cannot_jump_from_unclear_to_succeeded(running: Rollback) -> None:
    attempt = intended(running)
    with pytest.raises(DatabaseError) as caught, transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('app.fence', %s, true)", [str(running.fence)])
        Attempt.objects.filter(pk=attempt.pk).update(state="reconciled_applied")
    assert code(caught) == "RG006"


def test_a_freeze_stops_the_next_intent(stage: Any, running: Rollback) -> None:
    freezing.freeze(
        stage.organisation, by=SYSTEM, stops="rollbacks", scope="environment", environment=stage.environment,
        service=stage.environment.service, reason="Wait",
    )  # fmt: skip
    with pytest.raises(DatabaseError) as caught:
        intend(running, running.fence)
    assert code(caught) == "RG001"


def test_after_a_cancellation_no_new_intent(stage: Any, running: Rollback) -> None:
    lifecycle.cancel(running, by=stage.rae, reason="Enough")
    with pytest.raises(DatabaseError) as caught:
        intend(running, running.fence)
    assert code(caught) == "RG003"


def test_a_fence_never_goes_back_and_a_final_state_stays(running: Rollback) -> None:
    with pytest.raises(DatabaseError) as caught, transaction.atomic():
        Rollback.objects.filter(pk=running.pk).update(fence=running.fence - 1)
    assert code(caught) == "RG008"
    with pytest.raises(DatabaseError) as caught, transaction.atomic():
        Rollback.objects.filter(pk=running.pk).update(state="failed")
    assert code(caught) == "RG012"


def test_fifty_workers_get_one_lease(stage: Any) -> None:
    rollback = stage.approve(stage.propose())

    def take(_: int) -> bool:
        try:
            return leases.acquire(rollback.pk) is not None
        finally:
            connections.close_all()

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(take, range(50))) == 1


def test_two_last_votes_at_once_start_it_once(stage: Any) -> None:
    for round_number in range(5):
        rollback = stage.propose(stage_text(f"round-{round_number}"))

        def cast(person: Any, rollback: Rollback = rollback) -> str:
            try:
                lifecycle.vote(rollback, by=person, decision="approve", plan_hash=rollback.plan_hash)
                return "voted"
            except Refused as refusal:
                return refusal.code
            finally:
                connections.close_all()

        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(cast, [stage.ava, stage.cleo] * 4))
        rollback.refresh_from_db()
        assert rollback.state == "queued", answers
        assert rollback.question.votes.count() == 2
        started = Event.objects.filter(kind="rollback.approved", subject_id=str(rollback.pk))
        assert started.count() == 1
        lifecycle.cancel(rollback, by=stage.rae, reason="next round")
        stage.run(rollback)


def test_the_requester_cannot_vote_even_with_a_needed_role(stage: Any) -> None:
    from tests.accounts.factories import PersonFactory

    both = PersonFactory(organisation=stage.organisation, name="Both", roles=["founder", "incident-commander"])
    stage.rae = both
    rollback = stage.propose()
    with pytest.raises(Refused) as caught:
        lifecycle.vote(rollback, by=both, decision="approve", plan_hash=rollback.plan_hash)
    assert "You asked for this" in caught.value.message


def test_one_person_with_both_roles_does_not_fill_both_seats(stage: Any) -> None:
    from tests.accounts.factories import PersonFactory

    both = PersonFactory(organisation=stage.organisation, name="Both", roles=["founder", "client-success-lead"])
    rollback = stage.propose()
    lifecycle.vote(rollback, by=both, decision="approve", plan_hash=rollback.plan_hash)
    lifecycle.vote(rollback, by=both, decision="approve", plan_hash=rollback.plan_hash)
    rollback.refresh_from_db()
    assert rollback.state == "awaiting_approval"
    assert rollback.question.votes.count() == 1
