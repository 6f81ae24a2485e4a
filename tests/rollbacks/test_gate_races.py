"""Agreements about a step, raced: votes, withdrawals, the end of the time, a cancellation and intents at one moment.

Judged by what was committed: nothing of a step is intended unless everybody whom the plan names agreed before.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from apps.accounts.models import Person
from apps.approvals.models import Question, Vote
from apps.approvals.overdue import close_overdue
from apps.approvals.withdrawing import withdraw_vote
from apps.rollbacks import events, gating, leases, lifecycle, operating
from apps.rollbacks.held import HeldRun
from apps.rollbacks.models import Attempt, Rollback, Step
from apps.timeline.log import SYSTEM, record
from apps.timeline.models import Event
from tests.accounts.factories import PersonFactory
from tests.racing import Racers, racers
from tests.rollbacks.conftest import Stage
from tests.rollbacks.test_gates import GATED, HOTFIX, asked, at_its_gate, expire_now, vote
from tests.unguarded import unguarded

CROWD = 8
ROUNDS = 6


@pytest.fixture(scope="module")
def crowd(django_db_setup: None, django_db_blocker: Any) -> Iterator[Racers]:
    with django_db_blocker.unblock(), racers(CROWD) as made:
        yield made


@pytest.fixture
def tess(stage: Stage) -> Person:
    return PersonFactory(organisation=stage.organisation, name="Tess", roles=["technical-lead"])


@pytest.fixture
def rob(stage: Stage) -> Person:
    return PersonFactory(organisation=stage.organisation, name="Rob", roles=["reliability-partner"])


def begin_and_intend(rollback: Rollback, fence: int) -> Any:
    """Begin the second step past every rule of Python, and write an intent of it; returns the id of its record."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('app.fence', %s, true)", [str(fence)])
        Step.objects.filter(rollback=rollback, position=2, state="pending").update(state="running")
        Attempt.objects.create(
            organisation_id=rollback.organisation_id, rollback=rollback, number=1, position=2, fence=fence,
            step=Step.objects.get(rollback=rollback, position=2), idempotency_key="k", request_digest="d",
            intended_at=timezone.now(), send_before=timezone.now(),
        )  # fmt: skip
        return record(
            events.ATTEMPT_INTENDED, rollback, by=SYSTEM, incident=rollback.incident_id, position=2, name="x",
            provider="x", number=1,
        ).pk  # fmt: skip


@pytest.mark.parametrize("rival", ["withdrawal", "end of the time", "cancellation", "rejection"])
def test_an_agreement_and_what_ends_it_never_both_hold(
    stage: Stage, tess: Person, rob: Person, crowd: Racers, rival: str
) -> None:
    rollback = at_its_gate(stage, HOTFIX)
    question = asked(rollback)
    vote(question, tess)
    second = PersonFactory(organisation=stage.organisation, name="Rita", roles=["reliability-partner"])
    given = Vote.objects.get(question=question, person=tess)
    if rival == "end of the time":
        expire_now(question)
    rivals = {
        "withdrawal": partial(withdraw_vote, given, by=tess),
        "end of the time": close_overdue,
        "cancellation": partial(lifecycle.cancel, rollback, by=stage.rae, reason="The fix is out"),
        "rejection": partial(vote, question, second, "reject"),
    }
    crowd.together(partial(vote, question, rob), rivals[rival])
    close_overdue()  # the first may have passed the question by, while the vote held it
    question.refresh_from_db()
    step = Step.objects.get(rollback=rollback, position=2)
    standing = Vote.objects.filter(question=question, decision="approve")
    if step.agreement == "granted":
        assert question.state == "granted"
        assert standing.filter(consumed_at__isnull=False).count() == 2
    else:
        assert question.state != "granted"
        assert not standing.filter(consumed_at__isnull=False).exists()
    if rival == "end of the time":
        assert step.agreement == "refused"


def test_of_many_intents_at_once_none_is_older_than_the_agreement(stage: Stage, tess: Person, crowd: Racers) -> None:
    for number in range(ROUNDS):
        rollback = at_its_gate(stage, GATED.replace("slug: gated", f"slug: gated-{number}"))
        question = asked(rollback)
        lease = leases.acquire(rollback.pk)
        assert lease
        deeds = [partial(begin_and_intend, rollback, lease.fence)] * (CROWD - 1)
        *intents, agreed = crowd.together(*deeds, partial(vote, question, tess))
        written = [answer.value for answer in intents if answer]
        assert len(written) <= 1
        if written:
            assert agreed
            granted = Event.objects.get(kind="question.granted", subject_id=str(question.pk))
            assert (granted.seq or 0) < (Event.objects.get(pk=written[0]).seq or 0)
        else:
            assert {answer.refused for answer in intents} <= {"RG009", "RG003"}
        _end(stage, rollback)


def test_of_two_workers_that_would_ask_one_asks(stage: Stage, tess: Person, crowd: Racers) -> None:
    rollback = at_its_gate(stage)
    question = asked(rollback)
    vote(question, tess, "reject")
    operating.retry(rollback, 2, by=stage.rae, reason="Once more")
    lease = leases.acquire(rollback.pk)
    assert lease

    def ask() -> None:
        with leases.Heartbeat(lease) as heart:
            held = HeldRun(lease, heart)
            held.look()
            gating.ask_people(held, 2)

    crowd.together(*[ask] * CROWD)
    assert Question.objects.filter(kind="rollback.step", state="open").count() == 1
    assert Question.objects.filter(kind="rollback.step").count() == 2


def _end(stage: Stage, rollback: Rollback) -> None:
    """Free the environment for the next round."""
    with unguarded("rollbacks_rollback") as cursor:
        cursor.execute("UPDATE rollbacks_rollback SET state = 'cancelled' WHERE id = %s", [rollback.pk])
