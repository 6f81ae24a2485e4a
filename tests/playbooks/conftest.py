"""The stage of the playbooks' tests: who edits, who only looks, and Mallory from elsewhere."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from apps.accounts.models import Organisation, Person
from tests.accounts.factories import OrganisationFactory, PersonFactory, TokenFactory


@pytest.fixture
def mavericks(db: None) -> Organisation:
    """Return the organisation of the stage."""
    return OrganisationFactory(slug="motion-mavericks", name="Motion Mavericks")


@pytest.fixture
def rae(mavericks: Organisation) -> Person:
    """Return the reliability partner, who edits and publishes."""
    return PersonFactory(organisation=mavericks, name="Rae", roles=["reliability-partner"])


@pytest.fixture
def ivo(mavericks: Organisation) -> Person:
    """Return the incident commander, who reads playbooks."""
    return PersonFactory(organisation=mavericks, name="Ivo", roles=["incident-commander"])


@pytest.fixture
def ada(mavericks: Organisation) -> Person:
    """Return the administrator."""
    return PersonFactory(organisation=mavericks, name="Ada", roles=["admin"])


@pytest.fixture
def sam(mavericks: Organisation) -> Person:
    """Return a stakeholder, who sees no playbooks."""
    return PersonFactory(organisation=mavericks, name="Sam", roles=["stakeholder"])


@pytest.fixture
def mallory(db: None) -> Person:
    """Return the administrator of another organisation."""
    return PersonFactory(organisation=OrganisationFactory(slug="elsewhere"), name="Mallory", roles=["admin"])


def browser(person: Person, **more: Any) -> Client:
    """Return a browser in which the person is signed in."""
    client = Client(**more)
    client.force_login(person.user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def program(person: Person, *scopes: str) -> Client:
    """Return a client with a token of the person, with every scope unless told."""
    token = TokenFactory(person=person, scopes=scopes or ("read", "write", "approve", "admin"))
    return Client(headers=token.header)
