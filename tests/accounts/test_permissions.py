"""Rights, and the sentences of refusals."""

from __future__ import annotations

from typing import Any

import pytest

from apps.accounts import rights
from apps.accounts.models import Organisation, Person
from apps.accounts.permissions import may
from apps.timeline.log import SYSTEM


def test_a_refusal_names_every_role_that_could(sam: Person) -> None:
    assert may(sam, rights.PUBLISH_PLAYBOOKS).because == (
        "Only an Administrator, a CTO, an Engineering Lead, a Governance Liaison or a Reliability Partner "
        "may publish playbooks."
    )


def test_a_refusal_names_the_only_role_that_could(rae: Person) -> None:
    assert may(rae, rights.ADMINISTER).because == "Only an Administrator may manage people, services and connections."


def test_rights_cost_one_query_however_often_they_are_asked(rae: Person, django_assert_num_queries: Any) -> None:
    person = Person.objects.select_related("user").get(pk=rae.pk)
    with django_assert_num_queries(1):
        assert all(may(person, right) for right in (rights.PROPOSE, rights.APPROVE, rights.OPERATE))


def test_no_right_reaches_into_another_organisation(mallory: Person, team: Organisation, sam: Person) -> None:
    assert may(mallory, rights.ADMINISTER)
    assert may(mallory, rights.ADMINISTER, team).because == "It belongs to another organisation."
    assert not may(mallory, rights.ADMINISTER, sam)


def test_the_portal_itself_may_and_nobody_may_not(team: Organisation) -> None:
    assert may(SYSTEM, rights.ADMINISTER, team)
    assert may(None, rights.TICK).because == "Sign in first."


def test_an_unknown_right_is_a_programming_error(sam: Person) -> None:
    with pytest.raises(KeyError):
        may(sam, "fly")


def test_an_administrator_does_not_vote(ada: Person) -> None:
    assert not may(ada, rights.APPROVE)
