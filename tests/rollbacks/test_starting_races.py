"""The promises about a start, raced: who agrees, to what, at which instant, and that it happens once.

Fifty connections where the promise is about a crowd, otherwise two that meet in the middle of their transactions,
`ROUNDS` times (12) or twice that for each promise. The number of an event is the place of its transaction in the order
of the commits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction

from apps.accounts.events import ROLE_TAKEN
from apps.accounts.models import Person, RoleHolding
from apps.approvals import asking
from apps.approvals import events as votings
from apps.approvals.models import Question, Seat, Vote
from apps.rollbacks import events, lifecycle
from apps.rollbacks.models import Plan, Rollback
from apps.timeline.clock import database_now
from apps.timeline.log import SYSTEM, record
from apps.timeline.models import Event
from tests.racing import Answer, Racers, racers, refusals

ROUNDS = 12
CROWD = 50
BOTH = {"all_of": ["founder", "client-success-lead"]}
TOLD = {"title": "x", "role": "x", "note": "", "reason": "x"}


@pytest.fixture(scope="module")
def crowd(django_db_setup: None, django_db_blocker: Any) -> Iterator[Racers]:
    with django_db_blocker.unblock(), racers(CROWD) as made:
        yield made


@pytest.fixture
def proposed(stage: Any) -> Rollback:
    return stage.propose()


@transaction.atomic
def another(first: Rollback, number: int, rule: Mapping[str, Any], expires_minutes: float = 60) -> Rollback:
    """Propose the same once more with a plan of its own, without asking the outside again."""
    content = f'{{"number":{number},"steps":[]}}'.encode()
    plan = Plan.objects.create(organisation_id=first.organisation_id, canonical=content)
    question = asking.ask(
        organisation=first.organisation, kind=lifecycle.KIND, title="x", url="/x", subject=plan, content=content,
        requester=first.requester, rule=rule, expires_minutes=expires_minutes, incident=first.incident,
    )  # fmt: skip
    made = Rollback.objects.get(pk=first.pk)
    made.pk, made.number, made.plan, made.question, made.plan_hash = uuid4(), number, plan, question, plan_hash(plan)
    made.state = "awaiting_approval"
    made.save(force_insert=True)
    record(events.PROPOSED, made, by=SYSTEM, incident=made.incident_id, **TOLD)
    return made


def plan_hash(plan: Plan) -> str:
    plan.refresh_from_db(fields=["hash"])
    return plan.hash


@transaction.atomic
def put(rollback: Rollback, state: str) -> datetime:
    """Give the run a state past every rule of Python, and record it; return when."""
    Rollback.objects.filter(pk=rollback.pk).update(state=state)
    record(events.STARTED, rollback, by=SYSTEM, incident=rollback.incident_id, **TOLD)
    return database_now()


@transaction.atomic
def cast(question: Question, person: Person, seat: Seat, decision: str = "approve", until: Any = None) -> Vote:
    """Write a vote past every rule of Python, and record it."""
    vote = Vote.objects.create(
        organisation_id=question.organisation_id, question=question, seat=seat, person=person, decision=decision,
        requester_id=question.requester_id, content_hash=question.content_hash, role=seat.roles[0],
        expires_at=until or question.expires_at,
    )  # fmt: skip
    record(votings.APPROVED, question, by=person, **TOLD)
    return vote


def agree(rollback: Rollback, person: Person) -> Callable[[], Vote]:
    """Return the deed of a person who agrees with the plan as it is now."""
    return partial(lifecycle.vote, rollback, by=person, decision="approve", plan_hash=rollback.plan_hash)


def seq(kind: str, subject: Any) -> int:
    """Return the place of the newest event of a kind about something."""
    found = Event.objects.filter(kind=kind, subject_id=str(subject.pk)).order_by("-seq").first()
    assert found
    return found.seq or 0


def test_of_fifty_starts_at_once_in_an_environment_one_starts(crowd: Racers, proposed: Rollback) -> None:
    ready = [another(proposed, number, {}) for number in range(100, 100 + CROWD)]
    answers = crowd.together(*(partial(put, each, "queued") for each in ready))
    assert (sum(map(bool, answers)), refusals(answers)) == (1, {"23505"})
    assert Rollback.objects.active().count() == 1


def test_of_six_last_votes_at_once_for_an_environment_one_starts(crowd: Racers, stage: Any, proposed: Rollback) -> None:
    ready = [another(proposed, number, {"all_of": ["founder"]}) for number in range(100, 106)]
    answers = crowd.together(*(agree(each, stage.ava) for each in ready))
    assert sum(map(bool, answers)) == 1
    assert refusals(answers) <= {"environment_busy", "23505"}
    assert Rollback.objects.active().count() == 1
    assert Vote.objects.filter(question__in=[each.question_id for each in ready]).count() == 1


@transaction.atomic
def put_another_plan(rollback: Rollback, number: int) -> None:
    """Put another plan and its question in the place of the old ones, past every rule of Python, and record it."""
    rollback = Rollback.objects.select_for_update(no_key=True).get(pk=rollback.pk)
    asking.void(rollback.question, by=SYSTEM, reason="x")
    made = another(rollback, number, BOTH)
    Rollback.objects.filter(pk=rollback.pk).update(plan=made.plan, question=made.question, plan_hash=made.plan_hash)
    record(events.PLANNED_AGAIN, rollback, by=SYSTEM, incident=rollback.incident_id, plan_hash=made.plan_hash, **TOLD)


def test_a_vote_never_counts_for_another_plan(crowd: Racers, stage: Any, proposed: Rollback) -> None:
    """Everybody has agreed; the start meets a change of the plan: it starts as agreed, or it does not start."""
    met = {"started": 0, "planned": 0}
    for number in range(ROUNDS * 2):
        rollback = another(proposed, 100 + number, BOTH)
        for person, seat in zip((stage.ava, stage.cleo), rollback.question.seats.all(), strict=True):
            cast(rollback.question, person, seat)
        started, planned = crowd.meet(
            number, partial(put, rollback, "queued"), partial(put_another_plan, rollback, 500 + number)
        )  # fmt: skip
        agreed = Rollback.objects.select_related("question", "plan").get(pk=rollback.pk)
        assert agreed.question.content_hash == agreed.plan_hash == agreed.plan.hash
        votes = agreed.question.votes.filter(content_hash=agreed.plan.hash).exclude(consumed_at=None).count()
        assert [bool(started), planned.refused] in ([True, "RG011"], [False, ""])
        assert (agreed.state, votes) == (("queued", 2) if started else ("awaiting_approval", 0))
        assert started or started.refused == "RG009"
        met["started" if started else "planned"] += 1
        put(rollback, "cancelled")
    assert min(met.values()) >= ROUNDS // 2, met


def test_a_plan_cannot_be_swapped_under_a_start(crowd: Racers, stage: Any, proposed: Rollback) -> None:
    for number in range(ROUNDS):
        rollback = another(proposed, 100 + number, BOTH)
        other = Plan.objects.create(organisation=stage.organisation, canonical=b"other")
        swap = Rollback.objects.filter(pk=rollback.pk).update
        agree(rollback, stage.ava)()
        started, swapped = crowd.meet(
            number, agree(rollback, stage.cleo), partial(swap, plan=other, plan_hash=plan_hash(other))
        )  # fmt: skip
        assert started
        assert swapped.refused in {"23503", "RG011"}
        put(rollback, "cancelled")


def test_a_person_who_votes_fifty_times_at_once_votes_once(crowd: Racers, stage: Any, proposed: Rollback) -> None:
    answers = crowd.together(*[agree(proposed, stage.ava)] * CROWD)
    assert all(answers)
    (vote,) = proposed.question.votes.all()
    assert {answer.value.pk for answer in answers} == {vote.pk}
    assert Event.objects.filter(kind="question.approved", actor_id=stage.ava.pk).count() == 1


def test_people_and_seats_are_counted_once_whoever_writes_the_votes(
    crowd: Racers, stage: Any, proposed: Rollback
) -> None:
    seats = list(proposed.question.seats.all())
    people = [stage.rae, stage.ava, stage.cleo, stage.mallory, stage.ava]
    deeds = [partial(cast, proposed.question, person, seat) for person in people for seat in seats] * 5
    answers = crowd.together(*deeds)
    assert sum(map(bool, answers)) == len(seats)
    assert {answer.refused for answer, deed in zip(answers, deeds, strict=True) if deed.args[1] == stage.rae} == {
        "23514"
    }
    assert refusals(answers) == {"23505", "23514"}
    votes = list(proposed.question.votes.all())
    assert len({vote.person_id for vote in votes}) == len({vote.seat_id for vote in votes}) == len(votes) == 2


@transaction.atomic
def lose(holding: RoleHolding) -> None:
    """Take a role from a person, and record it."""
    RoleHolding.objects.filter(pk=holding.pk).delete()
    record(ROLE_TAKEN, holding.person, by=SYSTEM, name="x", role="x")


@transaction.atomic
def leave(person: Person) -> None:
    """End a person's access, and record it."""
    Person.objects.filter(pk=person.pk).update(active=False)
    record(ROLE_TAKEN, person, by=SYSTEM, name="x", role="x")


