"""A small stage: an organisation with its people, another one beside it, clients for pages and programs."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from apps.accounts.models import Organisation, Person
from tests.accounts.factories import PASSWORD, OrganisationFactory, PersonFactory, TokenFactory


@pytest.fixture(autouse=True)
def _quick_passwords(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def team(db: None) -> Organisation:
    return OrganisationFactory(slug="harbour", name="Harbour")


@pytest.fixture
def ada(team: Organisation) -> Person:
    """The administrator."""
    return PersonFactory(organisation=team, name="Ada Admin", email="ada@harbour.example", roles=["admin"])


@pytest.fixture
def rae(team: Organisation) -> Person:
    """The reliability partner."""
    return PersonFactory(
        organisation=team, name="Rae Reliability", email="rae@harbour.example", roles=["reliability-partner"]
    )


@pytest.fixture
def sam(team: Organisation) -> Person:
    """A stakeholder: may follow, and nothing else."""
    return PersonFactory(organisation=team, name="Sam Stakeholder", email="sam@harbour.example", roles=["stakeholder"])


@pytest.fixture
def mallory(db: None) -> Person:
    """An administrator of another organisation."""
    other = OrganisationFactory(slug="elsewhere", name="Elsewhere")
    return PersonFactory(organisation=other, name="Mallory", email="mallory@elsewhere.example", roles=["admin"])


def sign_in(person: Person, **client: Any) -> Client:
    """Return a browser in which `person` has just signed in by the page."""
    browser = Client(**client)
    answer = browser.post("/accounts/login/", {"login": person.email, "password": PASSWORD})
    assert answer.status_code == 302, answer.content.decode()
    return browser


def program(person: Person, *scopes: str) -> Client:
    """Return a client that calls the API with a token of `person`, with every scope unless told."""
    chosen = scopes or ("read", "write", "approve", "admin")
    token = TokenFactory(person=person, scopes=chosen)
    return Client(headers=token.header)
