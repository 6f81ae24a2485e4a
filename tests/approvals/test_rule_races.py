"""A rule changes at the very moment when somebody asks by it, or answers what it decided: never by the old one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import transaction

from apps.accounts.models import Person
from apps.approvals import asking
from apps.approvals.models import Question, Rule
from apps.approvals.rule_changes import refuse_outdated
from apps.approvals.rule_lifecycle import change_rule
from apps.approvals.ruling import Ruling, rule_for
from tests.accounts.factories import PersonFactory
from tests.approvals.conftest import Team
from tests.racing import Racers

ROUNDS = 10
KIND = "freeze.lift"


@pytest.fixture(scope="module")
def racers() -> Iterator[Racers]:
    """Threads with connections of their own."""
    crowd = Racers(2)
    yield crowd
    crowd.close()


@pytest.fixture
def admin(team: Team) -> Person:
    return PersonFactory(organisation=team.organisation, name="Admin", roles=["admin"])


@pytest.fixture
def rule(team: Team) -> Rule:
    return Rule.objects.create(organisation=team.organisation, name="One", kinds=[KIND], demand={"all_of": ["founder"]})


def ruling_for(team: Team) -> Ruling:
    return rule_for(team.organisation, kind=KIND, environment=team.environment)


@transaction.atomic
def ask(team: Team, ruling: Ruling) -> Question:
    refuse_outdated(ruling, team.organisation)
    return asking.ask(
        organisation=team.organisation, kind=KIND, title="Go on", url="/", subject=team.environment, content={},
        requester=team.rae, environment=team.environment, **ruling.asked(),
    )  # fmt: skip


def turn(rule: Rule, admin: Person, role: str) -> Rule:
    return change_rule(rule, by=admin, said={"name": "One", "kinds": [KIND], "all_of": [role]})


def open_by_the_old_rule(team: Team, role: str) -> list[Question]:
    found = Question.objects.filter(organisation=team.organisation, state="open").prefetch_related("seats")
    return [question for question in found if [seat.roles for seat in question.seats.all()] != [[role]]]


def test_nothing_is_asked_by_a_rule_that_changes_at_this_moment(
    team: Team, admin: Person, rule: Rule, racers: Racers
) -> None:
    for number in range(ROUNDS):
        role = ("client-success-lead", "founder")[number % 2]
        ruling = ruling_for(team)
        asked, changed = racers.together(lambda made=ruling: ask(team, made), lambda to=role: turn(rule, admin, to))
        assert changed
        assert asked or asked.refused == "stale_plan"
        assert open_by_the_old_rule(team, role) == []


def test_a_vote_and_a_change_of_its_rule_have_one_order(team: Team, admin: Person, rule: Rule, racers: Racers) -> None:
    for number in range(ROUNDS):
        old, new = (("founder", team.ava), ("client-success-lead", team.cleo))[:: 1 if number % 2 == 0 else -1]
        question = asking.ask(
            organisation=team.organisation, kind="test.question", title="Go on", url="/", subject=team.environment,
            content={}, requester=team.rae, environment=team.environment, **ruling_for(team).asked(),
        )  # fmt: skip
        voted, changed = racers.together(
            lambda about=question, who=old[1]: asking.vote(
                about, by=who, decision="approve", content_hash=about.content_hash
            ),
            lambda to=new[0]: turn(rule, admin, to),
        )
        assert changed
        question.refresh_from_db()
        assert (question.state, bool(voted)) in {("granted", True), ("void", False)}
