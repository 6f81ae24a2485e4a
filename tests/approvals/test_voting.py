"""Casting a vote and taking it back, together with what may happen at the same moment."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any
from urllib.parse import quote

import pytest
from django.db import DatabaseError, transaction
from django.test import Client

from apps.approvals import asking, events
from apps.approvals.models import Question, Vote
from apps.approvals.withdrawing import own_vote
from apps.timeline.answers import Forbidden, Missing, Refused
from apps.timeline.clock import database_now
from apps.timeline.log import record
from apps.timeline.models import Event
from tests.accounts.conftest import program, sign_in
from tests.accounts.factories import PASSWORD
from tests.approvals.conftest import stale
from tests.racing import Racers, racers

ROUNDS = 12


def agree(question: Question, person: Any, **more: Any) -> Vote:
    """Approve what the question is about."""
    return asking.vote(question, by=person, decision="approve", content_hash=question.content_hash, **more)


def test_a_vote_that_was_taken_back_does_not_count_and_may_be_cast_again(team: Any) -> None:
    question = team.ask()
    first = agree(question, team.ava)
    taken = asking.withdraw_vote(first, by=team.ava)
    assert taken.withdrawn_at
    assert asking.withdraw_vote(first, by=team.ava).withdrawn_at == taken.withdrawn_at
    agree(question, team.cleo)
    question.refresh_from_db()
    assert question.state == "open"
    again = agree(question, team.ava)
    question.refresh_from_db()
    assert (again.pk != first.pk, question.state) == (True, "granted")
    assert [vote.consumed_at is None for vote in Vote.ever.filter(person=team.ava).order_by("cast_at")] == [True, False]
    told = Event.objects.filter(kind=events.WITHDRAWN.name, subject_id=str(question.pk))
    assert [event.text for event in told] == ["Ava took their vote as Founder back: Do it"]


def test_only_ones_own_vote_and_only_until_it_is_used(team: Any) -> None:
    question = team.ask()
    vote = agree(question, team.ava)
    with pytest.raises(Forbidden):
        asking.withdraw_vote(vote, by=team.cleo)
    with pytest.raises(Missing):
        own_vote(question, team.cleo)
    agree(question, team.cleo)
    with pytest.raises(Refused) as refused:
        asking.withdraw_vote(vote, by=team.ava)
    assert "already agreed" in refused.value.message
    vote.refresh_from_db()
    assert vote.withdrawn_at is None


@pytest.mark.parametrize("state", ["granted", "rejected", "void", "expired"])
def test_postgres_keeps_a_vote_of_a_question_that_is_decided(team: Any, state: str) -> None:
    question = team.ask()
    vote = agree(question, team.ava)
    with transaction.atomic():
        asking.close(Question.objects.get(pk=question.pk), state)
        record(events.EXPIRED, question, by=team.rae, title="x")
    with pytest.raises(DatabaseError) as caught, transaction.atomic():
        record(events.WITHDRAWN, question, by=team.ava, title="x", role="x")
        Vote.objects.filter(pk=vote.pk).update(withdrawn_at=database_now())
    assert getattr(caught.value.__cause__, "sqlstate", "") == "RG013"


def test_postgres_wants_a_withdrawal_recorded_and_lets_nothing_else_change(team: Any) -> None:
    question = team.ask()
    vote = agree(question, team.ava)
    with pytest.raises(DatabaseError) as caught, transaction.atomic():
        Vote.objects.filter(pk=vote.pk).update(withdrawn_at=database_now())
    assert getattr(caught.value.__cause__, "sqlstate", "") == "RG012"
    taken = asking.withdraw_vote(vote, by=team.ava)
    changes: list[dict[str, Any]] = [
        {"withdrawn_at": None}, {"decision": "reject"}, {"consumed_at": database_now()}, {"note": "x"},
    ]  # fmt: skip
    for change in changes:
        with pytest.raises(DatabaseError) as caught, transaction.atomic():
            Vote.ever.filter(pk=taken.pk).update(**change)
        assert getattr(caught.value.__cause__, "sqlstate", "") == "RG011"


@pytest.fixture
def pair() -> Iterator[Racers]:
    """Two who act at the same moment."""
    with racers(2) as both:
        yield both


def test_a_withdrawal_that_meets_the_last_vote_is_first_or_too_late(pair: Racers, team: Any) -> None:
    """Either the vote is gone and nothing was decided, or everything was decided and the vote stays."""
    met = {"taken back": 0, "decided": 0}
    for number in range(ROUNDS):
        question = team.ask()
        vote = agree(question, team.ava)
        last, back = pair.meet(
            number, partial(agree, question, team.cleo), partial(asking.withdraw_vote, vote, by=team.ava)
        )  # fmt: skip
        question.refresh_from_db()
        vote = Vote.ever.get(pk=vote.pk)
        assert last
        if back:
            assert (question.state, vote.consumed_at) == ("open", None)
            met["taken back"] += 1
        else:
            assert (back.refused, question.state, vote.withdrawn_at) == ("decided", "granted", None)
            assert vote.consumed_at
            met["decided"] += 1
    assert min(met.values()) >= ROUNDS // 4, met


def test_many_withdrawals_at_once_are_one(team: Any) -> None:
    question = team.ask()
    vote = agree(question, team.ava)
    with racers(10) as crowd:
        answers = crowd.together(*[partial(asking.withdraw_vote, vote, by=team.ava)] * 10)
    assert len({answer.value.withdrawn_at for answer in answers}) == 1
    assert Event.objects.filter(kind=events.WITHDRAWN.name, subject_id=str(question.pk)).count() == 1


def test_a_vote_is_taken_back_on_the_page_and_may_be_cast_again(team: Any) -> None:
    question = team.ask()
    agree(question, team.ava)
    browser = sign_in(team.ava)
    assert "Take my vote back" in browser.get(f"/approvals/{question.pk}/").content.decode()
    assert "Take my vote back" in browser.get("/approvals/").content.decode()
    assert browser.post(f"/approvals/{question.pk}/withdrawal/").status_code == 302
    assert not question.votes.exists()
    page = browser.get(f"/approvals/{question.pk}/").content.decode()
    assert "Approve: Do it" in page
    assert "Withdrawn" in browser.get("/approvals/").content.decode()
    assert sign_in(team.cleo).post(f"/approvals/{question.pk}/withdrawal/").status_code == 404


def test_programs_take_back_only_their_own_persons_vote(team: Any) -> None:
    question = team.ask()
    path = f"/api/v1/approvals/{question.pk}/votes/mine"
    agree(question, team.ava)
    assert program(team.cleo, "approve").delete(path).status_code == 404
    assert program(team.ava, "write").delete(path).json()["code"] == "scope_missing"
    client = program(team.ava, "approve")
    assert client.delete(path).json()["given"] == []
    assert client.delete(path).status_code == 200
    agree(question, team.ava)
    agree(question, team.cleo)
    refused = client.delete(path)
    assert (refused.status_code, refused.json()["code"]) == (409, "decided")


def test_a_link_from_a_notification_leads_through_the_sign_in_to_the_question(team: Any) -> None:
    question = team.ask()
    browser = Client()
    here = f"/approvals/{question.pk}/"
    asked = browser.get(here)
    assert (asked.status_code, asked["Location"]) == (302, f"/accounts/login/?next={here}")
    answer = browser.post(asked["Location"], {"login": team.ava.email, "password": PASSWORD, "next": here})
    assert (answer.status_code, answer["Location"]) == (302, here)
    assert "Approve: Do it" in browser.get(here).content.decode()


def test_what_was_filled_in_stays_while_the_password_is_asked_for(team: Any) -> None:
    question = team.ask(losses=["Ten links"])
    browser = sign_in(team.ava)
    stale(browser)
    here = f"/approvals/{question.pk}/"
    form = {"decision": "approve", "content_hash": question.content_hash, "note": "Go on", "accepts": ["Ten links"]}
    answer = browser.post(f"{here}votes/", form)
    assert answer["Location"] == f"/accounts/reauthenticate/?next={quote(here, safe='')}"
    assert not question.votes.exists()
    page = browser.get(here).content.decode()
    assert 'value="Go on"' in page
    assert " checked" in page


def test_my_page_says_what_waits_what_i_answered_and_what_others_are_asked(team: Any) -> None:
    mine, answered = team.ask(title="Mine"), team.ask(title="Answered")
    others = team.ask(requester=team.ava, title="Hers")
    agree(answered, team.ava, note="Fine")
    page = sign_in(team.ava).get("/approvals/").content.decode()
    needed, rest = page.split("What I answered")
    assert mine.title in needed
    assert answered.title in rest
    assert "“Fine”" in rest
    assert others.title in rest.split("Other open questions")[1]


@pytest.mark.parametrize("name", ["", "<script>", "x" * 61])
def test_a_role_that_is_not_needed_takes_no_seat(team: Any, name: str) -> None:
    question = team.ask()
    if name:
        with pytest.raises(Forbidden):
            agree(question, team.ava, role=name)
    else:
        assert agree(question, team.ava, role=name).role == "founder"
