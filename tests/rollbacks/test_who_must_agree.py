"""The same incident asks three different sets of people, by its severity and by what the plan does, and says why."""

from __future__ import annotations

import json
from typing import Any

import pytest

from apps.accounts.models import Person
from apps.approvals import asking
from apps.approvals.models import Debt
from apps.approvals.rule_lifecycle import change_rule, make_rule, retire_rule
from apps.approvals.standard_rules import give_rules
from apps.demo.team_rules import TEAM_RULES
from apps.deployments.models import EnvironmentConnection
from apps.incidents import lifecycle as incidents
from apps.rollbacks import lifecycle, operating, proposing, rejudged
from apps.rollbacks.models import Rollback
from apps.timeline.answers import Forbidden, Refused
from tests.accounts.conftest import program, sign_in
from tests.accounts.factories import PersonFactory
from tests.providers.factories import ConnectionFactory
from tests.rollbacks.conftest import Stage

DERRIMUT = """
version: 1
slug: derrimut-rollback
name: Derrimut rollback
approvals:
  any_of: [engineering-lead, cto]
  due_minutes: 5
  by_severity:
    P0: {all_of: []}
steps:
  - {name: Put the previous version back, use: hosting.rollback, with: {deployment: "{target.reference}"}}
"""
RESTORING = (
    DERRIMUT.replace("derrimut-rollback", "derrimut-restore")
    + """\
  - {name: Restore the backup, use: database.request, with: {method: POST, path: /restore}}
"""
)


@pytest.fixture
def greta(stage: Stage) -> Person:
    return PersonFactory(organisation=stage.organisation, name="Greta", roles=["engineering-lead"])


@pytest.fixture
def helena(stage: Stage) -> Person:
    return PersonFactory(organisation=stage.organisation, name="Helena", roles=["cto"])


@pytest.fixture
def admin(stage: Stage) -> Person:
    return PersonFactory(organisation=stage.organisation, name="Ada", roles=["admin"])


@pytest.fixture
def derrimut(stage: Stage, greta: Person, helena: Person) -> Stage:
    """The stage under Derrimut's rules, with a database that can be restored."""
    give_rules(stage.organisation)
    give_rules(stage.organisation, TEAM_RULES["derrimut"])
    database = ConnectionFactory(
        organisation=stage.organisation, provider="http", base_url=stage.outside.address("site"), settings={},
        credentials={},
    )  # fmt: skip
    EnvironmentConnection.objects.create(
        organisation=stage.organisation, environment=stage.environment, role="database", connection=database
    )
    return stage


def propose(stage: Stage, severity: str, text: str = DERRIMUT) -> Rollback:
    stage.incident.severity = severity
    stage.incident.save(update_fields=["severity"])
    return stage.propose(text)


def agreed(rollback: Rollback) -> dict[str, Any]:
    """Return what the approved bytes say about who must agree."""
    return dict(json.loads(bytes(rollback.plan.canonical))["approvals"])


def test_the_same_incident_asks_others_at_p0_at_p1_and_for_a_restore(
    derrimut: Stage, greta: Person, helena: Person
) -> None:
    """S4-06, S4-12, S4-36, S4-73; C2 and C3."""
    at_p1 = propose(derrimut, "P1")
    restoring = propose(derrimut, "P0", RESTORING)
    at_p0 = propose(derrimut, "P0")

    assert [seat.roles for seat in at_p1.question.seats.all()] == [["engineering-lead", "cto"]]
    assert agreed(at_p1)["because"] == (
        "Engineering Lead or CTO must agree: “Derrimut rollback, revision 1” asks for it, "
        "and a rule for the procedure wins over “P1 with the Engineering Lead”."
    )

    assert [seat.roles for seat in restoring.question.seats.all()] == [["cto"]]
    assert agreed(restoring)["because"].startswith("CTO must agree: “Restores” asks for it at any severity")
    assert "a rule for the procedure wins over “P0 starts at once”" in agreed(restoring)["because"]
    assert restoring.question.right == agreed(restoring)["right"] == "approve_restores"

    assert (at_p0.state, at_p0.question.seats.count()) == ("queued", 0)
    assert agreed(at_p0)["because"] == "Nobody needs to agree: “P0 starts at once” says so at P0."
    told = Debt.objects.filter(question=at_p0.question).order_by("person__name")
    assert [debt.person.name for debt in told] == ["Greta", "Helena"]

    for person, rollback, may in ((greta, at_p1, True), (greta, restoring, False), (helena, restoring, True)):
        assert (rollback.question in asking.waiting_for(person)) is may
    with pytest.raises(Forbidden):
        lifecycle.vote(restoring, by=greta, decision="approve", plan_hash=restoring.plan_hash)


