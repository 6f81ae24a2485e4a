"""With which variables a release was built is kept by fingerprint, and what it changed is told."""

import json
from typing import Any

import pytest

from apps.accounts.models import Organisation, Person
from apps.deployments import hosted, remembering
from apps.deployments.models import Deployment, Environment
from apps.deployments.probing import probe_due
from apps.deployments.remembering import remember_variables
from apps.providers.simulation import Simulators
from tests.accounts.factories import OrganisationFactory
from tests.deployments.conftest import program
from tests.deployments.factories import DeploymentFactory, EnvironmentFactory, ServiceFactory
from tests.providers.factories import ConnectionFactory

LIVE, BEFORE, OLDER = "dpl_7Qm2xVtR", "dpl_4Hc9nWbK", "dpl_9Gk4hVsJ"


@pytest.fixture(autouse=True)
def _ask_anew() -> None:
    hosted.forget()


def served_by_vercel(organisation: Organisation, simulators: Simulators) -> Environment:
    """Return production as the simulated host knows it, with its three newest releases."""
    connection = ConnectionFactory(organisation=organisation, simulators=simulators)
    service = ServiceFactory(organisation=organisation, slug="portal")
    environment: Environment = EnvironmentFactory(service=service, connections={"hosting": connection})
    for hours, reference in ((90, OLDER), (50, BEFORE), (0, LIVE)):
        DeploymentFactory(environment=environment, reference=reference, version=reference, hours_ago=hours)
    return environment


@pytest.fixture
def served(mavericks: Organisation, simulators: Simulators) -> Environment:
    """Return production of the stage's organisation."""
    return served_by_vercel(mavericks, simulators)


def kept(environment: Environment, reference: str) -> Deployment:
    return environment.deployments.get(reference=reference)


def test_a_look_at_the_host_tells_which_variables_a_release_changed(served: Environment, ada: Person) -> None:
    assert probe_due() == 1
    release = kept(served, LIVE)
    (change,) = release.env_changes
    assert (change["name"], change["change"]) == ("SHARE_SIGNING_KEY_ID", "changed")
    assert len(change["before"]) == len(change["after"]) == 16
    assert change["before"] != change["after"]
    assert kept(served, BEFORE).env_changes == []
    told = program(ada).get(f"/api/v1/deployments/{release.pk}").json()
    assert [one["name"] for one in told["variables"]] == ["MAIL_API_KEY", "PUBLIC_API_URL", "SHARE_SIGNING_KEY_ID"]
    assert told["env_changes"] == [change]


def test_no_value_is_kept(served: Environment) -> None:
    remember_variables(served)
    text = json.dumps([kept(served, reference).variables for reference in (LIVE, BEFORE, OLDER)])
    assert "re_simulated" not in text
    assert "motion-mavericks.example" not in text


def test_another_organisation_s_fingerprints_of_the_same_value_are_others(
    served: Environment, simulators: Simulators
) -> None:
    elsewhere = served_by_vercel(OrganisationFactory(slug="elsewhere"), simulators)
    remember_variables(served)
    remember_variables(elsewhere)
    mine, theirs = (kept(one, LIVE).variables["seen"] for one in (served, elsewhere))
    assert [one["name"] for one in mine] == [one["name"] for one in theirs]
    assert {one["fingerprint"] for one in mine} & {one["fingerprint"] for one in theirs} == {""}


def test_a_release_is_asked_about_once(served: Environment) -> None:
    assert remember_variables(served) == 3
    first = kept(served, LIVE).variables
    assert remember_variables(served) == 0
    assert kept(served, LIVE).variables == first


def test_what_somebody_told_is_left_as_it_was_told(served: Environment) -> None:
    Deployment.objects.filter(reference=LIVE).update(env_changes=["TOLD_BY_CI"])
    remember_variables(served)
    assert kept(served, LIVE).env_changes == ["TOLD_BY_CI"]


def test_a_removed_deployment_is_not_asked_about_for_ever(served: Environment, simulators: Simulators) -> None:
    simulators.do("vercel", "remove", deployment=BEFORE)
    assert remember_variables(served) == 3
    assert "410" in kept(served, BEFORE).variables["problem"]
    assert kept(served, LIVE).env_changes == [], "there is nothing to compare it with"
    assert remember_variables(served) == 0


def test_a_host_that_is_away_is_asked_again(served: Environment, simulators: Simulators) -> None:
    simulators.fault("status", slug="vercel", reads=True, status=503, times=30)
    assert remember_variables(served) == 0
    assert kept(served, LIVE).variables is None
    simulators.reset()
    assert remember_variables(served) == 3


def test_under_another_key_everything_is_asked_anew_and_nothing_compared_before(
    served: Environment, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    remember_variables(served)
    first = kept(served, LIVE).variables["seen"]
    Deployment.objects.update(env_changes=[])
    settings.SECRET_KEY = "another secret key that is long enough"
    monkeypatch.setattr(remembering, "AT_ONCE", 1)
    assert remember_variables(served) == 1
    assert kept(served, LIVE).variables["seen"] != first
    assert kept(served, LIVE).env_changes == [], "the one before is still under the old key"
    assert remember_variables(served) == 1
    assert [one["name"] for one in kept(served, LIVE).env_changes] == ["SHARE_SIGNING_KEY_ID"]


def test_an_environment_without_a_host_has_none(production: Environment) -> None:
    DeploymentFactory(environment=production)
    assert remember_variables(production) == 0
