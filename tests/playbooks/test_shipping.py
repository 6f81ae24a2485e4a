"""Shipped playbooks appear where they fit, once, and answer for the deploy gate."""

import pytest

from apps.deployments.plans import has_plan
from apps.playbooks import library
from apps.playbooks.choices import Kind
from apps.playbooks.models import Playbook
from apps.playbooks.shipping import publish_shipped
from tests.deployments.factories import EnvironmentFactory, ServiceFactory
from tests.playbooks.examples import SMALLEST
from tests.playbooks.factories import RevisionFactory
from tests.providers.factories import ConnectionFactory


def production(organisation, **connections):
    service = ServiceFactory(organisation=organisation, slug="portal")
    return EnvironmentFactory(service=service, connections=connections)


def test_nothing_is_shipped_where_nothing_is_connected(mavericks):
    environment = production(mavericks)
    assert publish_shipped(mavericks) == []
    assert not has_plan(environment, None)


def test_what_fits_is_published_as_revision_one_and_only_once(mavericks):
    environment = production(mavericks, hosting=ConnectionFactory(organisation=mavericks))
    made = publish_shipped(mavericks)
    assert {playbook.slug for playbook in made} == {"instant-rollback", "go-forward"}
    assert {playbook.published.number for playbook in made} == {1}
    assert publish_shipped(mavericks) == []
    assert Playbook.objects.count() == 2
    assert library.fitting_slugs(environment) == ["instant-rollback"]
    assert [one.slug for one in library.published_for(environment, Kind.FORWARD)] == ["go-forward"]
    assert has_plan(environment, None)


@pytest.mark.django_db(transaction=True)
def test_a_new_environment_gets_them_at_once(mavericks):
    production(mavericks, hosting=ConnectionFactory(organisation=mavericks))
    assert set(Playbook.objects.values_list("slug", flat=True)) == {"instant-rollback", "go-forward"}


def test_a_playbook_of_that_name_is_left_alone(mavericks):
    production(mavericks, hosting=ConnectionFactory(organisation=mavericks))
    own = RevisionFactory(organisation=mavericks, content=SMALLEST.replace("portal-release", "instant"))
    assert {playbook.slug for playbook in publish_shipped(mavericks)} == {"go-forward"}
    assert Playbook.objects.get(slug="instant-rollback").revisions.get() == own


def test_a_draft_alone_is_no_plan(mavericks):
    environment = production(mavericks, hosting=ConnectionFactory(organisation=mavericks))
    RevisionFactory(organisation=mavericks)
    assert not has_plan(environment, None)
    assert library.exists(mavericks.pk, "portal-release-rollback")
