"""What time does: substitutes, the ladder, and what is told afterwards."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from apps.accounts.models import Role, Substitute


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
