"""What Postgres counts at the instant of the deed, tried past every rule of Python."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from guardian.models import GroupObjectPermission

from apps.accounts import granting
from apps.accounts.models import Grant, Person, Role, Substitute, User
from apps.approvals import asking, events, permissions
from apps.approvals.models import Question, Seat, Vote
from apps.timeline.clock import database_now
from apps.timeline.log import record
from tests.accounts.factories import PersonFactory


@transaction.atomic
def cast(question: Question, person: Person, seat: Seat, decision: str = "approve", role: str = "x") -> Vote:
    """Write a vote past every rule of Python, and record it."""
    vote = Vote.objects.create(
        organisation_id=question.organisation_id, question=question, seat=seat, person=person, decision=decision,
        requester_id=question.requester_id, content_hash=question.content_hash, role=role,
        expires_at=question.expires_at,
    )  # fmt: skip
    record(events.APPROVED, question, by=person, role="x", note="")
    return vote


@transaction.atomic
def consume(question: Question) -> str:
    """Let Postgres count and consume the votes; return the code it refuses with, or nothing."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "SELECT consume_votes(%s, %s, %s)", [question.organisation_id, question.pk, question.content_hash]
            )
    except DatabaseError as refused:
        return getattr(refused.__cause__, "sqlstate", "")
    transaction.set_rollback(True)  # only asked: the votes stay as they are
    return ""


@pytest.fixture
def agreed(team: Any) -> Question:
    """A question that both have agreed to, still open."""
    question = team.ask()
    for person, seat in zip((team.ava, team.cleo), question.seats.all(), strict=True):
        cast(question, person, seat)
    return question


def lose_the_right(team: Any) -> None:
    """Take the right to approve from the role of founders, as an administrator does."""
    group = Role.objects.get(organisation=team.organisation, slug="founder").group
    GroupObjectPermission.objects.filter(group=group, permission__codename="approve").delete()


LOSSES: list[Callable[[Any], Any]] = [
    lose_the_right,
    lambda team: team.ava.holdings.all().delete(),
    lambda team: Person.objects.filter(pk=team.ava.pk).update(active=False),
    lambda team: User.objects.filter(people=team.ava).update(is_active=False),
]


@pytest.mark.parametrize("loss", LOSSES, ids=["right", "role", "person", "account"])
def test_a_vote_counts_with_what_its_person_has_now(team: Any, agreed: Question, loss: Callable[[Any], Any]) -> None:
    assert consume(agreed) == ""
    loss(team)
    assert consume(agreed) == "RG009"
    team.ava.refresh_from_db()
    again = team.ask()
    assert not permissions.may_vote(Person.objects.get(pk=team.ava.pk), again, now=database_now())


def test_a_role_without_the_right_fills_no_seat(team: Any) -> None:
    question = team.ask({"all_of": ["stakeholder"]})
    sam = PersonFactory(organisation=team.organisation, name="Sam", roles=["stakeholder", "founder"])
    cast(question, sam, question.seats.get())
    assert consume(question) == "RG009"
    answer = permissions.may_vote(sam, team.ask({"all_of": ["stakeholder"]}), now=database_now())
    assert answer.because == "Stakeholder may not approve or reject here."


def test_another_right_needs_that_right(team: Any) -> None:
    question = team.ask({"any_of": ["founder", "cto"]}, right="approve_restores")
    seat = question.seats.get()
    assert permissions.seat_for(team.ava, question) is None
    cast(question, team.ava, seat)
    assert consume(question) == "RG009"
    cora = PersonFactory(organisation=team.organisation, name="Cora", roles=["cto"])
    other = team.ask({"any_of": ["founder", "cto"]}, right="approve_restores")
    cast(other, cora, other.seats.get())
    assert consume(other) == ""


@pytest.fixture
def local(team: Any) -> Person:
    """Somebody whose role may approve in one environment only."""
    role = Role.objects.create(organisation=team.organisation, slug="local", name="Local")
    role.group = granting.make_group(role)
    role.save()
    Grant.objects.create(
        organisation=team.organisation, role=role, environment=team.environment, rights=["approve", "see"]
    )
    granting.keep_in_step([role])
    return PersonFactory(organisation=team.organisation, name="Lou", roles=["local"])


@pytest.mark.parametrize("rule", [{"all_of": ["local"]}, {"any_of": ["local", "founder"]}], ids=["all", "any"])
def test_a_right_in_one_environment_counts_only_there(team: Any, local: Person, rule: dict[str, Any]) -> None:
    here, elsewhere = team.ask(rule), team.ask(rule, environment=None)
    for question in (here, elsewhere):
        cast(question, local, question.seats.get())
    assert (consume(here), consume(elsewhere)) == ("", "RG009")
    assert permissions.seat_for(local, team.ask(rule))
    assert not permissions.seat_for(local, team.ask(rule, environment=None))
    assert not permissions.seat_for(local, team.ask(rule, environment=None, service=team.environment.service))


