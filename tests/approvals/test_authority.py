"""The authority preview: who could agree, can they be reached, and what stands in the way."""

from __future__ import annotations

from typing import Any

import pytest

from apps.accounts.models import Role, Substitute
from apps.approvals import authority
from apps.approvals.authority import Wanted
from apps.approvals.rule_lifecycle import make_rule
from apps.approvals.seating import unfilled
from apps.playbooks import lifecycle as playbooks
from apps.timeline.log import SYSTEM
from tests.accounts.conftest import program, sign_in
from tests.accounts.factories import OrganisationFactory, PersonFactory
from tests.deployments.factories import EnvironmentFactory, ServiceFactory

PLAYBOOK = """
version: 1
slug: portal-rollback
name: Portal rollback
approvals: {all_of: [founder, client-success-lead], due_minutes: 5}
steps:
  - {name: Look, human: Look at the portal.}
"""
RESTORE = (
    PLAYBOOK.replace("portal-rollback", "portal-restore")
    + """\
  - {name: Restore, use: database.request, with: {method: POST, path: /restore}}
"""
)
QUERIES = 30


@pytest.fixture
def team(db: None) -> Any:
    return OrganisationFactory()


@pytest.fixture
def ada(team: Any) -> Any:
    return PersonFactory(organisation=team, name="Ada", roles=["admin"])


@pytest.fixture
def production(team: Any) -> Any:
    return EnvironmentFactory(service=ServiceFactory(organisation=team, slug="portal"))


@pytest.fixture
def portal(team: Any) -> None:
    for text in (PLAYBOOK, RESTORE):
        draft = playbooks.draft(team, by=SYSTEM, content=text)
        playbooks.publish(draft, by=SYSTEM, comment="For the test")


def asked(team: Any, environment: Any = None, **given: Any) -> authority.Authority:
    return authority.preview(team, authority.read_wanted(team, given, environment))


def names(sitters: Any) -> list[str]:
    return [sitter.person.name for sitter in sitters]


def test_each_seat_says_who_could_sit_and_how_to_reach_them(team: Any, production: Any, portal: None) -> None:
    """S2-11, S4-68."""
    mia = PersonFactory(organisation=team, name="Mia", roles=["founder"])
    mia.phone = "+61 400 000 001"
    mia.save()
    PersonFactory(organisation=team, name="Josh", roles=["client-success-lead"])
    shown = asked(team, production, procedure="portal-rollback", severity="P1")
    assert [(seat.roles, names(seat.sitters)) for seat in shown.seats] == [
        ("Founder", ["Mia"]),
        ("Client Success Lead", ["Josh"]),
    ]
    assert shown.possible
    assert shown.seats[0].sitters[0].phone == "+61 400 000 001"
    assert shown.ruling.because == (
        "Founder and Client Success Lead must agree: “Portal rollback, revision 1” asks for it."
    )
    assert sorted(person.name for person in shown.blocks) == ["Josh", "Mia"]


def test_a_seat_nobody_can_fill_is_a_gap(team: Any, production: Any, portal: None) -> None:
    PersonFactory(organisation=team, name="Mia", roles=["founder"])
    shown = asked(team, production, procedure="portal-rollback")
    assert [seat.gap for seat in shown.seats] == ["", "Nobody holds this role."]
    assert not shown.possible
    assert shown.blocks == ()


def test_one_person_with_two_roles_fills_one_seat(team: Any, production: Any, portal: None) -> None:
    PersonFactory(organisation=team, name="Both", roles=["founder", "client-success-lead"])
    shown = asked(team, production, procedure="portal-rollback")
    assert [bool(seat.gap) for seat in shown.seats].count(True) == 1
    assert "needed for another seat" in "".join(seat.gap for seat in shown.seats)


def test_a_restore_in_production_needs_its_own_right(team: Any, ada: Any, production: Any, portal: None) -> None:
    """S4-36: the title alone is not enough."""
    make_rule(team, by=ada, said={"name": "Restores", "impacts": ["restore"], "any_of": ["cto", "engineering-lead"]})
    PersonFactory(organisation=team, name="Greta", roles=["engineering-lead"])
    PersonFactory(organisation=team, name="Helena", roles=["cto"])
    shown = asked(team, production, procedure="portal-restore", severity="P0")
    (seat,) = shown.seats
    assert [(sitter.person.name, sitter.can) for sitter in seat.sitters] == [("Helena", True), ("Greta", False)]
    assert "approve a restore in production" in seat.sitters[1].because
    assert [person.name for person in shown.blocks] == ["Helena"]


def test_substitutes_are_named_and_help_only_later(team: Any, production: Any, portal: None) -> None:
    PersonFactory(organisation=team, name="Mia", roles=["founder"])
    stand_in = PersonFactory(organisation=team, name="Tom", roles=["technical-lead"])
    role = Role.objects.get(organisation=team, slug="client-success-lead")
    Substitute.objects.create(organisation=team, role=role, person=stand_in)
    seat = asked(team, production, procedure="portal-rollback").seats[1]
    assert (names(seat.sitters), names(seat.substitutes)) == ([], ["Tom"])
    assert seat.gap == "Nobody holds this role. Only a substitute can, once the time is up."


