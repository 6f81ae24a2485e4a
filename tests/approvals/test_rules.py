"""Rules as an organisation's own data: made, changed and retired by administrators, and what that does to questions."""

from __future__ import annotations

from typing import Any

import pytest

from apps.approvals import asking
from apps.approvals.models import Question, Rule
from apps.approvals.overlapping import overlaps
from apps.approvals.rule_lifecycle import change_rule, make_rule, retire_rule
from apps.approvals.ruling import Own, rule_for
from apps.approvals.standard_rules import EVERYBODY, give_rules
from apps.demo.team_rules import TEAM_RULES
from apps.timeline.answers import Forbidden, Refused, Unacceptable
from apps.timeline.models import Event
from tests.accounts.factories import OrganisationFactory, PersonFactory
from tests.deployments.factories import EnvironmentFactory, ServiceFactory

TWO = {"name": "Two in production", "environment_kinds": ["production"], "all_of": ["founder", "cto"]}


@pytest.fixture
def team(db: None) -> Any:
    return OrganisationFactory()


@pytest.fixture
def ada(team: Any) -> Any:
    """An administrator."""
    return PersonFactory(organisation=team, name="Ada", roles=["admin"])


@pytest.fixture
def production(team: Any) -> Any:
    return EnvironmentFactory(service=ServiceFactory(organisation=team, slug="portal"))


@pytest.fixture
def asked(team: Any, production: Any) -> Question:
    """A question by the rules as they are: nobody's but the playbook's."""
    rae = PersonFactory(organisation=team, name="Rae", roles=["incident-commander"])
    own = Own("Portal rollback, revision 1", {"any_of": ["technical-lead"]})
    ruling = rule_for(team, kind="rollback.start", severity="P1", environment=production, otherwise=own)
    return asking.ask(
        organisation=team, kind="rollback.start", title="Roll back", url="/", subject=production, requester=rae,
        content={"plan": 1}, environment=production, **ruling.asked(),
    )  # fmt: skip


def state(question: Question) -> str:
    return Question.objects.values_list("state", flat=True).get(pk=question.pk)


def test_a_rule_is_made_changed_and_retired_and_each_is_recorded(team: Any, ada: Any, production: Any) -> None:
    rule = make_rule(team, by=ada, said={**TWO, "kinds": ["rollback.start"], "severities": ["P0", "P1"]})
    assert rule.demand == {"all_of": ["founder", "cto"], "any_of": [], "needed": 1}
    rule = change_rule(rule, by=ada, said={**TWO, "service": "portal", "environment": "production", "due_minutes": 5})
    assert (rule.environment, rule.severities) == (production, [])
    retire_rule(rule, by=ada)
    told = list(Event.objects.filter(subject_id=str(rule.pk)).order_by("seq"))
    assert [event.text for event in told] == [
        "Ada made the rule “Two in production”. Start a rollback, at P0 or P1, in production: "
        "Founder and CTO must agree.",
        "Ada changed the rule “Two in production”. Before: Start a rollback, at P0 or P1, in production: Founder and "
        "CTO must agree. Now: Whatever is asked, in portal production, production: Founder and CTO must agree within "
        "5 minutes.",
        "Ada retired the rule “Two in production”. It said: Whatever is asked, in portal production, production: "
        "Founder and CTO must agree within 5 minutes.",
    ]
    with pytest.raises(Refused, match="is retired"):
        change_rule(rule, by=ada, said=TWO)


def test_only_an_administrator_of_the_organisation_does(team: Any, ada: Any) -> None:
    rule = make_rule(team, by=ada, said=TWO)
    others = [
        PersonFactory(organisation=team, roles=["cto"]),
        PersonFactory(organisation=OrganisationFactory(), roles=["admin"]),
    ]
    for person in others:
        for deed in (
            lambda who: make_rule(team, by=who, said={**TWO, "name": "Another"}),
            lambda who: change_rule(rule, by=who, said=TWO),
            lambda who: retire_rule(rule, by=who),
        ):
            with pytest.raises(Forbidden):
                deed(person)
    assert Rule.objects.filter(organisation=team, active=True).count() == 1


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"name": "a\x00b"}, "name"),
        ({"kinds": ["rollback.stop"]}, "kinds"),
        ({"severities": ["P9"]}, "severities"),
        ({"impacts": ["noise"]}, "impacts"),
        ({"procedures": ["no-such-playbook"]}, "procedures"),
        ({"all_of": ["no-such-role"]}, "all_of"),
        ({"told_after": ["no-such-role"]}, "told_after"),
        ({"all_of": [], "needed": 2}, "needed"),
        ({"any_of": ["cto"], "needed": 0}, "needed"),
        ({"any_of": ["cto"], "needed": 10**6}, "needed"),
        ({"due_minutes": 0}, "due_minutes"),
        ({"due_minutes": 10, "expires_minutes": 5}, "due_minutes"),
        ({"ladder": [{"minutes": 5, "roles": []}]}, "ladder"),
        ({"ladder": [{"minutes": 5, "roles": ["cto"]}, {"minutes": 5, "roles": ["founder"]}]}, "ladder"),
        ({"service": "no-such-service"}, "service"),
        ({"environment": "production"}, "service"),
    ],
)
def test_what_cannot_be_a_rule_is_refused_by_the_field(team: Any, ada: Any, wrong: Any, field: str) -> None:
    with pytest.raises(Unacceptable) as caught:
        make_rule(team, by=ada, said={**TWO, **wrong})
    assert caught.value.extra["field"] == field
    assert not Rule.objects.filter(organisation=team).exists()


