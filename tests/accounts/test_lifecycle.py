"""Organisations, people and roles over their life."""

from __future__ import annotations

import pytest

from apps.accounts import lifecycle
from apps.accounts.models import Organisation, Person, Role, Token, User
from apps.accounts.permissions import may
from apps.accounts.rights import ADMINISTER, APPROVE, PROPOSE
from apps.accounts.roles import STANDARD_ROLES
from apps.timeline.answers import Forbidden, Refused, Unacceptable
from apps.timeline.log import SYSTEM
from apps.timeline.models import Event
from tests.accounts.factories import OrganisationFactory, TokenFactory


def test_a_new_organisation_has_every_standard_role_with_a_group(team: Organisation) -> None:
    roles = Role.objects.filter(organisation=team)
    assert {role.slug for role in roles} == {standard.slug for standard in STANDARD_ROLES}
    assert all(role.group for role in roles)


def test_a_slug_is_taken_once_without_regard_to_case(team: Organisation) -> None:
    with pytest.raises(Unacceptable, match="already an organisation"):
        lifecycle.create_organisation("Harbour", name="Again", by=SYSTEM)


@pytest.mark.parametrize("slug", ["", "a b", "x/y", "ä", "x" * 61])
def test_an_unreadable_slug_is_refused_by_name(db: None, slug: str) -> None:
    with pytest.raises(Unacceptable) as refused:
        lifecycle.create_organisation(slug, name="Team", by=SYSTEM)
    assert refused.value.extra["field"] == "slug"


def test_a_person_is_told_of_in_the_record(ada: Person, team: Organisation) -> None:
    lifecycle.add_person(team, email=" Kim@Harbour.Example ", name="Kim", roles=["founder"], by=ada)
    told = list(Event.objects.filter(actor=ada).order_by("pk").values_list("text", flat=True))
    assert told == ["Ada Admin added Kim (kim@harbour.example).", "Ada Admin gave Kim the role Founder."]


def test_an_account_of_another_organisation_is_shared_but_its_password_stays(
    mallory: Person, team: Organisation
) -> None:
    before = User.objects.get(email=mallory.email).password
    person = lifecycle.add_person(team, email=mallory.email, by=SYSTEM, password="taken over")
    assert person.user == mallory.user
    assert User.objects.get(email=mallory.email).password == before
    assert person.name == "mallory"


def test_the_same_address_twice_is_refused(ada: Person, team: Organisation) -> None:
    with pytest.raises(Unacceptable, match="already here"):
        lifecycle.add_person(team, email="ADA@harbour.example", by=ada)


def test_a_role_that_is_not_here_is_an_unknown_reference_and_nobody_is_added(ada: Person, team: Organisation) -> None:
    with pytest.raises(Unacceptable) as refused:
        lifecycle.add_person(team, email="kim@harbour.example", roles=["emperor"], by=ada)
    assert refused.value.code == "unknown_reference"
    assert not Person.objects.filter(email="kim@harbour.example").exists()
    assert not User.objects.filter(email="kim@harbour.example").exists()


def test_only_an_administrator_changes_people(rae: Person, sam: Person, mallory: Person, team: Organisation) -> None:
    founder = Role.objects.get(organisation=team, slug="founder")
    for stranger in (rae, sam, mallory):
        with pytest.raises(Forbidden):
            lifecycle.add_person(team, email="new@harbour.example", by=stranger)
        with pytest.raises(Forbidden):
            lifecycle.give_role(sam, founder, by=stranger)
        with pytest.raises(Forbidden):
            lifecycle.deactivate_person(sam, by=stranger)


def test_a_role_of_another_organisation_cannot_be_given(ada: Person, sam: Person) -> None:
    foreign = Role.objects.get(organisation=OrganisationFactory(), slug="founder")
    with pytest.raises(Unacceptable) as refused:
        lifecycle.give_role(sam, foreign, by=ada)
    assert refused.value.code == "unknown_reference"


def test_a_given_role_counts_at_once_and_a_taken_one_no_more(ada: Person, sam: Person, team: Organisation) -> None:
    partner = Role.objects.get(organisation=team, slug="reliability-partner")
    sam = lifecycle.give_role(sam, partner, by=ada)
    assert may(sam, PROPOSE)
    sam = lifecycle.take_role(sam, partner, by=ada)
    assert not may(sam, PROPOSE)


def test_giving_a_role_twice_is_told_once(ada: Person, sam: Person, team: Organisation) -> None:
    founder = Role.objects.get(organisation=team, slug="founder")
    lifecycle.give_role(sam, founder, by=ada)
    lifecycle.give_role(sam, founder, by=ada)
    assert Event.objects.filter(kind="role.given", subject_id=str(sam.pk), text__contains="Founder").count() == 1


def test_the_last_administrator_stays(ada: Person, team: Organisation) -> None:
    admin = Role.objects.get(organisation=team, slug="admin")
    with pytest.raises(Refused, match="last administrator"):
        lifecycle.take_role(ada, admin, by=ada)
    with pytest.raises(Refused, match="last administrator"):
        lifecycle.deactivate_person(ada, by=ada)
    assert may(Person.objects.get(pk=ada.pk), ADMINISTER)


def test_deactivation_ends_rights_and_tokens_at_once_and_can_be_undone(ada: Person, rae: Person) -> None:
    token = TokenFactory(person=rae)
    gone = lifecycle.deactivate_person(rae, by=ada)
    assert not may(gone, APPROVE)
    assert "deactivated" in may(gone, APPROVE).because
    assert Token.objects.get(pk=token.pk).revoked_at is not None
    with pytest.raises(Refused, match="already deactivated"):
        lifecycle.deactivate_person(rae, by=ada)
    back = lifecycle.reactivate_person(rae, by=ada)
    assert may(back, APPROVE)
    assert Token.objects.get(pk=token.pk).revoked_at is not None
