"""After a rollback a version goes out again only when somebody else has agreed to its root cause and its tests."""

from __future__ import annotations

from typing import Any

import pytest

from apps.accounts.models import Person
from apps.approvals import asking
from apps.approvals.models import Question, Rule
from apps.deployments import gating, lifecycle, plans, redeploying
from apps.deployments.models import Environment
from apps.timeline.answers import Forbidden, Refused
from apps.timeline.log import SYSTEM
from apps.timeline.models import Event
from tests.accounts.factories import PersonFactory
from tests.deployments.conftest import browser, program
from tests.deployments.factories import DeploymentFactory

CAUSE = {"root_cause": "The signing key was read twice.", "evidence": "Fixed in 4be1; tests 812 to 815 added."}


@pytest.fixture(autouse=True)
def _every_release_has_a_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    known = plans.Plans(
        exists=lambda organisation, slug: True, fitting=lambda environment: ("portal-release-rollback",)
    )
    monkeypatch.setattr(plans, "_told", [known])


@pytest.fixture
def pinned(production: Environment) -> Environment:
    """Production, rolled back to v1."""
    good = DeploymentFactory(environment=production, version="v1")
    lifecycle.went_live(production, good, by=SYSTEM, pinned=True)
    production.refresh_from_db()
    return production


@pytest.fixture
def tess(pinned: Environment) -> Person:
    """Somebody else who approves."""
    return PersonFactory(organisation=pinned.organisation, name="Tess", roles=["technical-lead"])


def passes(environment: Environment, version: str = "v3") -> bool:
    return gating.gate(environment.service, environment, version).passes


def why(environment: Environment, version: str = "v3") -> str:
    return " ".join(gating.gate(environment.service, environment, version).reasons)


def ask(environment: Environment, by: Person, version: str = "v3") -> Question:
    return redeploying.ask_to_redeploy(environment, by=by, version=version, **CAUSE)


def agree(question: Question, by: Person, decision: str = "approve") -> None:
    asking.vote(question, by=by, decision=decision, content_hash=question.content_hash)


def test_after_a_rollback_the_gate_says_why_it_does_not_pass(pinned: Environment) -> None:
    assert not passes(pinned)
    assert "was rolled back to v1" in why(pinned)
    assert "nobody has asked yet" in why(pinned)
    assert passes(pinned, "v1")


def test_it_passes_when_somebody_else_has_agreed(pinned: Environment, ivo: Person, tess: Person) -> None:
    question = ask(pinned, ivo)
    assert not passes(pinned)
    assert "Ivo has asked, and it waits" in why(pinned)
    agree(question, tess)
    assert passes(pinned)
    assert not passes(pinned, "v4")
    told = Event.objects.get(kind="deployment.redeployment_allowed")
    assert (told.actor_name, told.details["version"]) == ("Tess", "v3")


def test_who_asks_never_agrees(pinned: Environment, ivo: Person, tess: Person) -> None:
    with pytest.raises(Forbidden):
        agree(ask(pinned, ivo), ivo)
    assert not passes(pinned)


def test_alone_nobody_can_even_ask(pinned: Environment, ivo: Person) -> None:
    with pytest.raises(Refused, match="Nobody else here may agree"):
        ask(pinned, ivo)


def test_a_rejection_holds_it_and_it_may_be_asked_again(pinned: Environment, ivo: Person, tess: Person) -> None:
    agree(ask(pinned, ivo), tess, "reject")
    assert not passes(pinned)
    agree(ask(pinned, ivo), tess)
    assert passes(pinned)


def test_it_is_asked_once_at_a_time(pinned: Environment, ivo: Person, tess: Person) -> None:
    question = ask(pinned, ivo)
    with pytest.raises(Refused, match="waits for an answer"):
        ask(pinned, tess)
    agree(question, tess)
    with pytest.raises(Refused, match="allowed already"):
        ask(pinned, tess)
    assert ask(pinned, ivo, "v4").state == "open"


def test_a_later_rollback_asks_afresh(pinned: Environment, ivo: Person, tess: Person) -> None:
    agree(ask(pinned, ivo), tess)
    again = DeploymentFactory(environment=pinned, version="v2")
    lifecycle.went_live(pinned, again, by=SYSTEM, pinned=True)
    assert not passes(pinned)


