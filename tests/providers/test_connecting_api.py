"""Connections as programs meet them: credentials go in and never come out."""

from typing import Any

import pytest
from django.test import Client

from apps.accounts.models import Organisation, Person
from apps.providers.simulation import Simulators
from tests.accounts.factories import OrganisationFactory, PersonFactory, TokenFactory
from tests.providers.factories import ConnectionFactory

pytestmark = pytest.mark.usefixtures("this_machine")

SECRET = "token-that-nobody-may-see"
NEW = {
    "name": "Vercel portal",
    "provider": "vercel",
    "settings": {"project_id": "prj_1"},
    "credentials": {"token": SECRET},
}


@pytest.fixture
def team(db: None, settings: Any) -> Organisation:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    return OrganisationFactory()


def program(person: Person, *scopes: str) -> Client:
    token = TokenFactory(person=person, scopes=scopes or ("read", "write", "approve", "admin"))
    return Client(headers=token.header)


@pytest.fixture
def admin(team: Organisation) -> Client:
    return program(PersonFactory(organisation=team, roles=["admin"]))


def post(client: Client, path: str, body: dict[str, Any]) -> Any:
    return client.post(f"/api/v1{path}", body, content_type="application/json")


def test_every_provider_describes_itself(admin: Client) -> None:
    items = admin.get("/api/v1/providers").json()["items"]

    found = {one["slug"]: one for one in items}
    assert {"vercel", "launchdarkly", "upstash", "slack", "pagerduty", "http"} <= set(found)
    vercel = found["vercel"]
    assert [one["name"] for one in vercel["settings"]] == ["project_id", "team_id"]
    assert [one["name"] for one in vercel["credentials"]] == ["token", "webhook_secret"]
    rollback = next(one for one in vercel["actions"] if one["name"] == "rollback")
    assert (rollback["class"], rollback["risk"]) == ("A", "disruptive")
    assert rollback["params"]["deployment"]["required"] is True


def test_credentials_never_come_back(admin: Client) -> None:
    made = post(admin, "/connections", NEW)
    assert made.status_code == 201, made.content
    read = admin.get(f"/api/v1/connections/{made.json()['id']}")
    listed = admin.get("/api/v1/connections")

    assert all(SECRET not in answer.content.decode() for answer in (made, read, listed))
    assert read.json()["settings"] == {"project_id": "prj_1"}
    assert read.json()["check"]["ok"] is None
    assert listed.json()["items"] == [read.json()]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"provider": "nowhere"}, "provider"),
        ({"settings": {}}, "settings.project_id"),
        ({"settings": {"project_id": "p", "colour": "red"}}, "settings.colour"),
        ({"credentials": {"token": 1}}, "credentials.token"),
        ({"base_url": "http://10.0.0.1"}, "base_url"),
        ({"organisation": "other"}, "organisation"),
        ({"name": ""}, "name"),
    ],
)
def test_what_cannot_be_used_is_refused_by_its_field(admin: Client, change: dict[str, Any], field: str) -> None:
    answer = post(admin, "/connections", {**NEW, **change})

    assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert SECRET not in answer.content.decode()


def test_a_name_is_taken_once(admin: Client) -> None:
    post(admin, "/connections", NEW)

    assert post(admin, "/connections", NEW).status_code == 409


def test_a_check_says_what_is_missing(admin: Client, team: Organisation, simulators: Simulators) -> None:
    good = ConnectionFactory(organisation=team, simulators=simulators)
    bad = ConnectionFactory(organisation=team, simulators=simulators, credentials={"token": "wrong"})

    passed = post(admin, f"/connections/{good.pk}/checks", {})
    failed = post(admin, f"/connections/{bad.pk}/checks", {})

    assert (passed.status_code, passed.json()["ok"]) == (200, True)
    assert (failed.status_code, failed.json()["ok"]) == (200, False)
    assert any(one["level"] == "error" for one in failed.json()["findings"])
    assert "wrong" not in failed.content.decode()


def test_credentials_are_replaced_and_not_shown(admin: Client, team: Organisation) -> None:
    connection = ConnectionFactory(organisation=team)
    path = f"/connections/{connection.pk}/credentials"

    replaced = post(admin, path, {"credentials": {"token": SECRET}})

    assert replaced.status_code == 201
    assert SECRET not in replaced.content.decode()
    assert post(admin, path, {"credentials": {}}).json()["field"] == "credentials.token"


def test_foreign_and_unknown_connections_are_not_here(admin: Client) -> None:
    foreign = ConnectionFactory()
    answers = [
        admin.get(f"/api/v1/connections/{key}")
        for key in (foreign.pk, "01900000-0000-7000-8000-000000000000", "nonsense")
    ]

    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1
    assert post(admin, f"/connections/{foreign.pk}/checks", {}).status_code == 404


def test_the_right_and_the_scope_are_both_needed(team: Organisation) -> None:
    commander = PersonFactory(organisation=team, roles=["incident-commander"])
    stakeholder = PersonFactory(organisation=team, roles=["stakeholder"])
    administrator = PersonFactory(organisation=team, roles=["admin"])

    assert post(program(commander), "/connections", NEW).status_code == 403
    assert post(program(administrator, "write"), "/connections", NEW).json()["code"] == "scope_missing"
    assert program(stakeholder).get("/api/v1/connections").status_code == 403
