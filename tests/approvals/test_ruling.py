"""Who must agree, and why: the order of rules as a property, and every case that the teams' own plans name."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.approvals.kinds import IMPACTS, QUESTIONS
from apps.approvals.models import Rule
from apps.approvals.rules import seats
from apps.approvals.ruling import Own, Ruling, rule_for
from apps.approvals.strictness import Candidate, Decision, covers, decide, rank, strictness
from tests.accounts.factories import OrganisationFactory
from tests.deployments.factories import EnvironmentFactory, ServiceFactory

ROLES = st.lists(st.sampled_from(["cto", "founder", "lead", "commander"]), unique=True, max_size=3)
DEMANDS = st.one_of(
    st.builds(lambda roles: {"all_of": roles}, ROLES),
    st.builds(lambda roles, needed: {"any_of": roles, "needed": needed}, ROLES, st.integers(1, 3)),
)
CANDIDATES = st.lists(
    st.builds(
        Candidate,
        name=st.sampled_from("abcdefgh"),
        demand=DEMANDS,
        of_procedure=st.booleans(),
        of_severity=st.booleans(),
        of_restore=st.booleans(),
        own=st.booleans(),
        fallback=st.booleans(),
        told_after=st.lists(st.sampled_from(["cto", "founder"]), max_size=2).map(tuple),
        key=st.sampled_from("1234"),
    ),
    min_size=1,
    max_size=6,
)


def winner(candidates: list[Candidate]) -> Candidate:
    decision = decide(candidates)
    assert decision is not None
    return decision.winner


@given(CANDIDATES, st.randoms())
def test_the_order_in_which_rules_are_found_decides_nothing(candidates: list[Candidate], chance: Any) -> None:
    shuffled = list(candidates)
    chance.shuffle(shuffled)
    assert strictness(winner(shuffled)) == strictness(winner(candidates))


@given(CANDIDATES)
def test_a_severity_never_overrides_a_procedure_that_asks_somebody(candidates: list[Candidate]) -> None:
    said = [one for one in candidates if not one.fallback] or candidates
    if any(one.of_procedure and one.asks for one in said):
        assert winner(candidates).asks
        assert winner(candidates).of_procedure or not winner(candidates).of_severity


@given(CANDIDATES)
def test_a_restore_is_never_agreed_to_by_people_whom_its_rule_does_not_name(candidates: list[Candidate]) -> None:
    decided = winner(candidates)
    back = {one.name for one in (decide(candidates) or Decision(decided)).stepped_back}
    asked = [one for one in candidates if one.of_restore and one.asks and not one.fallback and one.name not in back]
    if asked and not decided.fallback:
        assert any(covers(decided.demand, one.demand) for one in asked)


@given(CANDIDATES)
def test_nobody_is_asked_only_where_no_rule_asks_anybody(candidates: list[Candidate]) -> None:
    said = [one for one in candidates if not one.fallback] or candidates
    assert winner(candidates).asks == any(one.asks for one in said)


@given(CANDIDATES)
def test_the_strictest_of_those_that_did_not_step_back_decides(candidates: list[Candidate]) -> None:
    decision = decide(candidates)
    assert decision is not None
    assert all(rank(decision.winner) >= rank(one) for one in decision.milder)


@given(DEMANDS, DEMANDS, DEMANDS)
def test_covering_is_an_order(a: dict[str, Any], b: dict[str, Any], c: dict[str, Any]) -> None:
    assert covers(a, a)
    assert covers(a, {})
    if covers(a, b) and covers(b, c):
        assert covers(a, c)
    if covers(a, b):
        assert len(seats(a)) >= len(seats(b))


@pytest.mark.parametrize(
    ("strict", "mild", "holds"),
    [
        ({"all_of": ["founder", "cto"]}, {"all_of": ["cto"]}, True),
        ({"all_of": ["founder", "cto"]}, {"any_of": ["cto", "lead"]}, True),
        ({"any_of": ["cto", "lead"], "needed": 2}, {"all_of": ["cto"]}, False),
        ({"all_of": ["cto", "lead"]}, {"any_of": ["cto", "lead"], "needed": 2}, True),
        ({"all_of": ["cto"]}, {"any_of": ["cto", "lead"], "needed": 2}, False),
    ],
)
def test_what_covers_what(strict: dict[str, Any], mild: dict[str, Any], holds: bool) -> None:
    assert covers(strict, mild) is holds


# --- with rows -------------------------------------------------------------------------------------------------------


@pytest.fixture
def team(db: None) -> Any:
    return OrganisationFactory()


@pytest.fixture
def production(team: Any) -> Any:
    return EnvironmentFactory(service=ServiceFactory(organisation=team))


def rule(team: Any, name: str, **more: Any) -> Rule:
    return Rule.objects.create(organisation=team, name=name, **more)


def asked(ruling: Ruling) -> list[list[str]]:
    return seats(ruling.demand)


PLAYBOOK = Own("Portal rollback, revision 3", {"all_of": [], "any_of": ["incident-commander", "technical-lead"]}, 5, 60)
AT_ONCE = Own("Derrimut rollback, revision 1", {"all_of": []})


def test_a_restore_asks_the_cto_even_where_p0_starts_at_once(team: Any, production: Any) -> None:
    """S4-03, S4-06, S4-36; C2, C3."""
    rule(team, "P0 starts at once", severities=["P0"], told_after=["cto"])
    rule(team, "Restores", impacts=["restore"], demand={"all_of": ["cto"]})
    at_p0 = {"kind": "rollback.start", "severity": "P0", "environment": production, "otherwise": AT_ONCE}
    without = rule_for(team, **at_p0)
    assert (asked(without), without.told_after, without.right) == ([], ("cto",), "approve")
    assert without.because == "Nobody needs to agree: “P0 starts at once” says so at P0."
    restoring = rule_for(team, **at_p0, impacts=["restore"])
    assert (asked(restoring), restoring.right) == ([["cto"]], "approve_restores")
    assert "a rule for the procedure wins over “P0 starts at once”" in restoring.because


def test_the_restores_rule_says_why_it_wins(team: Any, production: Any) -> None:
    rule(team, "P0 starts at once", severities=["P0"])
    rule(team, "Restores", impacts=["restore"], demand={"all_of": ["cto"]})
    ruling = rule_for(team, kind="rollback.start", severity="P0", environment=production, impacts=["restore"])
    assert ruling.name == "Restores"
    assert ruling.because == (
        "CTO must agree: “Restores” asks for it at any severity, "
        "and a rule for the procedure wins over “P0 starts at once”."
    )
    assert [one.name for one in ruling.considered] == ["Restores", "P0 starts at once"]


def test_a_restore_is_not_agreed_to_by_two_others(team: Any, production: Any) -> None:
    rule(team, "Restores", impacts=["restore"], demand={"all_of": ["cto"]})
    two = Own("Two people, revision 1", {"all_of": ["founder", "client-success-lead"]})
    ruling = rule_for(team, kind="rollback.start", environment=production, impacts=["restore"], otherwise=two)
    assert asked(ruling) == [["cto"]]
    assert "“Two people, revision 1” does not suffice for a restore" in ruling.because
    three = Own("With the CTO, revision 1", {"all_of": ["founder", "cto"]})
    ruling = rule_for(team, kind="rollback.start", environment=production, impacts=["restore"], otherwise=three)
    assert asked(ruling) == [["founder"], ["cto"]]


def test_a_restore_outside_production_needs_no_right_of_its_own(team: Any) -> None:
    staging = EnvironmentFactory(service=ServiceFactory(organisation=team), kind="staging")
    assert rule_for(team, kind="rollback.start", environment=staging, impacts=["restore"]).right == "approve"


def test_a_restore_in_production_is_never_started_by_nobody(team: Any, production: Any) -> None:
    """S4-36, even where somebody has retired the rule about restores."""
    ruling = rule_for(team, kind="rollback.start", environment=production, impacts=["restore"], otherwise=AT_ONCE)
    assert (asked(ruling), ruling.right) == ([["cto"]], "approve_restores")
    assert ruling.because.startswith("CTO must agree: “A restore in production always needs somebody” asks for it")


def test_without_any_rule_the_playbook_decides(team: Any) -> None:
    ruling = rule_for(team, kind="rollback.start", severity="P1", otherwise=PLAYBOOK)
    assert ruling.because == (
        "Incident Commander or Technical Lead must agree: “Portal rollback, revision 3” asks for it."
    )
    assert (ruling.due_minutes, ruling.expires_minutes) == (5, 60)


def test_what_a_playbook_does_not_say_itself_counts_only_without_rules(team: Any) -> None:
    silent = Own("Silent, revision 1", {"any_of": ["incident-commander"]}, fallback=True)
    assert asked(rule_for(team, kind="rollback.start", severity="P1", otherwise=silent)) == [["incident-commander"]]
    rule(team, "P1", severities=["P1"], demand={"all_of": ["engineering-lead"]})  # S4-12
    assert asked(rule_for(team, kind="rollback.start", severity="P1", otherwise=silent)) == [["engineering-lead"]]


def test_a_playbook_that_asks_nobody_makes_no_rule_step_back(team: Any) -> None:
    rule(team, "P0 needs the commander", severities=["P0"], demand={"all_of": ["incident-commander"]})
    ruling = rule_for(team, kind="rollback.start", severity="P0", otherwise=AT_ONCE)
    assert asked(ruling) == [["incident-commander"]]


def test_rules_alike_are_told_as_such(team: Any) -> None:
    rule(team, "A", demand={"all_of": ["cto"]})
    rule(team, "B", demand={"all_of": ["founder"]})
    assert rule_for(team, kind="freeze.lift").because.endswith("it is as strict as “A”, so their names decide.")


@pytest.mark.parametrize(
    ("condition", "situation", "holds"),
    [
        ({"kinds": ["freeze.lift"]}, {}, False),
        ({"kinds": ["rollback.start"]}, {}, True),
        ({"severities": ["P1"]}, {"severity": "P1"}, True),
        ({"severities": ["P1"]}, {"severity": "P0"}, False),
        ({"severities": ["P1"]}, {}, False),
        ({"procedures": ["one"]}, {"procedure": "one"}, True),
        ({"procedures": ["one"]}, {"procedure": "two"}, False),
        ({"impacts": ["restore", "data_loss"]}, {"impacts": ["data_loss"]}, True),
        ({"impacts": ["restore"]}, {"impacts": ["data_loss"]}, False),
        ({"severities": ["P1"], "impacts": ["restore"]}, {"severity": "P1"}, False),
    ],
)
def test_when_a_rule_matches(team: Any, condition: dict[str, Any], situation: dict[str, Any], holds: bool) -> None:
    rule(team, "One", demand={"all_of": ["cto"]}, **condition)
    assert bool(asked(rule_for(team, kind="rollback.start", **situation))) is holds


def test_a_rule_for_a_place_holds_there_only(team: Any, production: Any) -> None:
    rule(team, "Here", environment=production, demand={"all_of": ["cto"]})
    other = EnvironmentFactory(service=production.service, name="staging", kind="staging")
    assert asked(rule_for(team, kind="freeze.lift", environment=production)) == [["cto"]]
    assert asked(rule_for(team, kind="freeze.lift", environment=other)) == []
    assert asked(rule_for(team, kind="freeze.lift")) == []
    assert asked(rule_for(team, kind="freeze.lift", environments=[other, production])) == [["cto"]]


def test_a_retired_rule_and_a_neighbours_rule_decide_nothing(team: Any) -> None:
    rule(team, "Over", demand={"all_of": ["cto"]}, active=False)
    rule(OrganisationFactory(), "Theirs", demand={"all_of": ["cto"]})
    assert asked(rule_for(team, kind="freeze.lift")) == []


def test_ruling_costs_two_queries(team: Any, production: Any, django_assert_num_queries: Any) -> None:
    for number in range(5):
        rule(team, f"Rule {number}", demand={"all_of": ["cto"]})
    with django_assert_num_queries(2):
        rule_for(team, kind="rollback.start", severity="P0", environment=production, otherwise=PLAYBOOK)


def test_every_word_is_known() -> None:
    assert all(len(name) <= 40 for name in (*QUESTIONS, *IMPACTS))


def test_a_floor_is_never_lowered_and_any_stricter_rule_decides_instead(team: Any) -> None:
    """D.2 rows 24 and 26: a rule that asks nobody cannot turn a second person away."""
    two = Own("Two of those who decide", {"any_of": ["incident-commander", "technical-lead"]}, floor=True)
    rule(team, "P0 is free", severities=["P0"])
    assert asked(rule_for(team, kind="rollback.adopt", severity="P0", otherwise=two, right="operate")) != []
    rule(team, "At P0 the CTO", severities=["P0"], demand={"all_of": ["cto"]})
    ruling = rule_for(team, kind="rollback.adopt", severity="P0", otherwise=two, right="operate")
    assert (asked(ruling), ruling.right) == ([["cto"]], "approve")
    at_p1 = rule_for(team, kind="rollback.adopt", severity="P1", otherwise=two, right="operate")
    assert at_p1.right == "operate"
