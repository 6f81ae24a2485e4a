"""Organisations, people, roles and tokens for tests, made by the verbs where there are rules."""

from __future__ import annotations

from typing import Any

import factory
from factory.django import DjangoModelFactory

from apps.accounts import giving_tokens, lifecycle
from apps.accounts.models import Organisation, Person, Role, Token, User
from apps.timeline.log import SYSTEM

PASSWORD = "correct horse battery staple"


class OrganisationFactory(DjangoModelFactory):
    """An organisation with the standard roles."""

    class Meta:
        model = Organisation

    slug = factory.Sequence(lambda number: f"team-{number}")
    name = factory.LazyAttribute(lambda team: team.slug.replace("-", " ").title())

    @classmethod
    def _create(cls, model: type[Organisation], *args: Any, **kwargs: Any) -> Organisation:
        return lifecycle.create_organisation(kwargs.pop("slug"), by=SYSTEM, **kwargs)


class UserFactory(DjangoModelFactory):
    """An account that signs in with PASSWORD."""

    class Meta:
        model = User

    email = factory.Sequence(lambda number: f"user-{number}@example.com")
    name = "Una User"
    password = PASSWORD

    @classmethod
    def _create(cls, model: type[User], *args: Any, **kwargs: Any) -> User:
        return User.objects.create_user(**kwargs)


class PersonFactory(DjangoModelFactory):
    """A person who signs in with PASSWORD: PersonFactory(organisation=…, roles=["founder"], name="Ava")."""

    class Meta:
        model = Person

    organisation = factory.SubFactory(OrganisationFactory)
    name = factory.Sequence(lambda number: f"Person {number}")
    email = factory.Sequence(lambda number: f"person-{number}@example.com")
    roles = ()
    password = PASSWORD

    @classmethod
    def _create(cls, model: type[Person], *args: Any, **kwargs: Any) -> Person:
        return lifecycle.add_person(kwargs.pop("organisation"), by=SYSTEM, **kwargs)


class RoleFactory(DjangoModelFactory):
    """A role that gives nothing yet; standard ones come with the organisation."""

    class Meta:
        model = Role

    organisation = factory.SubFactory(OrganisationFactory)
    slug = factory.Sequence(lambda number: f"role-{number}")
    name = factory.LazyAttribute(lambda role: role.slug.title())


class TokenFactory(DjangoModelFactory):
    """A personal token with every scope; its secret is `token.secret`, its header `token.header`."""

    class Meta:
        model = Token

    person = factory.SubFactory(PersonFactory)
    name = "pipeline"
    scopes = ("read", "write", "approve", "admin")

    @classmethod
    def _create(cls, model: type[Token], *args: Any, **kwargs: Any) -> Token:
        person = kwargs["person"]
        organisation = kwargs.pop("organisation", None) or person.organisation
        token, secret = giving_tokens.create_token(organisation, by=SYSTEM, **kwargs)
        token.secret = secret
        token.header = {"Authorization": f"Bearer {secret}"}
        return token