def test_the_pages_and_programs_say_why(derrimut: Stage, helena: Person) -> None:
    rollback = propose(derrimut, "P0", RESTORING)
    page = sign_in(helena).get(f"/rollbacks/{rollback.pk}/").content.decode()
    assert "“Restores” asks for it at any severity" in page
    new = sign_in(derrimut.rae).get(f"/rollbacks/new/?incident={derrimut.incident.pk}&playbook=derrimut-restore")
    assert "“Restores” asks for it at any severity" in new.content.decode()
    told = program(helena).get(f"/api/v1/rollbacks/{rollback.pk}/plan").json()
    assert "“Restores” asks for it at any severity" in json.dumps(told, ensure_ascii=False)


def test_a_changed_rule_takes_the_question_back_and_the_plan_is_made_again(
    derrimut: Stage, admin: Person, greta: Person
) -> None:
    """D.2 row 18: policy changed after the request."""
    rollback = propose(derrimut, "P1")
    make_rule(
        derrimut.organisation, by=admin, said={"name": "Two", "kinds": ["rollback.start"], "all_of": ["founder", "cto"]}
    )
    with pytest.raises(Refused, match="withdrawn"):
        lifecycle.vote(rollback, by=greta, decision="approve", plan_hash=rollback.plan_hash)
    wish, draft = proposing.prepare_again(rollback, by=derrimut.rae)
    again = proposing.plan_again(rollback, wish, draft)
    assert again.plan_hash != rollback.plan_hash
    assert [seat.roles for seat in again.question.seats.all()] == [["founder"], ["cto"]]


def test_a_rule_that_changes_while_the_plan_is_made_asks_nobody_by_the_old_one(derrimut: Stage, admin: Person) -> None:
    revision = derrimut.publish(DERRIMUT)
    wish, draft = proposing.prepare(
        derrimut.incident, by=derrimut.rae, revision=revision, target=derrimut.good, inputs={}
    )
    rule = make_rule(derrimut.organisation, by=admin, said={"name": "Two", "all_of": ["founder", "cto"]})
    with pytest.raises(asking.Stale, match="changed at this moment"):
        proposing.propose(wish, draft)
    assert not Rollback.objects.exists()
    retire_rule(rule, by=admin)
    assert proposing.propose(wish, draft).state == "awaiting_approval"


def test_an_incident_judged_otherwise_takes_the_question_back(derrimut: Stage, greta: Person) -> None:
    rollback = propose(derrimut, "P1")
    assert rejudged.withdraw_outdated() == 0
    incidents.change_severity(derrimut.incident, by=derrimut.rae, severity="P2", reason="Only a few see it")
    assert rejudged.withdraw_outdated() == 0, "the same people must agree at P2"
    incidents.change_severity(derrimut.incident, by=derrimut.rae, severity="P0", reason="Nothing works")
    with pytest.raises(asking.Stale, match="is P0 now, so who must agree has changed"):
        lifecycle.vote(rollback, by=greta, decision="approve", plan_hash=rollback.plan_hash)
    assert rejudged.withdraw_outdated() == 1
    assert rejudged.withdraw_outdated() == 0
    rollback.refresh_from_db()
    assert (rollback.state, rollback.question.state) == ("awaiting_approval", "void")


def test_what_is_asked_about_steps_follows_the_rules_too(stage: Stage, stuck: Rollback, admin: Person) -> None:
    """S3-50; D.2 row 24: no step is left out or taken as done with fewer people than the rules want."""
    rule = make_rule(
        stage.organisation, by=admin,
        said={"name": "The founder decides", "kinds": ["rollback.adopt", "rollback.skip"], "all_of": ["founder"]},
    )  # fmt: skip
    asked = operating.ask_to_adopt(stuck, 1, by=stage.rae, reason="Moved by hand", evidence="The dashboard")
    assert [seat.roles for seat in asked.seats.all()] == [["founder"]]
    assert asked.rule["because"].startswith("Founder must agree: “The founder decides” asks for it")
    skipping = operating.ask_to_skip(stuck, 1, by=stage.rae, reason="Moved by hand")
    assert [seat.roles for seat in skipping.seats.all()] == [["founder"], ["client-success-lead"]]
    change_rule(rule, by=admin, said={"name": "Nobody", "kinds": ["rollback.adopt", "rollback.skip"]})
    asked.refresh_from_db()
    assert asked.state == "void"
    again = operating.ask_to_adopt(stuck, 1, by=stage.rae, reason="Moved by hand", evidence="The dashboard")
    assert again.seats.count() == 1, "a rule that asks nobody does not do away with the second person"
    assert again.right == "operate"
