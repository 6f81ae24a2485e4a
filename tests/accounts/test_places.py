"""Rights in places: given for one service or one environment, they count there and nowhere else."""

from __future__ import annotations

from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.db import connection

from apps.accounts import granting, rights
from apps.accounts.models import Grant, Organisation, Person, Role
from apps.accounts.permissions import may, may_somewhere, roles_that_may
from apps.accounts.seeing import sees, sight_of
from apps.approvals.models import Question
from apps.deployments.models import Deployment, Environment, Service
from apps.incidents.models import Incident
from tests.accounts.factories import PersonFactory, RoleFactory
from tests.deployments.factories import DeploymentFactory, EnvironmentFactory, ServiceFactory


@pytest.fixture
def shop(team: Organisation) -> Service:
    return ServiceFactory(organisation=team, slug="shop", name="Shop")


@pytest.fixture
def live(shop: Service) -> Environment:
    return EnvironmentFactory(service=shop, name="production")


@pytest.fixture
def staging(shop: Service) -> Environment:
    return EnvironmentFactory(service=shop, name="staging", kind="staging")


@pytest.fixture
def other(team: Organisation) -> Environment:
    service = ServiceFactory(organisation=team, slug="other", name="Other")
    return EnvironmentFactory(service=service, name="production")


@pytest.fixture
def crew(team: Organisation) -> Role:
    """A role of the team's own, which has no right anywhere yet."""
    role = RoleFactory(organisation=team, slug="shop-crew", name="Shop Crew")
    role.group = granting.make_group(role)
    role.save()
    return role


@pytest.fixture
def cleo(team: Organisation, crew: Role) -> Person:
    return PersonFactory(organisation=team, name="Cleo Crew", email="cleo@harbour.example", roles=["shop-crew"])


def given(role: Role, *held: str, **place: Any) -> None:
    """Give a role rights in a place, as the pages do."""
    Grant.objects.create(organisation=role.organisation, role=role, rights=list(held), **place)
    granting.keep_in_step([role])


def afresh(person: Person) -> Person:
    """The person as the next request finds them."""
    return Person.objects.select_related("user", "organisation").get(pk=person.pk)


def editor() -> Any:
    """What a migration is given, as far as this one looks."""
    return SimpleNamespace(connection=connection)


def incident_in(environment: Environment) -> Incident:
    service = environment.service
    return Incident(organisation=service.organisation, service=service, environment=environment)


def test_a_right_in_a_service_counts_for_everything_in_it(
    cleo: Person, crew: Role, shop: Service, live: Environment, staging: Environment, other: Environment
) -> None:
    given(crew, rights.APPROVE, service=shop)
    cleo = afresh(cleo)
    there = [shop, live, staging, incident_in(live), Deployment(organisation=shop.organisation, environment=staging)]
    assert all(may(cleo, rights.APPROVE, thing) for thing in there)
    elsewhere = [None, shop.organisation, other, other.service, incident_in(other)]
    assert not any(may(cleo, rights.APPROVE, thing) for thing in elsewhere)
    assert not may(cleo, rights.OPERATE, live)


def test_a_right_in_an_environment_counts_only_there(
    cleo: Person, crew: Role, shop: Service, live: Environment, staging: Environment
) -> None:
    given(crew, rights.OPERATE, environment=live)
    cleo = afresh(cleo)
    question = Question(organisation=shop.organisation, service=shop, environment=live)
    assert may(cleo, rights.OPERATE, live)
    assert may(cleo, rights.OPERATE, question)
    assert not may(cleo, rights.OPERATE, staging)
    assert not may(cleo, rights.OPERATE, shop)
    assert not may(cleo, rights.OPERATE, Question(organisation=shop.organisation))


def test_a_right_of_the_whole_organisation_cannot_be_had_in_a_place(
    cleo: Person, crew: Role, shop: Service, live: Environment
) -> None:
    given(crew, rights.ADMINISTER, service=shop)
    assert not may(afresh(cleo), rights.ADMINISTER, live)
    assert not may(afresh(cleo), rights.ADMINISTER)


def test_a_refusal_names_the_roles_that_could_in_that_place(
    sam: Person, crew: Role, shop: Service, live: Environment, other: Environment
) -> None:
    given(crew, rights.APPROVE_RESTORES, service=shop)
    assert may(sam, rights.APPROVE_RESTORES, live).because == (
        "Only a CTO or a Shop Crew may approve a restore in production."
    )
    assert may(sam, rights.APPROVE_RESTORES, other).because == "Only a CTO may approve a restore in production."
    could = roles_that_may(shop.organisation_id, rights.APPROVE_RESTORES, live)
    assert [role.slug for role in could] == ["cto", "shop-crew"]


