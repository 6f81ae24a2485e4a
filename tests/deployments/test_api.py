"""Services, deployments and freezes as programs meet them."""

from typing import Any

import pytest
from django.test import Client

from apps.accounts.models import Organisation, Person
from apps.deployments.models import Deployment, Environment, Freeze, Service
from tests.accounts.factories import TokenFactory
from tests.deployments.conftest import program
from tests.deployments.factories import DeploymentFactory, EnvironmentFactory, ServiceFactory
from tests.providers.factories import ConnectionFactory

RELEASE = {"service": "portal", "environment": "production", "reference": "dpl_1", "version": "v1"}


def post(client: Client, path: str, body: dict[str, Any], **headers: str) -> Any:
    return client.post(f"/api/v1{path}", body, content_type="application/json", headers=headers)


@pytest.fixture
def admin(ada: Person) -> Client:
    return program(ada)


@pytest.fixture
def commander(ivo: Person) -> Client:
    return program(ivo)


def test_a_service_and_its_environment_are_made_and_read(mavericks: Organisation, admin: Client) -> None:
    hosting = ConnectionFactory(organisation=mavericks)

    made = post(admin, "/services", {"slug": "portal", "name": "Portal", "rto_minutes": 30})
    placed = post(
        admin,
        "/services/portal/environments",
        {
            "name": "production",
            "kind": "production",
            "public_url": "https://portal.example",
            "serving": {"path": "/api/health", "json": "version"},
            "connections": {"hosting": str(hosting.pk)},
        },
    )

    assert made.status_code == 201, made.content
    assert placed.status_code == 201, placed.content
    read = admin.get("/api/v1/services/portal").json()
    assert read["environments"] == [placed.json()]
    assert placed.json()["connections"] == {"hosting": str(hosting.pk)}
    assert placed.json()["serving"] == {"path": "/api/health", "json": "version"}
    assert placed.json()["live"] is None
    assert read["html_url"].endswith("/services/portal/")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"colour": "red"}, "colour"),
        ({"kind": None}, "kind"),
        ({"name": "Production"}, "name"),
        ({"public_url": "ftp://x.example"}, "public_url"),
        ({"serving": {"path": "/h"}}, "serving"),
        ({"serving": {"path": "/h", "json": "v", "body": "x"}}, "serving.body"),
        ({"connections": {"lunch": "x"}}, "connections.lunch"),
    ],
)
def test_an_environment_that_cannot_be_is_refused_by_its_field(
    production: Environment, admin: Client, change: dict[str, Any], field: str
) -> None:
    answer = post(admin, "/services/portal/environments", {"name": "staging", **change})

    assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert answer["Content-Type"] == "application/problem+json"


def test_an_environment_is_changed_and_the_rest_stays(production: Environment, admin: Client) -> None:
    hosting = ConnectionFactory(organisation=production.organisation)
    page = "/api/v1/services/portal/environments/production"

    def change(body: dict[str, Any]) -> Any:
        return admin.patch(page, body, content_type="application/json")

    change({"public_url": "https://portal.example"})
    changed = change({"connections": {"hosting": str(hosting.pk)}}).json()
    assert (changed["public_url"], changed["connections"]) == (
        "https://portal.example",
        {"hosting": str(hosting.pk)},
    )
    assert change({"connections": {"hosting": None}}).json()["connections"] == {}
    assert change({"name": "other"}).status_code == 422
    assert admin.patch(f"{page}s", {}, content_type="application/json").status_code == 404


def test_a_deployment_is_judged_with_a_reason(production: Environment, commander: Client, mallory: Person) -> None:
    release = DeploymentFactory(environment=production)

    judged = post(commander, f"/deployments/{release.pk}/verdict", {"good": True, "reason": "Four quiet days"})

    assert (judged.status_code, judged.json()["good"]) == (201, True)
    assert commander.get(f"/api/v1/deployments/{release.pk}").json() == judged.json()
    assert post(commander, f"/deployments/{release.pk}/verdict", {"good": True, "reason": ""}).status_code == 422
    assert program(mallory).get(f"/api/v1/deployments/{release.pk}").status_code == 404


def test_foreign_and_unknown_connections_look_the_same(production: Environment, mallory: Person, admin: Client) -> None:
    foreign = ConnectionFactory(organisation=mallory.organisation)
    answers = [
        post(admin, "/services/portal/environments", {"name": "staging", "connections": {"hosting": key}})
        for key in (str(foreign.pk), "01900000-0000-7000-8000-000000000000", "nonsense", "a\x00")
    ]

    assert {answer.status_code for answer in answers} == {422}
    bodies = [answer.json() for answer in answers[:3]]
    assert all(body == bodies[0] for body in bodies)
    assert bodies[0]["code"] == "unknown_reference"


def test_foreign_services_are_not_here(mavericks: Organisation, mallory: Person, admin: Client) -> None:
    ServiceFactory(organisation=mallory.organisation, slug="theirs")

    foreign, unknown = admin.get("/api/v1/services/theirs"), admin.get("/api/v1/services/nothing")

    assert (foreign.status_code, unknown.status_code) == (404, 404)
    assert foreign.content == unknown.content
    assert admin.get("/api/v1/services").json() == {"items": [], "next": None}
    answer = post(admin, "/services/theirs/environments", {"name": "staging"})
    assert answer.status_code == 404