def test_no_start_counts_the_vote_of_somebody_who_had_lost_the_role_or_left(
    crowd: Racers, stage: Any, proposed: Rollback
) -> None:
    holding = RoleHolding.objects.select_related("person").get(person=stage.ava)
    met = {"before": 0, "refused": 0}
    for number in range(ROUNDS * 2):
        rollback = another(proposed, 100 + number, BOTH)
        agree(rollback, stage.ava)()
        gone = partial(lose, holding) if number % 2 else partial(leave, stage.ava)
        started, lost = crowd.meet(number // 2, agree(rollback, stage.cleo), gone)
        assert lost
        rollback.refresh_from_db()
        if started:
            assert rollback.state == "queued"
            assert seq("rollback.approved", rollback) < seq("role.taken", stage.ava), "a start counted a lost vote"
            met["before"] += 1
        else:
            assert started.refused == "RG009"
            assert rollback.state == "awaiting_approval"
            assert not rollback.question.votes.exclude(consumed_at=None).exists()
            met["refused"] += 1
        Person.objects.filter(pk=stage.ava.pk).update(active=True)
        RoleHolding.objects.filter(pk=holding.pk).exists() or holding.save(force_insert=True)
        put(rollback, "cancelled")
    assert min(met.values()) >= ROUNDS // 2, met


def at(moment: datetime, deed: Callable[[], Any]) -> Any:
    """Do something as soon as the database's clock says so."""
    while database_now() < moment:
        continue
    return deed()


def test_no_start_counts_a_vote_that_has_expired(crowd: Racers, stage: Any, proposed: Rollback) -> None:
    """Starts just before, at and after the end of the only vote; before is earlier the longer the machine takes."""
    met, before = {"in_time": 0, "too_late": 0}, timedelta(milliseconds=4)
    for number in range(ROUNDS * 2):
        rollback = another(proposed, 100 + number, {"all_of": ["founder"]})
        ends = database_now() + timedelta(milliseconds=25) + 2 * before
        cast(rollback.question, stage.ava, rollback.question.seats.get(), until=ends)
        tries = [ends - before, ends - before / 8, ends, ends + before / 8]
        answers = crowd.together(*(partial(at, each, partial(put, rollback, "queued")) for each in tries))
        rollback.refresh_from_db()
        vote = rollback.question.votes.get()
        assert refusals(answers) <= {"RG009"}
        assert (rollback.state == "queued") == (vote.consumed_at is not None) == any(answers)
        assert vote.consumed_at is None or vote.consumed_at < vote.expires_at
        met["in_time" if any(answers) else "too_late"] += 1
        before = min(before * 2, timedelta(seconds=1)) if not any(answers) else before * 3 / 4
        put(rollback, "cancelled")
    assert met["in_time"], met


def test_the_first_final_state_of_a_question_stays(crowd: Racers, stage: Any, proposed: Rollback) -> None:
    @transaction.atomic
    def close(question: Question, state: str) -> None:
        Question.objects.filter(pk=question.pk).update(state=state)
        record(votings.VOIDED, question, by=SYSTEM, **TOLD)

    states = ["granted", "rejected", "expired"] * 2
    for number in range(ROUNDS):
        question = another(proposed, 100 + number, BOTH).question
        answers: list[Answer] = crowd.together(*(partial(close, question, state) for state in states))
        question.refresh_from_db()
        assert {state for answer, state in zip(answers, states, strict=True) if answer} == {question.state}
        assert refusals(answers) == {"RG013"}