def test_a_hundred_things_cost_as_much_as_one(
    cleo: Person, crew: Role, shop: Service, team: Organisation, django_assert_num_queries: Any
) -> None:
    places = [EnvironmentFactory(service=shop, name=f"place-{number}") for number in range(50)]
    for place in places[:25]:
        Grant.objects.create(organisation=team, role=crew, rights=[rights.PROPOSE, rights.SEE], environment=place)
    granting.keep_in_step([crew])
    things = [*places, *(incident_in(place) for place in places)]
    cleo = afresh(cleo)
    with django_assert_num_queries(1):
        assert may(cleo, rights.PROPOSE, things[0])
    with django_assert_num_queries(2):  # the first refusal reads the roles
        assert sum(bool(may(cleo, rights.PROPOSE, thing)) for thing in things) == 50
    with django_assert_num_queries(1):
        assert sum(sees(cleo, thing) for thing in things) == 50


def test_a_right_that_is_taken_back_is_gone_from_the_next_request(
    cleo: Person, crew: Role, shop: Service, live: Environment
) -> None:
    given(crew, rights.FREEZE, service=shop)
    before = afresh(cleo)
    assert may(before, rights.FREEZE, live)
    assert may_somewhere(before, rights.FREEZE)
    Grant.objects.filter(role=crew).delete()
    granting.keep_in_step([crew])
    assert not may(afresh(cleo), rights.FREEZE, live)
    assert not may_somewhere(afresh(cleo), rights.FREEZE)


def test_somebody_whose_account_was_closed_may_nothing(ada: Person) -> None:
    ada.user.is_active = False
    ada.user.save()
    assert not may(afresh(ada), rights.ADMINISTER)


def test_being_a_superuser_of_the_installation_gives_no_right_in_an_organisation(sam: Person) -> None:
    sam.user.is_superuser = True
    sam.user.save()
    assert not may(afresh(sam), rights.APPROVE)


def test_a_group_without_its_role_gives_nothing(sam: Person, team: Organisation) -> None:
    sam.user.groups.add(Role.objects.get(organisation=team, slug="admin").group)
    assert not may(afresh(sam), rights.ADMINISTER)


def test_one_organisations_place_means_nothing_in_another(
    mallory: Person, crew: Role, shop: Service, live: Environment
) -> None:
    assert not may(mallory, rights.OPERATE, live)
    assert may(mallory, rights.OPERATE, live).because == "It belongs to another organisation."


def test_an_environment_shows_the_name_of_its_service_and_nothing_else_of_it(
    cleo: Person, crew: Role, shop: Service, live: Environment, staging: Environment, other: Environment
) -> None:
    given(crew, rights.SEE, environment=live)
    cleo = afresh(cleo)
    assert list(Service.objects.visible_to(cleo)) == [shop]
    assert list(Environment.objects.visible_to(cleo)) == [live]
    assert sees(cleo, shop)
    assert sees(cleo, live)
    assert not sees(cleo, staging)
    assert not sees(cleo, other)


def test_whoever_sees_everything_is_asked_nothing_more(
    rae: Person, live: Environment, other: Environment, django_assert_num_queries: Any
) -> None:
    DeploymentFactory(environment=live)
    rae = afresh(rae)
    assert sight_of(rae).everything
    with django_assert_num_queries(2):
        assert len(Deployment.objects.visible_to(rae)) == 1
        assert len(Environment.objects.visible_to(rae)) == 2


def test_existing_roles_go_on_seeing_and_restores_stay_with_whoever_leads(team: Organisation) -> None:
    for role in Role.objects.filter(organisation=team):
        role.rights = [right for right in role.rights if right not in {rights.SEE, rights.APPROVE_RESTORES}]
        role.save()
    granting.keep_in_step(Role.objects.filter(organisation=team))
    founder = PersonFactory(organisation=team, roles=["founder"])
    cto = PersonFactory(organisation=team, roles=["cto"])
    assert not may(afresh(cto), rights.SEE)
    move = import_module("apps.accounts.migrations.0005_everybody_still_sees")
    move.give(apps, editor())
    move.give(apps, editor())
    assert all(rights.SEE in role.rights for role in Role.objects.filter(organisation=team))
    assert may(afresh(cto), rights.APPROVE_RESTORES)
    assert may(afresh(founder), rights.SEE)
    assert not may(afresh(founder), rights.APPROVE_RESTORES)


def test_the_founder_approves_restores_where_nobody_is_cto(team: Organisation) -> None:
    cto, founder = (Role.objects.get(organisation=team, slug=slug) for slug in ("cto", "founder"))
    cto.rights = [right for right in cto.rights if right != rights.APPROVE_RESTORES]
    cto.save()
    holder = PersonFactory(organisation=team, roles=["founder"])
    import_module("apps.accounts.migrations.0005_everybody_still_sees").give(apps, editor())
    founder.refresh_from_db()
    assert rights.APPROVE_RESTORES in founder.rights
    assert may(afresh(holder), rights.APPROVE_RESTORES)
