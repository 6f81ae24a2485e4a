"""Accounts at monitoring are entered in the browser like any other; what only sends to us needs no address."""

from typing import Any

import pytest
from django.test import Client

from apps.accounts.models import Organisation
from apps.providers.models import Connection
from apps.providers.simulation import Simulators
from tests.accounts.factories import OrganisationFactory, PersonFactory
from tests.providers.test_connecting_pages import browser, text_of

pytestmark = pytest.mark.usefixtures("this_machine")
MONITORING = ("sentry", "prometheus", "posthog", "datadog", "alertmanager", "grafana")


@pytest.fixture
def team(db: None, settings: Any) -> Organisation:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    return OrganisationFactory()


@pytest.fixture
def admin(team: Organisation) -> Client:
    return browser(PersonFactory(organisation=team, roles=["admin"]))


def entered(simulators: Simulators, slug: str) -> dict[str, str]:
    """Return the form as the simulator's account fills it in."""
    about = simulators.describe()[slug]
    said = {f"settings_{name}": value for name, value in about["settings"].items()}
    said |= {f"credentials_{name}": value for name, value in about["credentials"].items()}
    return {"name": f"Our {slug}", "base_url": simulators.address(slug), **said}


@pytest.mark.parametrize("slug", MONITORING)
def test_an_account_is_checked_as_it_is_entered(admin: Client, simulators: Simulators, slug: str) -> None:
    saved = admin.post(f"/connections/new/{slug}/", entered(simulators, slug), follow=True)
    assert saved.status_code == 200
    page = text_of(saved)
    assert "Can be used" in page
    for secret in simulators.describe()[slug]["credentials"].values():
        assert secret not in page
    assert Connection.objects.get().check_ok is True


@pytest.mark.parametrize("slug", ["alertmanager", "grafana"])
def test_what_only_sends_to_us_needs_no_address(admin: Client, simulators: Simulators, slug: str) -> None:
    saved = admin.post(f"/connections/new/{slug}/", {**entered(simulators, slug), "base_url": ""}, follow=True)
    assert "It can send its alerts all the same" in text_of(saved)
    assert f"/hooks/{slug}/{Connection.objects.get().pk}" in text_of(saved)


def test_what_is_asked_needs_one(admin: Client, simulators: Simulators) -> None:
    answer = admin.post("/connections/new/prometheus/", {**entered(simulators, "prometheus"), "base_url": ""})
    assert answer.status_code == 422
    assert not Connection.objects.exists()