def test_an_empty_seat_is_for_anybody_with_the_right(team: Any) -> None:
    question = team.ask()
    with transaction.atomic():
        Seat.objects.create(organisation=team.organisation, question=question, position=3, roles=[])
    assert permissions.seat_for(team.ada, question)
    for person, seat in zip((team.ava, team.cleo, team.ada), question.seats.all(), strict=True):
        cast(question, person, seat)
    assert consume(question) == ""
    Role.objects.get(
        organisation=team.organisation, slug="technical-lead"
    ).group.groupobjectpermission_set.all().delete()
    assert consume(question) == "RG009"


def name_substitute(person: Person, slug: str) -> Substitute:
    """Name somebody beforehand for a role."""
    role = Role.objects.get(organisation=person.organisation, slug=slug)
    return Substitute.objects.create(organisation=person.organisation, role=role, person=person)


def test_a_substitute_counts_only_from_their_time_on(team: Any) -> None:
    name_substitute(team.ada, "founder")
    early = team.ask({"all_of": ["founder"]}, due_minutes=5)
    cast(early, team.ada, early.seats.get())
    assert consume(early) == "RG009"
    late = team.ask({"all_of": ["founder"]}, due_minutes=0.0001)
    cast(late, team.ada, late.seats.get())
    assert consume(late) == ""


def test_a_substitute_who_was_crossed_out_no_longer_counts(team: Any) -> None:
    named = name_substitute(team.ada, "founder")
    question = team.ask({"all_of": ["founder"]}, due_minutes=0.0001)
    cast(question, team.ada, question.seats.get())
    named.delete()
    assert consume(question) == "RG009"


def test_a_substitute_waits_for_their_time_and_is_told_when(team: Any) -> None:
    name_substitute(team.ada, "founder")
    question = team.ask(due_minutes=5)
    answer = permissions.may_vote(team.ada, question, now=database_now())
    assert answer.because.startswith("You may answer for Founder from ")
    assert permissions.may_vote(team.ada, question, now=question.due_at)
    assert not permissions.may_vote(team.ada, question, now=question.due_at - timedelta(milliseconds=1))
    voted = team.ask({"all_of": ["founder"]}, due_minutes=0.0001)
    vote = asking.vote(voted, by=team.ada, decision="approve", content_hash=voted.content_hash)
    assert (vote.role, voted.seats.get().pk) == ("founder", vote.seat_id)


def test_nobody_can_antedate_a_vote(team: Any) -> None:
    question = team.ask()
    before = database_now()
    vote = cast(question, team.ava, question.seats.first())
    vote.refresh_from_db()
    assert vote.cast_at >= before


def test_what_was_asked_stays_as_it_was(team: Any, agreed: Question) -> None:
    changes: list[Callable[[], Any]] = [
        lambda: Seat.objects.filter(question=agreed).update(roles=[]),
        lambda: Seat.objects.filter(question=agreed).update(substitutes=[team.ada.pk]),
        lambda: agreed.seats.first().delete(),
        lambda: Vote.objects.filter(question=agreed).delete(),
        lambda: Question.objects.filter(pk=agreed.pk).update(right="see"),
        lambda: Question.objects.filter(pk=agreed.pk).update(environment=None),
        lambda: Question.objects.filter(pk=agreed.pk).update(rule={}),
        lambda: Question.objects.filter(pk=agreed.pk).update(confirm="x"),
    ]
    for change in changes:
        with pytest.raises(DatabaseError) as caught, transaction.atomic():
            change()
        assert getattr(caught.value.__cause__, "sqlstate", "") == "RG011"


def test_a_person_is_counted_once_and_never_for_their_own_question(team: Any) -> None:
    question = team.ask()
    first, second = question.seats.all()
    cast(question, team.ava, first)
    with pytest.raises(IntegrityError), transaction.atomic():
        cast(question, team.ava, second)
    with pytest.raises(IntegrityError), transaction.atomic():
        cast(question, team.rae, second)


def test_a_second_account_is_a_second_person_only_with_an_address_of_its_own(team: Any) -> None:
    """One person per account and address: the same account cannot become two people here."""
    with pytest.raises(IntegrityError), transaction.atomic():
        Person.objects.create(
            organisation=team.organisation, user=team.ava.user, name="Ava again", email="other@example.com"
        )
    with pytest.raises(IntegrityError), transaction.atomic():
        Person.objects.create(organisation=team.organisation, name="Ava again", email=team.ava.email.upper())


def test_nothing_is_recorded_without_a_deed(team: Any) -> None:
    question = team.ask()
    with pytest.raises(DatabaseError) as caught, transaction.atomic():
        Vote.objects.create(
            organisation_id=question.organisation_id, question=question, seat=question.seats.first(), person=team.ava,
            requester_id=question.requester_id, content_hash=question.content_hash, decision="approve", role="founder",
            expires_at=question.expires_at,
        )  # fmt: skip
    assert getattr(caught.value.__cause__, "sqlstate", "") == "RG012"
