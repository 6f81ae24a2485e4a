"""The pages of services and freezes, as people use them with plain forms."""

from typing import Any

import pytest
from django.test import Client

from apps.accounts.models import Organisation, Person
from apps.deployments import lifecycle
from apps.deployments.models import Deployment, Environment, Freeze, FreezeSwitch, Service
from apps.deployments.overview import in_production
from apps.timeline.log import SYSTEM
from tests.deployments.conftest import browser
from tests.deployments.factories import DeploymentFactory, EnvironmentFactory, ServiceFactory
from tests.providers.factories import ConnectionFactory


@pytest.fixture
def admin(ada: Person) -> Client:
    return browser(ada)


@pytest.fixture
def commander(ivo: Person) -> Client:
    return browser(ivo)


def text_of(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def test_a_service_is_added_with_its_environment_by_forms(mavericks: Organisation, admin: Client) -> None:
    hosting = ConnectionFactory(organisation=mavericks, name="Vercel portal")

    made = admin.post("/services/new/", {"name": "Portal", "slug": "portal", "rto_minutes": 60})
    assert made["Location"] == "/services/portal/environments/new/"
    assert "Vercel portal" in text_of(admin.get(made["Location"]))
    placed = admin.post(
        made["Location"],
        {
            "name": "production",
            "kind": "production",
            "public_url": "https://portal.example",
            "serving_path": "/api/health",
            "serving_json": "version",
            "connections_hosting": str(hosting.pk),
        },
    )

    assert placed["Location"] == "/services/portal/"
    environment = Environment.objects.get()
    assert environment.serving == {"path": "/api/health", "json": "version"}
    assert environment.connections.get().connection == hosting
    assert "Vercel portal" in text_of(admin.get("/services/portal/"))


def test_a_connection_that_comes_later_is_chosen_by_a_form(production: Environment, admin: Client) -> None:
    later = ConnectionFactory(organisation=production.organisation, name="Vercel portal")
    page = "/services/portal/production/change/"

    assert "Vercel portal" in text_of(admin.get(page))
    answer = admin.post(page, {"public_url": "https://portal.example", "connections_hosting": str(later.pk)})

    assert answer["Location"] == "/services/portal/"
    assert production.connections.get().connection == later
    assert admin.post(page, {"public_url": "ftp://x"}).status_code == 422


def test_a_form_says_at_the_field_what_cannot_be_used(
    mavericks: Organisation, admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OUTBOUND_ALLOW", "")
    ServiceFactory(organisation=mavericks, slug="portal")

    taken = admin.post("/services/new/", {"name": "Portal", "slug": "portal", "rto_minutes": 60})
    private = admin.post(
        "/services/portal/environments/new/",
        {"name": "production", "kind": "production", "public_url": "http://10.0.0.1"},
    )

    assert taken.status_code == 422
    assert "already a service called “portal”" in text_of(taken)
    assert private.status_code == 422
    assert 'id="id_public_url_error"' in text_of(private)
    assert "Address not allowed" in text_of(private)
    assert Service.objects.count() == 1


def test_a_form_does_not_offer_what_belongs_to_others(production: Environment, admin: Client, mallory: Person) -> None:
    ConnectionFactory(organisation=production.organisation)
    foreign = ConnectionFactory(organisation=mallory.organisation, name="Their account")
    page = "/services/portal/environments/new/"

    answer = admin.post(page, {"name": "staging", "kind": "staging", "connections_hosting": str(foreign.pk)})

    assert "Their account" not in text_of(admin.get(page))
    assert answer.status_code == 422
    assert Environment.objects.count() == 1


def test_the_list_says_what_is_in_production_and_the_way_back(production: Environment, commander: Client) -> None:
    DeploymentFactory(environment=production, version="v2.30.4", hours_ago=90, good=True)
    DeploymentFactory(environment=production, version="v2.31.0", hours_ago=1)

    page = text_of(commander.get("/services/"))

    assert "v2.31.0" in page
    assert "v2.30.4" in page


def test_the_list_costs_the_same_whatever_its_length(
    mavericks: Organisation, django_assert_max_num_queries: Any
) -> None:
    for _ in range(5):
        environment = EnvironmentFactory(service=ServiceFactory(organisation=mavericks))
        DeploymentFactory(environment=environment, hours_ago=3, good=True)
        DeploymentFactory(environment=environment)

    with django_assert_max_num_queries(4):
        lines = in_production(mavericks)

    assert len(lines) == 5
    assert all(line.way_back for line in lines)


def test_the_way_back_prefers_what_the_host_still_has(production: Environment) -> None:
    older = DeploymentFactory(environment=production, version="v1", hours_ago=90, good=True)
    gone = DeploymentFactory(environment=production, version="v2", hours_ago=50, good=True)
    DeploymentFactory(environment=production, version="v3")
    Deployment.objects.filter(pk=gone.pk).update(usable=False)

    assert in_production(production.organisation)[0].way_back == older


def test_the_page_says_that_production_is_pinned(production: Environment, commander: Client) -> None:
    old = DeploymentFactory(environment=production, version="v2.30.4", hours_ago=90, good=True)
    DeploymentFactory(environment=production, version="v2.31.0")
    lifecycle.went_live(production, old, by=SYSTEM, pinned=True)

    page = text_of(commander.get("/services/portal/"))

    assert "Production is pinned to v2.30.4" in page
    assert "new releases are built but do not go live" in page
    assert f'href="/rollbacks/forward/{production.pk}/"' in page


def test_a_deployment_is_registered_and_judged_by_forms(production: Environment, commander: Client) -> None:
    registered = commander.post(
        "/services/portal/production/deployments/new/",
        {
            "version": "v1",
            "reference": "dpl_1",
            "deployed_at": "2026-08-18T14:02",
            "good": "",
            "migrations": "0042 destructive irreversible",
            "flags": "share\n\nfast",
        },
    )
    assert registered.status_code == 302, text_of(registered)
    release = Deployment.objects.get()
    assert (release.good, release.flags) == (None, ["share", "fast"])
    assert release.migrations[0]["reversible"] is False

    verdict = f"/services/portal/production/deployments/{release.pk}/verdict/"
    assert commander.post(verdict, {"good": "yes"}).status_code == 422
    commander.post(verdict, {"good": "yes", "reason": "Four quiet days"})

    release.refresh_from_db()
    assert release.good is True


def test_a_migration_that_cannot_be_read_is_said_at_its_field(production: Environment, commander: Client) -> None:
    page = "/services/portal/production/deployments/new/"

    answer = commander.post(page, {"version": "v1", "reference": "dpl_1", "migrations": "drop tokens"})

    assert answer.status_code == 422
    assert "Write on each line" in text_of(answer)


def test_strangers_and_stakeholders_change_nothing(production: Environment, mallory: Person, sam: Person) -> None:
    stranger, stakeholder = browser(mallory), browser(sam)

    assert stranger.get("/services/portal/").status_code == 404
    assert stranger.post("/services/portal/production/looks/").status_code == 404
    assert stranger.get("/services/portal/production/deployments/new/").status_code == 404
    assert stakeholder.get("/services/portal/").status_code == 200
    assert stranger.get("/services/portal/production/change/").status_code == 404
    assert stakeholder.get("/services/portal/production/change/").status_code == 403
    assert stakeholder.get("/services/new/").status_code == 403
    assert stakeholder.get("/services/portal/production/deployments/new/").status_code == 403
    assert stakeholder.get("/freezes/").status_code == 403


def test_a_stakeholder_sees_that_it_is_stopped_and_not_why(production: Environment, ivo: Person, sam: Person) -> None:
    lifecycle.freeze(ivo.organisation, by=ivo, stops="deployments", scope="organisation", reason="The token leak")

    assert "The token leak" in text_of(browser(ivo).get("/services/portal/"))
    page = text_of(browser(sam).get("/services/portal/"))
    assert "Deployments are stopped" in page
    assert "The token leak" not in page


def test_one_person_stops_and_a_second_one_allows_again(
    production: Environment, admin: Client, commander: Client
) -> None:
    where = f"environment:{production.pk}"
    commander.post("/freezes/", {"stops": "rollbacks", "where": where, "reason": "Look first"})
    freeze = Freeze.objects.get()
    assert FreezeSwitch.objects.get().frozen

    commander.post(f"/freezes/{freeze.pk}/lifting/", {"reason": "Looked"})
    mine, theirs = text_of(commander.get("/freezes/")), text_of(admin.get("/freezes/"))
    assert "You asked for this" in mine
    assert "Approve: allow rollbacks of portal production again" in theirs
    question = Freeze.objects.get().question
    vote = {"decision": "approve", "content_hash": question.content_hash}
    admin.post(f"/approvals/{question.pk}/votes/", vote)

    assert not FreezeSwitch.objects.get().frozen
    assert "Nothing is stopped" in text_of(admin.get("/freezes/"))


def test_only_an_operator_is_offered_every_organisation(production: Environment, ada: Person) -> None:
    assert "Every organisation" not in text_of(browser(ada).get("/freezes/"))
    answer = browser(ada).post("/freezes/", {"stops": "rollbacks", "where": "all", "reason": "x"})

    assert answer.status_code == 422
    assert not Freeze.objects.exists()


def test_nothing_is_changed_by_a_look(production: Environment, admin: Client) -> None:
    for path in ("/services/new/", "/freezes/", "/services/portal/", "/services/"):
        before = Service.objects.count(), Freeze.objects.count()
        assert admin.get(path).status_code == 200
        assert (Service.objects.count(), Freeze.objects.count()) == before
    assert admin.get("/services/portal/production/looks/").status_code == 405