def test_going_forward_opens_the_gate_for_everything(pinned: Environment, ivo: Person, tess: Person) -> None:
    fixed = DeploymentFactory(environment=pinned, version="v3")
    lifecycle.went_live(pinned, fixed, by=SYSTEM, pinned=False)
    assert passes(pinned)
    with pytest.raises(Refused, match="No rollback holds"):
        ask(pinned, ivo)


def test_a_rule_says_who_must_agree(pinned: Environment, ivo: Person, tess: Person) -> None:
    Rule.objects.create(
        organisation=pinned.organisation, name="Two for the next try", kinds=["deployment.redeploy"],
        demand={"all_of": ["technical-lead", "founder"]},
    )  # fmt: skip
    question = ask(pinned, ivo)
    agree(question, tess)
    assert not passes(pinned)
    agree(question, PersonFactory(organisation=pinned.organisation, name="Ava", roles=["founder"]))
    assert passes(pinned)


def test_a_release_freeze_still_holds(pinned: Environment, ivo: Person, tess: Person) -> None:
    agree(ask(pinned, ivo), tess)
    lifecycle.freeze(
        ivo.organisation, by=ivo, stops="deployments", scope="organisation", reason="The cause is not known"
    )
    assert not passes(pinned)


def test_those_who_are_asked_read_the_cause_and_the_tests(pinned: Environment, ivo: Person, tess: Person) -> None:
    shown = {fact.label: fact.text for fact in asking.facts_of(ask(pinned, ivo))}
    assert shown["Root cause"] == CAUSE["root_cause"]
    assert shown["What was changed and tested"] == CAUSE["evidence"]
    assert shown["Rolled back to"] == "v1 in portal production"


@pytest.mark.parametrize("field", ["version", "root_cause", "evidence"])
def test_without_a_cause_or_tests_it_is_not_asked(pinned: Environment, ivo: Person, tess: Person, field: str) -> None:
    path = f"/api/v1/services/portal/environments/{pinned.name}/redeployments"
    body: dict[str, Any] = {"version": "v3", **CAUSE, field: " "}
    answer = program(ivo).post(path, body, content_type="application/json")
    assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert not Question.objects.exists()


def test_programs_ask_and_read_what_was_asked(pinned: Environment, ivo: Person, tess: Person, sam: Person) -> None:
    path = f"/api/v1/services/portal/environments/{pinned.name}/redeployments"
    answer = program(ivo).post(path, {"version": "v3", **CAUSE}, content_type="application/json")
    assert (answer.status_code, answer.json()["state"]) == (202, "open")
    listed = program(tess).get(path).json()["items"]
    assert [one["approval"] for one in listed] == [answer.json()["approval"]]
    assert program(sam).post(path, {"version": "v4", **CAUSE}, content_type="application/json").status_code == 403
    gate = program(tess).get("/api/v1/gate", {"service": "portal", "environment": pinned.name, "version": "v3"}).json()
    assert not gate["pass"]


def test_others_environments_are_missing(pinned: Environment, mallory: Person) -> None:
    foreign = program(mallory).get(f"/api/v1/services/portal/environments/{pinned.name}/redeployments")
    missing = program(mallory).get("/api/v1/services/nothing/environments/nowhere/redeployments")
    assert (foreign.status_code, foreign.content) == (missing.status_code, missing.content)
    assert foreign.status_code == 404
    assert browser(mallory).get(f"/services/portal/{pinned.name}/redeployments/").status_code == 404


def test_it_is_asked_on_its_page(pinned: Environment, ivo: Person, tess: Person) -> None:
    signed_in = browser(ivo)
    page = f"/services/portal/{pinned.name}/redeployments/"
    assert page in signed_in.get("/services/portal/").content.decode()
    assert signed_in.post(page, {"version": "v3", "root_cause": "", "evidence": "x"}).status_code == 422
    assert signed_in.post(page, {"version": "v3", **CAUSE}).status_code == 302
    shown = browser(tess).get(page).content.decode()
    assert CAUSE["root_cause"] in shown
    assert "Read and decide" in shown
