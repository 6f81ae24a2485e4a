"""What time does: substitutes, the ladder, and what is told afterwards."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from guardian.models import GroupObjectPermission

from apps.accounts.models import Role, Substitute
from apps.approvals import asking, events, overdue, showing
from apps.timeline.models import Event


def substitute(person: Any, slug: str, position: int = 1) -> None:
    """Name somebody beforehand for a role."""
    role = Role.objects.get(organisation=person.organisation, slug=slug)
    Substitute.objects.create(organisation=person.organisation, role=role, person=person, position=position)


def test_who_may_stand_in_is_fixed_when_the_question_is_asked(team: Any) -> None:
    substitute(team.ada, "founder")
    substitute(team.rae, "founder", 2)
    question = team.ask(due_minutes=5)
    founder, success = question.seats.all()
    assert (founder.substitutes, founder.substitutes_from) == ([team.ada.pk], question.due_at)
    assert (success.substitutes, success.substitutes_from) == ([], None)
    substitute(team.cleo, "founder", 3)
    founder.refresh_from_db()
    assert founder.substitutes == [team.ada.pk]


def test_the_ladder_is_counted_from_when_it_was_asked(team: Any) -> None:
    ladder = [{"minutes": 10, "roles": ["cto"]}, {"minutes": 5, "roles": ["engineering-manager"]}]
    question = team.ask(ladder=ladder, due_minutes=5)
    first, second = question.rungs.all()
    assert (first.roles, second.roles) == (["engineering-manager"], ["cto"])
    assert first.at == question.due_at
    assert second.at - first.at == timedelta(minutes=5)


def test_where_nobody_must_agree_the_named_ones_must_be_told(team: Any) -> None:
    question = team.ask({}, told_after=["founder", "incident-commander"], told_within_minutes=30, ladder=[])
    (debt,) = question.debts.all()
    assert (question.state, debt.person, debt.role) == ("granted", team.ava, "founder")
    assert debt.due_at - debt.owed_at >= timedelta(minutes=29)


def test_where_people_must_agree_nobody_is_told_afterwards(team: Any) -> None:
    question = team.ask(told_after=["founder"])
    assert not question.debts.exists()


def test_a_question_knows_its_place_and_the_right_it_needs(team: Any) -> None:
    question = team.ask(right="approve_restores")
    assert (question.environment, question.service_id) == (team.environment, team.environment.service_id)
    assert question.right == "approve_restores"


def test_when_the_time_is_up_it_is_told_once_who_may_stand_in(team: Any) -> None:
    substitute(team.ada, "founder")
    question = team.ask(due_minutes=0.0001)
    overdue.close_overdue()
    overdue.close_overdue()
    (told,) = Event.objects.filter(kind=events.OVERDUE.name, subject_id=str(question.pk))
    assert told.text.endswith("(Founder or Client Success Lead still to answer). Ada may answer for Founder now")
    assert told.details["substitutes"] == [str(team.ada.pk)]
    vote = asking.vote(question, by=team.ada, decision="approve", content_hash=question.content_hash)
    assert vote.seat.roles == ["founder"]
    approved = Event.objects.get(kind=events.APPROVED.name, subject_id=str(question.pk))
    assert approved.text == "Ada approved as substitute for Founder."


def test_each_rung_is_reached_once_while_nobody_has_decided(team: Any) -> None:
    ladder = [{"minutes": 0.0001, "roles": ["founder"]}, {"minutes": 60, "roles": ["cto"]}]
    question = team.ask(ladder=ladder)
    assert [overdue.close_overdue(), overdue.close_overdue()] == [1, 0]
    first, second = question.rungs.all()
    assert (first.reached_at is not None, second.reached_at) == (True, None)
    told = Event.objects.get(kind=events.RUNG_REACHED.name, subject_id=str(question.pk))
    assert told.text == "Undecided for 0 min, so Founder must be called: Do it"
    assert told.details["people"] == [str(team.ava.pk)]


def test_the_ladder_stands_still_once_it_is_decided(team: Any) -> None:
    question = team.ask({"all_of": ["founder"]}, ladder=[{"minutes": 0.0001, "roles": ["cto"]}])
    asking.vote(question, by=team.ava, decision="approve", content_hash=question.content_hash)
    assert overdue.close_overdue() == 0
    assert question.rungs.get().reached_at is None


def test_the_card_tells_who_may_stand_in_and_who_is_called_next(team: Any) -> None:
    substitute(team.ada, "founder")
    ladder = [{"minutes": 0.0001, "roles": ["founder"]}, {"minutes": 60, "roles": ["cto", "engineering-lead"]}]
    question = team.ask(due_minutes=5, ladder=ladder)
    overdue.close_overdue()
    shown = showing.card(question)
    founder, success = shown["rows"]
    assert (founder["substitutes"], founder["substitutes_for"]) == ("Ada", "Founder")
    assert (founder["substitutes_from"], founder["substitutes_now"]) == (question.due_at, False)
    assert "substitutes" not in success
    assert [(rung["who"], rung["reached_at"] is not None, rung["next"]) for rung in shown["ladder"]] == [
        ("Founder", True, False), ("CTO and Engineering Lead", False, True),
    ]  # fmt: skip
    Substitute.objects.all().delete()
    assert "substitutes" not in showing.card(question)["rows"][0]


def test_names_on_the_card_are_of_those_who_may_really_answer(team: Any) -> None:
    question = team.ask()
    assert [row["name"] for row in showing.card(question)["rows"]] == ["Ava", "Cleo"]
    GroupObjectPermission.objects.filter(group__role__slug="founder", permission__codename="approve").delete()
    assert [row["name"] for row in showing.card(question)["rows"]] == ["Nobody holds this role", "Cleo"]
