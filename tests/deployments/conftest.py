"""The stage of the deployments' tests: one organisation with a service in production, and Mallory."""

from typing import Any

import pytest
from django.test import Client

from apps.accounts.models import Organisation, Person
from apps.deployments.models import Environment
from tests.accounts.factories import PASSWORD, OrganisationFactory, PersonFactory, TokenFactory
from tests.deployments.factories import EnvironmentFactory, ServiceFactory


@pytest.fixture(autouse=True)
def _this_machine_is_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OUTBOUND_ALLOW", "127.0.0.0/8")


@pytest.fixture(autouse=True)
def _quick_passwords(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def mavericks(db: None) -> Organisation:
    """Return the organisation of the stage."""
    return OrganisationFactory(slug="mavericks", name="Motion Mavericks")


@pytest.fixture
def production(mavericks: Organisation) -> Environment:
    """Return production of the service portal."""
    return EnvironmentFactory(service=ServiceFactory(organisation=mavericks, slug="portal"))


@pytest.fixture
def ada(mavericks: Organisation) -> Person:
    """Return the administrator."""
    return PersonFactory(organisation=mavericks, name="Ada", roles=["admin"])


@pytest.fixture
def ivo(mavericks: Organisation) -> Person:
    """Return the incident commander."""
    return PersonFactory(organisation=mavericks, name="Ivo", roles=["incident-commander"])


@pytest.fixture
def sam(mavericks: Organisation) -> Person:
    """Return a stakeholder, who may only look."""
    return PersonFactory(organisation=mavericks, name="Sam", roles=["stakeholder"])


@pytest.fixture
def mallory(db: None) -> Person:
    """Return the administrator of another organisation."""
    return PersonFactory(organisation=OrganisationFactory(slug="elsewhere"), name="Mallory", roles=["admin"])


def program(person: Person, *scopes: str) -> Client:
    """Return a client that calls the API with a token of `person`, with every scope unless told."""
    token = TokenFactory(person=person, scopes=scopes or ("read", "write", "approve", "admin"))
    return Client(headers=token.header)


def browser(person: Person) -> Client:
    """Return a browser in which `person` has just signed in by the page."""
    client = Client()
    answer = client.post("/accounts/login/", {"login": person.email, "password": PASSWORD})
    assert answer.status_code == 302, answer.content.decode()
    return client
