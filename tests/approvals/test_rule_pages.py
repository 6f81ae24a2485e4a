"""Rules on their pages and for programs: who may, what is refused, and what is asked for once more."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from apps.approvals.models import Rule
from apps.approvals.rule_lifecycle import make_rule
from tests.accounts.conftest import program, sign_in
from tests.accounts.factories import OrganisationFactory, PersonFactory
from tests.deployments.factories import EnvironmentFactory, ServiceFactory

RESTORES = {"name": "Restores", "impacts": ["restore"], "all_of": ["cto"]}


@pytest.fixture
def team(db: None) -> Any:
    return OrganisationFactory()


@pytest.fixture
def ada(team: Any) -> Any:
    return PersonFactory(organisation=team, name="Ada", roles=["admin"])


@pytest.fixture
def priya(team: Any) -> Any:
    return PersonFactory(organisation=team, name="Priya", roles=["incident-commander"])


@pytest.fixture
def portal(team: Any) -> Any:
    return EnvironmentFactory(service=ServiceFactory(organisation=team, slug="portal"))


def post(client: Client, path: str, body: Any) -> Any:
    return client.post(f"/api/v1{path}", json.dumps(body), content_type="application/json")


def test_an_administrator_makes_changes_and_retires_a_rule_on_its_page(ada: Any, portal: Any) -> None:
    browser = sign_in(ada)
    filled = {
        "name": "Two in production", "kinds": ["rollback.start"], "severities": ["P0"], "where": "portal/production",
        "any_of": ["cto", "founder"], "needed": "2", "ladder": "5: cto\n10: founder, cto", "due_minutes": "5",
    }  # fmt: skip
    answer = browser.post("/rules/additions/", filled, follow=True)
    assert "The rule “Two in production” holds from now on." in answer.content.decode()
    rule = Rule.objects.get(name="Two in production")
    assert (rule.environment, rule.demand) == (portal, {"all_of": [], "any_of": ["cto", "founder"], "needed": 2})
    assert rule.ladder == [{"minutes": 5, "roles": ["cto"]}, {"minutes": 10, "roles": ["founder", "cto"]}]
    page = browser.get(f"/rules/{rule.pk}/").content.decode()
    assert "5: cto\n10: founder, cto" in page
    browser.post(f"/rules/{rule.pk}/changes/", {**filled, "needed": "1"})
    rule.refresh_from_db()
    assert rule.demand["needed"] == 1
    answer = browser.post(f"/rules/{rule.pk}/retirement/", follow=True)
    assert "decides nothing any more" in answer.content.decode()
    assert browser.get(f"/rules/{rule.pk}/").status_code == 404


def test_an_old_sign_in_is_asked_for_the_password_and_keeps_what_was_filled_in(ada: Any, settings: Any) -> None:
    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 0
    browser = sign_in(ada)
    answer = browser.post("/rules/additions/", {"name": "Mine", "all_of": ["cto"]})
    assert answer.status_code == 302
    assert "/reauthenticate/" in answer["Location"]
    assert not Rule.objects.exists()
    assert 'value="Mine"' in browser.get("/rules/new/").content.decode()


def test_what_makes_no_sense_is_told_at_its_field(ada: Any) -> None:
    browser = sign_in(ada)
    answer = browser.post("/rules/additions/", {"name": "Mine", "needed": "2"})
    assert answer.status_code == 422
    assert "say first out of which roles" in answer.content.decode()
    answer = browser.post("/rules/additions/", {"name": "Mine", "ladder": "soon"})
    assert "Write each line as minutes, a colon, and roles" in answer.content.decode()


def test_people_read_the_rules_and_only_administrators_change_them(team: Any, ada: Any, priya: Any) -> None:
    rule = make_rule(team, by=ada, said=RESTORES)
    browser = sign_in(priya)
    page = browser.get("/rules/").content.decode()
    assert "Restores" in page
    assert "New rule" not in page
    assert "Only an Administrator may" in page
    for path in ("/rules/additions/", f"/rules/{rule.pk}/changes/", f"/rules/{rule.pk}/retirement/"):
        assert browser.post(path, {"name": "Mine"}).status_code == 403
    stella = sign_in(PersonFactory(organisation=team, roles=["stakeholder"]))
    assert stella.get("/rules/").status_code == 403
    assert stella.get("/authority/").status_code == 403


def test_rules_that_answer_differently_are_marked(team: Any, ada: Any, priya: Any) -> None:
    """C3."""
    make_rule(team, by=ada, said=RESTORES)
    make_rule(team, by=ada, said={"name": "P0 starts at once", "severities": ["P0"]})
    page = sign_in(priya).get("/rules/").content.decode()
    assert "Rules that answer differently" in page
    assert "“Restores” decides then." in page
    told = {one["name"]: one["disagrees_with"] for one in program(priya).get("/api/v1/rules").json()["items"]}
    assert [one["decides"] for one in told["P0 starts at once"]] == ["Restores"]


def test_programs_make_change_and_retire_rules(team: Any, ada: Any, portal: Any) -> None:
    client = program(ada)
    made = post(client, "/rules", {**RESTORES, "service": "portal", "environment": "production"})
    assert made.status_code == 201, made.content
    rule = made.json()
    assert (rule["all_of"], rule["service"], rule["environment"]) == (["cto"], "portal", "production")
    assert "CTO must agree." in rule["says"]
    changed = post(client, f"/rules/{rule['id']}/changes", {**RESTORES, "any_of": ["founder"]})
    assert changed.json()["any_of"] == ["founder"]
    assert client.get(f"/api/v1/rules/{rule['id']}").json() == changed.json()
    retired = post(client, f"/rules/{rule['id']}/retirement", {})
    assert retired.json()["active"] is False
    assert post(client, f"/rules/{rule['id']}/retirement", {}).status_code == 409
    assert client.get("/api/v1/rules?active=true").json()["items"] == []


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"name": "x", "kinds": ["no.such"]}, 422, "invalid"),
        ({"name": "x", "all_of": ["no-such-role"]}, 422, "unknown_reference"),
        ({"name": "x", "service": "theirs"}, 422, "unknown_reference"),
        ({"name": "x", "severities": ["P7"]}, 422, "invalid"),
        ({"name": "x", "active": False}, 422, "invalid"),
        ({"name": "x", "organisation": "other"}, 422, "invalid"),
        ({}, 422, "invalid"),
    ],
)
def test_programs_are_told_what_cannot_be_a_rule(ada: Any, body: Any, status: int, code: str) -> None:
    ServiceFactory(organisation=OrganisationFactory(), slug="theirs")
    answer = post(program(ada), "/rules", body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_scopes_and_rights_are_asked_for(team: Any, ada: Any, priya: Any) -> None:
    rule = make_rule(team, by=ada, said=RESTORES)
    body = {**RESTORES, "name": "Another"}
    assert post(program(ada, "read", "write", "approve"), "/rules", body).status_code == 403
    assert post(program(priya), "/rules", body).status_code == 403
    assert post(program(priya), f"/rules/{rule.pk}/retirement", {}).status_code == 403
    stranger = PersonFactory(organisation=OrganisationFactory(), roles=["admin"])
    foreign = program(stranger).get(f"/api/v1/rules/{rule.pk}")
    missing = program(stranger).get("/api/v1/rules/0195f0a0-0000-7000-8000-000000000000")
    assert (foreign.status_code, foreign.content) == (404, missing.content)
    assert program(stranger).get("/api/v1/rules").json()["items"] == []