def test_who_is_told_afterwards_is_shown_where_nobody_is_asked(team: Any, ada: Any) -> None:
    """S4-73."""
    make_rule(team, by=ada, said={"name": "P0 starts at once", "severities": ["P0"], "told_after": ["cto"]})
    PersonFactory(organisation=team, name="Helena", roles=["cto"])
    shown = asked(team, severity="P0")
    assert (shown.seats, names(shown.told_after), shown.possible) == ((), ["Helena"], True)


def test_the_ladder_is_shown_and_comes_from_the_strictest_rule_that_has_one(
    team: Any, ada: Any, production: Any, portal: None
) -> None:
    """S5-51."""
    rungs = [{"minutes": 5, "roles": ["on-call-engineer"]}, {"minutes": 15, "roles": ["cto", "founder"]}]
    make_rule(team, by=ada, said={"name": "Ladder", "any_of": ["cto", "founder"], "ladder": rungs})
    shown = asked(team, production, procedure="portal-rollback")
    assert shown.ruling.name == "Portal rollback, revision 1"
    assert shown.ladder == ("After 5 minutes: On-Call Engineer", "After 15 minutes: CTO or Founder")
    page = sign_in(ada).get("/authority/?procedure=portal-rollback").content.decode()
    assert "After 15 minutes: CTO or Founder" in page


def test_people_of_other_organisations_and_those_who_left_are_not_there(
    team: Any, production: Any, portal: None
) -> None:
    PersonFactory(organisation=OrganisationFactory(), name="Stranger", roles=["founder"])
    gone = PersonFactory(organisation=team, name="Gone", roles=["founder"])
    gone.active = False
    gone.save()
    assert names(asked(team, production, procedure="portal-rollback").seats[0].sitters) == []


@pytest.mark.parametrize(
    ("able", "empty"),
    [
        ([], []),
        ([["a"], ["a", "b"]], []),
        ([["a", "b"], ["a"]], []),
        ([["a"], ["a"]], [1]),
        ([[], ["a"]], [0]),
        ([["a", "b"], ["b", "c"], ["c", "a"]], []),
        ([["a", "b"], ["a", "b"], ["a", "b"]], [2]),
    ],
)
def test_seats_are_filled_by_different_people(able: list[list[str]], empty: list[int]) -> None:
    assert unfilled(able) == empty


def test_the_page_and_programs_tell_the_same(team: Any, production: Any, portal: None) -> None:
    mia = PersonFactory(organisation=team, name="Mia", email="mia@team.example", roles=["founder"])
    browser, client = sign_in(mia), program(mia)
    page = browser.get(f"/authority/?procedure=portal-rollback&severity=P1&environment={production.pk}")
    text = page.content.decode()
    assert page.status_code == 200
    assert "It cannot be agreed to now" in text
    assert "Nobody holds this role." in text
    assert 'href="mailto:mia@team.example"' in text
    assert "no telephone number" in text
    told = client.get(
        "/api/v1/authority?procedure=portal-rollback&severity=P1&service=portal&environment=production"
    ).json()
    assert (told["possible"], told["because"]) == (
        False, "Founder and Client Success Lead must agree: “Portal rollback, revision 1” asks for it.",
    )  # fmt: skip
    assert told["seats"][0]["people"][0]["person"] == "mia@team.example"
    assert told["seats"][1]["gap"] == "Nobody holds this role."


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("kind=no.such", "invalid"),
        ("severity=P9", "invalid"),
        ("procedure=nowhere", "unknown_reference"),
        ("service=portal&environment=nowhere", "unknown_reference"),
        ("service=nowhere", "unknown_reference"),
        ("impact=noise", "invalid"),
    ],
)
def test_programs_are_told_what_cannot_be_asked(team: Any, ada: Any, production: Any, query: str, code: str) -> None:
    answer = program(ada).get(f"/api/v1/authority?{query}")
    assert (answer.status_code, answer.json()["code"]) == (422, code)


def test_wrong_choices_on_the_page_are_told(ada: Any) -> None:
    page = sign_in(ada).get("/authority/?severity=P9&environment=x&procedure=nowhere")
    assert page.status_code == 422
    assert "P9 is not one of the available choices" in page.content.decode()


def test_the_preview_costs_few_queries(
    team: Any, production: Any, portal: None, django_assert_max_num_queries: Any
) -> None:
    for number in range(6):
        PersonFactory(organisation=team, name=f"Founder {number}", roles=["founder"])
    wanted = authority.read_wanted(team, {"procedure": "portal-rollback"}, production)
    with django_assert_max_num_queries(QUERIES):
        authority.preview(team, wanted)
    assert isinstance(wanted, Wanted)
