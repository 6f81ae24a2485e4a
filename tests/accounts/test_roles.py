"""Roles as data: made, renamed, given rights here and there, stood in for; and where nobody would answer."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from apps.accounts import lifecycle, rights, role_changes
from apps.accounts.gaps import Need, held_roles
from apps.accounts.models import Grant, Organisation, Person, Role, RoleHolding, Substitute
from apps.accounts.permissions import may
from apps.accounts.role_pages import overview, roles_of
from apps.approvals.models import Rule
from apps.timeline.answers import Forbidden, Refused, Unacceptable
from apps.timeline.log import SYSTEM
from apps.timeline.models import Event
from tests.accounts.conftest import program, sign_in
from tests.accounts.factories import PersonFactory
from tests.deployments.factories import EnvironmentFactory, ServiceFactory


@pytest.fixture
def live(team: Organisation) -> Any:
    return EnvironmentFactory(service=ServiceFactory(organisation=team, slug="shop", name="Shop"), name="production")


@pytest.fixture
def bea(team: Organisation) -> Person:
    """Another administrator."""
    return PersonFactory(organisation=team, name="Bea Admin", email="bea@harbour.example", roles=["admin"])


def afresh(person: Person) -> Person:
    return Person.objects.select_related("user", "organisation").get(pk=person.pk)


def role_called(team: Organisation, slug: str) -> Role:
    return Role.objects.get(organisation=team, slug=slug)


def test_a_role_is_made_held_and_changed(ada: Person, sam: Person, team: Organisation) -> None:
    made = role_changes.create_role(team, name="Night Watch", duties="Watches.", rights=[rights.SEE], by=ada)
    lifecycle.give_role(sam, made, by=ada)
    assert not may(afresh(sam), rights.APPROVE)
    role_changes.change_role(made, name="Night Crew", duties="Acts.", rights=[rights.SEE, rights.APPROVE], by=ada)
    assert may(afresh(sam), rights.APPROVE)
    role_changes.change_role(made, name="Night Crew", duties="Acts.", rights=[rights.SEE], by=ada)
    assert not may(afresh(sam), rights.APPROVE)
    told = Event.objects.filter(kind__startswith="role.", subject_kind="role").values_list("kind", flat=True)
    assert sorted(told) == ["role.changed", "role.changed", "role.created"]


def test_a_slug_and_a_right_are_looked_at(ada: Person, team: Organisation) -> None:
    with pytest.raises(Unacceptable, match="there is already a role founder"):
        role_changes.create_role(team, name="Founder", by=ada)
    with pytest.raises(Unacceptable, match="'fly' cannot be given"):
        role_changes.create_role(team, name="Pilot", rights=["fly"], by=ada)
    with pytest.raises(Unacceptable):
        role_changes.create_role(team, name="…", by=ada)


def test_rights_are_given_in_one_place_and_taken_back(ada: Person, sam: Person, team: Organisation, live: Any) -> None:
    role = role_called(team, "stakeholder")
    role_changes.grant_in(role, live, rights=[rights.OPERATE], by=ada)
    assert may(afresh(sam), rights.OPERATE, live)
    assert not may(afresh(sam), rights.OPERATE, live.service)
    assert role_changes.grant_in(role, live, rights=[], by=ada) is None
    assert not may(afresh(sam), rights.OPERATE, live)
    assert not Grant.objects.filter(role=role).exists()


def test_what_belongs_to_everybody_is_not_given_in_one_place(ada: Person, team: Organisation, live: Any) -> None:
    with pytest.raises(Unacceptable, match="cannot be given in one place only"):
        role_changes.grant_in(role_called(team, "founder"), live, rights=[rights.ADMINISTER], by=ada)


def test_a_place_of_another_organisation_is_refused(
    mallory: Person, ada: Person, team: Organisation, live: Any
) -> None:
    with pytest.raises(Forbidden, match="another organisation"):
        role_changes.grant_in(role_called(mallory.organisation, "founder"), live, rights=[rights.SEE], by=mallory)
    with pytest.raises(Forbidden, match="another organisation"):
        role_changes.change_role(role_called(team, "founder"), name="Mine", duties="", rights=[], by=mallory)


@pytest.mark.parametrize("who", ["rae", "sam"])
def test_only_administrators_change_roles(request: Any, who: str, team: Organisation, live: Any, ada: Person) -> None:
    person, role = request.getfixturevalue(who), role_called(team, "founder")
    for verb in (
        lambda: role_changes.create_role(team, name="Mine", by=person),
        lambda: role_changes.change_role(role, name="Mine", duties="", rights=[], by=person),
        lambda: role_changes.grant_in(role, live, rights=[rights.SEE], by=person),
        lambda: role_changes.name_substitutes(role, [person], by=person),
        lambda: lifecycle.change_contact(ada, phone="112233", by=person),
    ):
        with pytest.raises(Forbidden, match="Only an Administrator"):
            verb()


def test_the_last_right_to_administer_stays(ada: Person, team: Organisation) -> None:
    role = role_called(team, "admin")
    with pytest.raises(Refused, match="Nobody would be left"):
        role_changes.change_role(role, name="Administrator", duties="", rights=[rights.SEE], by=ada)
    other = role_changes.create_role(team, name="Caretaker", rights=[rights.ADMINISTER], by=ada)
    lifecycle.give_role(PersonFactory(organisation=team), other, by=ada)
    role_changes.change_role(role, name="Administrator", duties="", rights=[rights.SEE], by=ada)
    assert not may(afresh(ada), rights.ADMINISTER)


def test_nobody_raises_their_own_rights_where_another_could(
    ada: Person, bea: Person, team: Organisation, live: Any
) -> None:
    admin, founder = role_called(team, "admin"), role_called(team, "founder")
    raised = [*admin.rights, rights.APPROVE]
    for verb in (
        lambda: lifecycle.give_role(ada, founder, by=ada),
        lambda: role_changes.change_role(admin, name=admin.name, duties="", rights=raised, by=ada),
        lambda: role_changes.grant_in(admin, live, rights=[rights.APPROVE_RESTORES], by=ada),
        lambda: role_changes.name_substitutes(founder, [ada], by=ada),
    ):
        with pytest.raises(Forbidden, match="Ask another administrator: Bea Admin"):
            verb()
    assert not may(afresh(ada), rights.APPROVE, live)
    lifecycle.give_role(ada, founder, by=bea)
    assert may(afresh(ada), rights.APPROVE)


def test_the_only_administrator_may_since_there_is_nobody_to_ask(ada: Person, team: Organisation) -> None:
    lifecycle.give_role(ada, role_called(team, "founder"), by=ada)
    assert may(afresh(ada), rights.APPROVE)
    assert Event.objects.filter(kind="role.given", actor_id=ada.pk, subject_id=str(ada.pk)).exists()


def test_giving_up_or_moving_rights_one_has_is_nobodys_business(ada: Person, bea: Person, team: Organisation) -> None:
    lifecycle.give_role(ada, role_called(team, "auditor"), by=ada)
    assert RoleHolding.objects.filter(person=ada).count() == 2


def test_substitutes_stand_in_in_order(ada: Person, rae: Person, sam: Person, team: Organisation) -> None:
    role = role_called(team, "founder")
    role_changes.name_substitutes(role, [sam, rae, sam], by=ada)
    assert list(Substitute.objects.filter(role=role).values_list("person__name", "position")) == [
        ("Sam Stakeholder", 1), ("Rae Reliability", 2),
    ]  # fmt: skip
    role_changes.name_substitutes(role, [rae], by=ada)
    assert list(Substitute.objects.filter(role=role).values_list("person__name", flat=True)) == ["Rae Reliability"]
    lifecycle.deactivate_person(rae, by=ada)
    with pytest.raises(Unacceptable):
        role_changes.name_substitutes(role, [afresh(rae)], by=ada)


def test_a_phone_number_is_ones_own_or_an_administrators_to_change(ada: Person, sam: Person) -> None:
    assert lifecycle.change_contact(sam, phone=" +61 3  5550 1234 ", by=sam).phone == "+61 3 5550 1234"
    assert lifecycle.change_contact(sam, phone="", by=ada).phone == ""
    with pytest.raises(Unacceptable, match="as it is dialled"):
        lifecycle.change_contact(sam, phone="call me maybe", by=sam)
    told = Event.objects.filter(kind="person.contact_changed")
    assert told.count() == 2
    assert not any("5550" in event.text + str(event.details) for event in told)


def gaps_of(team: Organisation, *needs: Need) -> dict[str, list[str]]:
    return {one.role.slug: one.gaps for one in held_roles(roles_of(team), needs) if one.gaps}


def test_a_role_that_is_needed_and_nobody_holds_is_a_gap(team: Organisation, rae: Person) -> None:
    need = Need(("founder",), "the rule “Restores”")
    assert gaps_of(team, need)["founder"] == ["Nobody holds it, and the rule “Restores” needs it."]
    either = Need(("founder", "reliability-partner"), "the rule “Either”")
    assert "founder" not in gaps_of(team, either)
    PersonFactory(organisation=team, roles=["founder"], name="Fay")
    assert "Nobody" not in gaps_of(team, need)["founder"][0]


def test_a_needed_role_with_one_holder_and_nobody_standing_in_is_a_gap(
    team: Organisation, ada: Person, rae: Person
) -> None:
    fay = PersonFactory(organisation=team, roles=["founder"], name="Fay")
    lifecycle.change_contact(fay, phone="+61 3 5550 1234", by=fay)
    need = Need(("founder",), "the rule “Restores”")
    assert gaps_of(team, need) == {"founder": ["Fay holds it alone, with nobody named to stand in."]}
    role_changes.name_substitutes(role_called(team, "founder"), [rae], by=ada)
    assert gaps_of(team, need) == {}
    lifecycle.deactivate_person(rae, by=ada)
    assert gaps_of(team, need) != {}


def test_a_needed_holder_who_cannot_be_reached_is_a_gap(team: Organisation, ada: Person, rae: Person) -> None:
    need = Need(("reliability-partner", "founder"), "the rule “Either”")
    sentence = "Rae Reliability cannot be reached: no phone number, and never signed in."
    assert gaps_of(team, need) == {"reliability-partner": [sentence]}
    sign_in(rae)
    assert gaps_of(team, need) == {}


def test_what_rules_and_playbooks_need_is_known(team: Organisation, rae: Person) -> None:
    Rule.objects.create(
        organisation=team,
        name="Payments",
        demand={"all_of": ["security-specialist"]},
        ladder=[],
        told_after=["auditor"],
    )
    found = {role.slug: gap for role, gap in overview(rae)["gaps"]}
    assert found["security-specialist"] == "Nobody holds it, and the rule “Payments” needs it."
    assert "Payments" in found["auditor"]


def test_the_page_shows_who_holds_what_and_the_gaps(ada: Person, rae: Person, team: Organisation) -> None:
    Rule.objects.create(organisation=team, name="Payments", demand={"all_of": ["security-specialist"]})
    role_changes.name_substitutes(role_called(team, "reliability-partner"), [ada], by=SYSTEM)
    page = sign_in(rae).get("/people/").content.decode()
    assert 'data-tone="broken" aria-labelledby="gaps"' in page
    assert "Nobody holds it, and the rule “Payments” needs it." in page
    assert "Stand in, in this order" in page
    shown = sign_in(rae).get("/people/roles/security-specialist/").content.decode()
    assert "Only an Administrator may manage people" in shown
    assert "Keep the role" not in shown


def test_an_administrator_changes_roles_by_the_page(ada: Person, rae: Person, team: Organisation, live: Any) -> None:
    browser = sign_in(ada)
    assert browser.get("/people/roles/new/").status_code == 200
    made = browser.post("/people/roles/additions/", {"name": "Shop Crew", "duties": "", "rights": ["see"]})
    assert made["Location"] == "/people/roles/shop-crew/"
    browser.post("/people/roles/shop-crew/changes/", {"name": "Crew", "duties": "Acts.", "rights": ["see", "tick"]})
    browser.post("/people/roles/shop-crew/grants/", {"place": f"service:{live.service_id}", "rights": ["operate"]})
    browser.post("/people/roles/shop-crew/substitutes/", {"person_0": str(rae.pk)})
    role = role_called(team, "shop-crew")
    assert (role.name, role.duties, role.rights) == ("Crew", "Acts.", ["see", "tick"])
    assert role.grants.get().rights == ["operate"]
    assert [one.person for one in role.substitutes.all()] == [rae]
    page = browser.get("/people/roles/shop-crew/").content.decode()
    assert "May besides, in all of Shop" in page
    assert browser.post("/people/roles/shop-crew/grants/", {"place": "service:x"}).status_code == 422


def test_changing_a_role_asks_again_who_is_there(ada: Person, team: Organisation) -> None:
    browser = sign_in(ada)
    session = browser.session
    session["account_authentication_methods"] = [
        {**each, "at": each["at"] - 3600} for each in session["account_authentication_methods"]
    ]
    session.save()
    for path in ("additions/", "founder/changes/", "founder/grants/", "founder/substitutes/"):
        answer = browser.post(f"/people/roles/{path}", {"name": "Raised", "rights": ["approve"]})
        assert answer["Location"].startswith("/accounts/reauthenticate/"), path
    assert not Role.objects.filter(organisation=team, name="Raised").exists()


def test_programs_do_the_same(ada: Person, sam: Person, team: Organisation, live: Any) -> None:
    client, plain = program(ada), "application/json"
    made = client.post("/api/v1/roles", {"name": "Shop Crew", "rights": ["see"]}, content_type=plain)
    assert made.status_code == 201, made.content
    changed = client.patch("/api/v1/roles/shop-crew", {"duties": "Acts."}, content_type=plain).json()
    assert (changed["name"], changed["duties"], changed["rights"]) == ("Shop Crew", "Acts.", ["see"])
    place = {"service": "shop", "environment": "production", "rights": ["operate"]}
    assert client.put("/api/v1/roles/shop-crew/grants", place, content_type=plain).json()["grants"] == [place]
    named = client.put("/api/v1/roles/shop-crew/substitutes", {"people": [str(sam.pk)]}, content_type=plain)
    assert named.json()["substitutes"] == [str(sam.pk)]
    given = client.post(f"/api/v1/people/{sam.pk}/roles", {"role": "shop-crew"}, content_type=plain)
    assert given.json()["roles"] == ["shop-crew", "stakeholder"]
    assert client.delete(f"/api/v1/people/{sam.pk}/roles/shop-crew").json()["roles"] == ["stakeholder"]
    called = client.put(f"/api/v1/people/{sam.pk}/contact", {"phone": "+61 3 5550 1234"}, content_type=plain)
    assert called.json()["phone"] == "+61 3 5550 1234"
    assert client.post(f"/api/v1/people/{sam.pk}/deactivation").json()["active"] is False
    assert client.post(f"/api/v1/people/{sam.pk}/reactivation").json()["active"] is True


def test_programs_are_refused_what_their_person_may_not(ada: Person, sam: Person, rae: Person, live: Any) -> None:
    plain = "application/json"
    body = {"service": "shop", "rights": ["see"]}
    assert program(rae).put("/api/v1/roles/founder/grants", body, content_type=plain).status_code == 403
    scope = program(ada, "read", "write").put("/api/v1/roles/founder/grants", body, content_type=plain)
    assert scope.json()["code"] == "scope_missing"
    unknown = program(ada).put("/api/v1/roles/founder/substitutes", {"people": [str(uuid4())]}, content_type=plain)
    assert (unknown.status_code, unknown.json()["code"]) == (422, "unknown_reference")
    assert program(sam).get(f"/api/v1/people/{ada.pk}").json()["phone"] is None
