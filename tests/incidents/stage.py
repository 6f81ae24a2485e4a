"""The stage of incident tests: one production environment, a commander, a stakeholder, and a stranger."""

from __future__ import annotations

import pytest

from tests.accounts.factories import PASSWORD, OrganisationFactory, PersonFactory, TokenFactory
from tests.incidents.factories import place


@pytest.fixture
def environment(db):
    return place()


@pytest.fixture
def ian(environment):
    return PersonFactory(organisation=environment.organisation, roles=["incident-commander"], name="Ian Commander")


@pytest.fixture
def stella(environment):
    return PersonFactory(organisation=environment.organisation, roles=["stakeholder"], name="Stella Stake")


@pytest.fixture
def mallory(db):
    """Somebody of another organisation, with every right there."""
    return PersonFactory(organisation=OrganisationFactory(), roles=["admin"], name="Mallory")


@pytest.fixture
def page(client):
    """Return a browser that is signed in as somebody."""

    def sign_in(person):
        client.logout()
        client.post("/accounts/login/", {"login": person.email, "password": PASSWORD})
        return client

    return sign_in


@pytest.fixture
def program(client):
    """Return get and post of a program that acts for somebody: `program(ian).get("/incidents")`."""

    class Program:
        def __init__(self, person, scopes=("read", "write")):
            self.headers = TokenFactory(person=person, scopes=scopes).header

        def get(self, path, **query):
            return client.get(f"/api/v1{path}", query, headers=self.headers)

        def post(self, path, body=None, **headers):
            sent = {"data": "" if body is None else body, "content_type": "application/json"}
            return client.post(f"/api/v1{path}", headers={**self.headers, **headers}, **sent)

    return Program