def test_a_pipeline_registers_a_deployment(production: Environment, mavericks: Organisation) -> None:
    token = TokenFactory(person=None, organisation=mavericks, scopes=["write"])
    pipeline = Client(headers=token.header)

    answer = post(
        pipeline,
        "/deployments",
        {
            **RELEASE,
            "commit": "9c1b2f0",
            "deployed_at": "2026-08-18T03:58:20Z",
            "good": True,
            "flags": ["share"],
            "migrations": [{"id": "0042", "kind": "destructive", "reversible": False}],
            "env_changes": ["API_URL"],
        },
    )

    assert answer.status_code == 201, answer.content
    said = answer.json()
    assert (said["live"], said["flags"], said["good"]) == (True, ["share"], True)
    assert said["deployed_at"] == "2026-08-18T03:58:20Z"
    listed = pipeline.get("/api/v1/deployments").json()["items"]
    assert [one["id"] for one in listed] == [said["id"]]


def test_a_repeat_gets_the_first_answer_only_with_its_key(production: Environment, commander: Client) -> None:
    key = {"Idempotency-Key": "release-1"}
    first = post(commander, "/deployments", RELEASE, **key)

    assert post(commander, "/deployments", RELEASE, **key).json() == first.json()
    assert post(commander, "/deployments", {**RELEASE, "version": "v2"}, **key).status_code == 422
    assert post(commander, "/deployments", RELEASE).status_code == 409
    assert Deployment.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"service": "nothing"}, "service"),
        ({"environment": "nothing"}, "environment"),
        ({"reference": ""}, "reference"),
        ({"deployed_at": "yesterday"}, "deployed_at"),
        ({"deployed_at": "2026-08-18T03:58:20"}, "deployed_at"),
        ({"migrations": [{"id": "1", "kind": "odd", "reversible": True}]}, "migrations.0.kind"),
        ({"flags": "share"}, "flags"),
        ({"playbook": "nothing"}, "playbook"),
        ({"organisation": "other"}, "organisation"),
    ],
)
def test_a_deployment_that_cannot_be_kept_is_refused_by_its_field(
    production: Environment, commander: Client, change: dict[str, Any], field: str
) -> None:
    answer = post(commander, "/deployments", {**RELEASE, **change})

    assert (answer.status_code, answer.json().get("field")) == (422, field), answer.content
    assert not Deployment.objects.exists()


def test_another_organisation_registers_nothing_here(production: Environment, mallory: Person) -> None:
    answer = post(program(mallory), "/deployments", RELEASE)

    assert (answer.status_code, answer.json()["code"]) == (422, "unknown_reference")


def test_lists_cost_the_same_whatever_their_length(
    mavericks: Organisation, admin: Client, django_assert_max_num_queries: Any
) -> None:
    for _ in range(6):
        environment = EnvironmentFactory(service=ServiceFactory(organisation=mavericks))
        DeploymentFactory(environment=environment, hours_ago=2)
        DeploymentFactory(environment=environment)

    for path in ("/services", "/deployments"):
        with django_assert_max_num_queries(9):
            assert len(admin.get(f"/api/v1{path}").json()["items"]) >= 6


def test_deployments_are_filtered_by_place(production: Environment, admin: Client) -> None:
    here = DeploymentFactory(environment=production)
    DeploymentFactory(environment=EnvironmentFactory(service=production.service, name="staging"))

    found = admin.get("/api/v1/deployments", {"service": "portal", "environment": "production"}).json()

    assert [one["id"] for one in found["items"]] == [str(here.pk)]
    assert admin.get("/api/v1/deployments", {"service": "nothing"}).status_code == 422
    assert admin.get("/api/v1/deployments", {"colour": "red"}).status_code == 422


def test_one_stops_and_two_allow_again(production: Environment, admin: Client, commander: Client) -> None:
    made = post(
        commander,
        "/freezes",
        {
            "stops": "rollbacks",
            "scope": "environment",
            "service": "portal",
            "environment": "production",
            "reason": "Look first",
        },
    )
    assert made.status_code == 201, made.content
    assert (made.json()["scope"], made.json()["active"]) == ("environment", True)
    asked = post(commander, f"/freezes/{made.json()['id']}/lifting", {"reason": "Looked"})
    assert asked.status_code == 202, asked.content

    vote = post(admin, f"/approvals/{asked.json()['approval']}/votes", {"decision": "approve"})

    assert vote.status_code == 201, vote.content
    lifted = admin.get("/api/v1/freezes").json()["items"][0]
    assert (lifted["active"], lifted["lifted_by"], lifted["approval"]) == (False, "Ada", None)
    assert admin.get("/api/v1/freezes", {"active": "true"}).json()["items"] == []
    again = post(commander, f"/freezes/{made.json()['id']}/lifting", {"reason": "Looked"})
    assert (again.status_code, again.json()["state"]) == (409, "lifted")


def test_a_freeze_needs_the_scope_and_the_right(production: Environment, ivo: Person, sam: Person) -> None:
    body = {"stops": "rollbacks", "scope": "organisation", "reason": "Look first"}

    assert post(program(ivo, "write"), "/freezes", body).json()["code"] == "scope_missing"
    assert post(program(sam), "/freezes", body).status_code == 403
    assert program(sam).get("/api/v1/freezes").status_code == 403
    assert post(program(ivo), "/freezes", {**body, "scope": "all"}).status_code == 403
    assert not Freeze.objects.exists()


def test_a_foreign_freeze_is_not_here(production: Environment, commander: Client, mallory: Person) -> None:
    body = {"stops": "rollbacks", "scope": "organisation", "reason": "Look first"}
    theirs = post(program(mallory), "/freezes", body).json()["id"]

    answer = post(commander, f"/freezes/{theirs}/lifting", {"reason": "Looked"})

    assert answer.status_code == 404


def test_only_administrators_describe_what_runs(mavericks: Organisation, commander: Client) -> None:
    answer = post(commander, "/services", {"slug": "portal", "name": "Portal"})

    assert (answer.status_code, Service.objects.exists()) == (403, False)