def test_two_active_rules_never_have_one_name(team: Any, ada: Any) -> None:
    rule = make_rule(team, by=ada, said=TWO)
    with pytest.raises(Unacceptable, match="already a rule"):
        make_rule(team, by=ada, said=TWO)
    retire_rule(rule, by=ada)
    make_rule(team, by=ada, said=TWO)


def test_a_foreign_service_is_an_unknown_one(team: Any, ada: Any) -> None:
    ServiceFactory(organisation=OrganisationFactory(), slug="theirs")
    with pytest.raises(Unacceptable) as foreign:
        make_rule(team, by=ada, said={**TWO, "service": "theirs"})
    with pytest.raises(Unacceptable) as missing:
        make_rule(team, by=ada, said={**TWO, "service": "nowhere"})
    assert foreign.value.message == missing.value.message


# --- D.2 row 18 ------------------------------------------------------------------------------------------------------


def test_a_new_rule_takes_back_what_it_would_have_decided(team: Any, ada: Any, asked: Question) -> None:
    make_rule(team, by=ada, said=TWO)
    assert state(asked) == "void"
    told = Event.objects.get(kind="question.voided", subject_id=str(asked.pk))
    assert told.text == "Ada withdrew the question: Roll back (the rule “Two in production” changed; plan again)"


def test_a_lowered_and_a_retired_rule_take_back_what_they_decided(team: Any, ada: Any, production: Any) -> None:
    rule = make_rule(team, by=ada, said=TWO)
    for deed in (
        lambda: change_rule(rule, by=ada, said={**TWO, "all_of": ["founder"]}),
        lambda: retire_rule(rule, by=ada),
    ):
        ruling = rule_for(team, kind="freeze.lift", environment=production)
        question = asking.ask(
            organisation=team, kind="freeze.lift", title="Go on", url="/", subject=production, requester=ada,
            content={}, **ruling.asked(),
        )  # fmt: skip
        assert question.state == "open"
        deed()
        assert state(question) == "void"


def test_a_rule_that_changes_nothing_for_a_question_leaves_it_alone(team: Any, ada: Any, asked: Question) -> None:
    make_rule(team, by=ada, said={**TWO, "severities": ["P3"]})
    make_rule(team, by=ada, said={"name": "Milder", "any_of": ["technical-lead", "cto"]})
    assert state(asked) == "open"


def test_a_neighbours_rule_takes_nothing_back(asked: Question) -> None:
    other = PersonFactory(organisation=OrganisationFactory(), roles=["admin"])
    make_rule(other.organisation, by=other, said=TWO)
    assert state(asked) == "open"


# --- C3 --------------------------------------------------------------------------------------------------------------


def test_rules_that_answer_differently_are_found(team: Any, ada: Any, production: Any) -> None:
    """S4-03, S4-06 and S4-36 disagree; so do two rules alike in strictness."""
    free = make_rule(team, by=ada, said={"name": "P0 starts at once", "severities": ["P0"]})
    cto = make_rule(team, by=ada, said={"name": "Restores", "impacts": ["restore"], "all_of": ["cto"]})
    same = make_rule(team, by=ada, said={"name": "Restores again", "procedures": [], "all_of": ["cto"]})
    staging = make_rule(team, by=ada, said={"name": "Staging", "environment_kinds": ["staging"], "all_of": ["founder"]})
    here = make_rule(
        team, by=ada, said={"name": "Here", "service": "portal", "environment": "production", "any_of": ["cto"]}
    )
    p1 = make_rule(team, by=ada, said={"name": "P1", "severities": ["P1"], "all_of": ["team-lead"]})
    found = {(one.one.name, one.other.name): (one.winner.name, one.alike) for one in overlaps([free, cto, p1])}
    assert found == {
        ("P0 starts at once", "Restores"): ("Restores", False),
        ("Restores", "P1"): ("Restores", False),
    }
    assert overlaps([cto, same]) == []
    assert overlaps([staging, here]) == []
    assert [(one.winner.name, one.alike) for one in overlaps([cto, staging])] == [("Restores", False)]
    assert [one.alike for one in overlaps([same, p1])] == [True]


# --- what is shipped -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("slug", sorted(TEAM_RULES))
def test_the_rules_of_the_teams_can_be_read_and_given_twice(slug: str, db: None) -> None:
    team = OrganisationFactory(slug=slug)
    made = [*give_rules(team), *give_rules(team, TEAM_RULES[slug])]
    assert len(made) == len(EVERYBODY) + len(TEAM_RULES[slug])
    assert [*give_rules(team), *give_rules(team, TEAM_RULES[slug])] == []


def test_a_retired_rule_does_not_come_back(team: Any, ada: Any) -> None:
    (restores,) = give_rules(team)
    retire_rule(restores, by=ada)
    assert give_rules(team) == []


def test_what_everybody_gets_asks_somebody(team: Any) -> None:
    assert all(rule.demand["all_of"] or rule.demand["any_of"] for rule in give_rules(team))


@pytest.mark.django_db(transaction=True)
def test_a_new_organisation_has_the_rules_that_everybody_starts_with() -> None:
    team = OrganisationFactory()
    assert [rule.name for rule in Rule.objects.filter(organisation=team)] == ["Restores"]
