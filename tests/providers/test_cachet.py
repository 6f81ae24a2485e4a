"""Cachet is written to once for each step, in the words that every status page understands."""

from dataclasses import replace
from typing import Any

import pytest

from apps.providers import registry
from apps.providers.base import Access, Call, OutcomeKind, Proof, Seen, Sending
from apps.providers.cachet.wire import COMPONENT_STATES
from apps.providers.simulation import Simulators
from tests.providers.conftest import Connect, Serve
from tests.providers.raw import answer, in_turn, routed

CACHET, STATUSPAGE = registry.provider("cachet"), registry.provider("statuspage")
CREATE = Call("create", {"name": "Share links fail", "body": "We are looking into it."})
UPDATE = Call("update", {"incident": "Digests are late", "body": "Found.", "status": "monitoring"})
RESOLVE = Call("resolve", {"incident": "Digests are late", "body": "All is well."})
COMPONENT = Call("component_status", {"component": "Share links", "status": "partial_outage"})
MARK = "\n\n[//]: # (rp-marker-1)"


@pytest.fixture
def access(connect: Connect) -> Access:
    """Motion Mavericks' Cachet."""
    return connect("cachet")


def page(simulators: Simulators) -> dict[str, Any]:
    found: dict[str, Any] = simulators.do("cachet", "look", organisation="motion-mavericks")
    return found


def test_an_incident_is_seen_by_everybody_and_carries_a_mark_that_nobody_sees(
    access: Access, simulators: Simulators, sending: Sending
) -> None:
    given = {
        "status": "identified",
        "components": {"API": "major_outage", "1": "degraded_performance"},
        "notify": False,
    }
    outcome = CACHET.apply(access, replace(CREATE, parameters={**CREATE.parameters, **given}), sending)
    assert (outcome.kind, outcome.evidence) == (OutcomeKind.SUCCEEDED, {"id": "2"})
    made = page(simulators)["incidents"]["2"]
    assert (made["status"], made["visible"], made["components"]) == (2, True, {"2": 4, "1": 2})
    assert made["message"] == f"We are looking into it.{MARK}"
    assert page(simulators)["mails"] == 0


def test_an_incident_whose_answer_was_lost_is_found(access: Access, simulators: Simulators, sending: Sending) -> None:
    simulators.fault("reset_after", slug="cachet")
    assert CACHET.apply(access, CREATE, sending).kind is OutcomeKind.AMBIGUOUS
    assert CACHET.observe(access, CREATE, sending).seen is Seen.DESIRED
    assert CACHET.observe(access, CREATE, replace(sending, marker="rp-marker")).seen is Seen.OTHER


def test_the_same_text_twice_is_two_updates(access: Access, simulators: Simulators, sending: Sending) -> None:
    """What is written every five minutes must not be taken for what was written before."""
    other = replace(sending, marker="rp-marker-2")
    assert CACHET.apply(access, UPDATE, sending).kind is OutcomeKind.SUCCEEDED
    assert CACHET.observe(access, UPDATE, other).seen is Seen.OTHER
    assert CACHET.apply(access, UPDATE, other).kind is OutcomeKind.SUCCEEDED
    updates = page(simulators)["incidents"]["1"]["updates"]
    assert [one["status"] for one in updates] == [3, 3]
    assert updates[0]["message"] == f"Found.{MARK}"


def test_an_update_without_a_status_leaves_it(access: Access, simulators: Simulators, sending: Sending) -> None:
    CACHET.apply(access, UPDATE, sending)
    CACHET.apply(access, Call("update", {"incident": "1", "body": "Still."}), replace(sending, marker="m2"))
    assert page(simulators)["incidents"]["1"]["status"] == 3


def test_resolving_is_seen(access: Access, simulators: Simulators, sending: Sending) -> None:
    before = CACHET.observe(access, RESOLVE)
    assert (before.seen, before.identity, before.summary) == (
        Seen.OTHER,
        {"resolved": "no"},
        "“Digests are late” is investigating.",
    )
    assert CACHET.apply(access, RESOLVE, sending).kind is OutcomeKind.SUCCEEDED
    assert page(simulators)["incidents"]["1"]["status"] == 4
    assert CACHET.verify(access, RESOLVE, sending).proof is Proof.SATISFIED


def test_an_incident_that_an_earlier_step_will_make_is_no_drift_later(access: Access, sending: Sending) -> None:
    call = Call("resolve", {"incident": "Share links fail", "body": "Over."})
    planned = CACHET.observe(access, call)
    CACHET.apply(access, CREATE, sending)
    assert CACHET.observe(access, call, sending).identity == planned.identity


def test_a_component_goes_back_to_what_it_was(access: Access, simulators: Simulators, sending: Sending) -> None:
    baseline = CACHET.observe(access, COMPONENT)
    assert CACHET.apply(access, COMPONENT, sending).kind is OutcomeKind.SUCCEEDED
    assert page(simulators)["components"]["3"]["status"] == COMPONENT_STATES["partial_outage"]
    inverse = CACHET.inverse_of(COMPONENT, baseline)
    assert inverse == Call("component_status", {"component": "Share links", "status": "operational"})
    assert CACHET.inverse_of(UPDATE, baseline) is None


def test_what_is_not_there_is_refused_by_name(access: Access, simulators: Simulators, sending: Sending) -> None:
    unknown = CACHET.apply(access, Call("update", {"incident": "Nobody's", "body": "x"}), sending)
    assert (unknown.kind, unknown.needs_operator) == (OutcomeKind.REJECTED, True)
    cellar = CACHET.apply(access, Call("component_status", {"component": "Cellar", "status": "unknown"}), sending)
    assert (cellar.kind, "“Cellar”" in cellar.message) == (OutcomeKind.REJECTED, True)
    CACHET.apply(access, Call("create", {"name": "Digests are late", "body": "Again."}), sending)
    twice = CACHET.apply(access, UPDATE, sending)
    assert "Give the incident's id instead" in twice.message
    assert len(simulators.effects("cachet")) == 1


@pytest.mark.parametrize("fault", [{"kind": "status", "status": 503}, {"kind": "reset_before"}])
def test_what_has_to_be_known_first_and_cannot_be_read_just_now_is_tried_again(
    fault: dict[str, Any], access: Access, simulators: Simulators, sending: Sending
) -> None:
    simulators.fault(slug="cachet", reads=True, times=3, **fault)
    outcome = CACHET.apply(access, UPDATE, sending)
    assert (outcome.kind, outcome.retryable) == (OutcomeKind.NOT_SENT, True)
    assert simulators.journal("cachet") == []


def test_a_token_without_the_right_is_told_which_it_lacks(
    access: Access, simulators: Simulators, sending: Sending
) -> None:
    simulators.settings("cachet", abilities=["incidents.manage"])
    assert CACHET.apply(access, CREATE, sending).kind is OutcomeKind.SUCCEEDED
    outcome = CACHET.apply(access, UPDATE, sending)
    assert (outcome.kind, outcome.status) == (OutcomeKind.REJECTED, 403)
    assert "incident-updates.manage" in outcome.message


def test_over_the_limit_it_waits_as_long_as_it_is_asked(serve: Serve, sending: Sending) -> None:
    server = serve(answer(429, {"message": "Too Many Attempts."}, {"Retry-After": "41"}))
    outcome = CACHET.apply(Access(server.url, {}, {"token": "1|0123456789"}), CREATE, sending)
    assert (outcome.kind, outcome.retry_after_seconds) == (OutcomeKind.RETRY_LATER, 41.0)
    assert server.requests[0].target == "/api/incidents"
    assert server.requests[0].headers["authorization"] == "Bearer 1|0123456789"


def incident(number: int, message: str = "x") -> dict[str, Any]:
    attributes = {"id": number, "name": "Old", "message": message, "status": {"value": 4, "human": "Fixed"}}
    return {"id": str(number), "type": "incidents", "attributes": attributes}


def test_pages_are_followed_as_long_as_there_is_a_next_one_whatever_their_size(serve: Serve, sending: Sending) -> None:
    first = answer(200, {"data": [incident(1)], "links": {"next": "https://elsewhere.example/?page=2"}})
    second = answer(200, {"data": [incident(2, f"x{MARK}")], "links": {"next": None}})
    server = serve(routed({"GET /status/api/incidents": in_turn(first, second)}))
    access = Access(f"{server.url}/status", {}, {"token": "1|0123456789"})
    assert CACHET.observe(access, CREATE, sending).seen is Seen.DESIRED
    assert [one.target for one in server.requests] == [
        "/status/api/incidents?page=1&per_page=100",
        "/status/api/incidents?page=2&per_page=100",
    ]


def test_the_same_playbook_serves_both_kinds_of_status_page() -> None:
    for name in ("create", "update", "resolve", "component_status"):
        ours = {one.name: one for one in CACHET.action(name).parameters}
        theirs = {one.name: one for one in STATUSPAGE.action(name).parameters}
        assert set(ours) <= set(theirs)
        assert [one for one in theirs.values() if one.required and one.name not in ours] == []
        assert all(set(theirs[key].choices) <= set(one.choices) for key, one in ours.items())


@pytest.mark.parametrize(
    ("abilities", "there", "level"),
    [
        (["incidents.manage"], True, "ok"),
        (["incidents.manage", "subscribers.manage"], True, "warning"),
        (["incidents.manage"], False, "warning"),
    ],
)
def test_the_preflight_tells_whether_the_token_is_good_although_reading_needs_none(
    abilities: list[str], there: bool, level: str, access: Access, simulators: Simulators
) -> None:
    simulators.settings("cachet", abilities=abilities, subscribers=there)
    found = {one.code: one for one in CACHET.check(access)}
    assert found["sign-in"].level == level
    assert found["components"].message == "It has 3 components: App, API, Share links."


def test_a_wrong_token_is_an_error(connect: Connect) -> None:
    findings = CACHET.check(connect("cachet", credentials={"token": "1|nobody-knows-it"}))
    assert [(one.level, one.code) for one in findings] == [("ok", "version"), ("error", "sign-in")]


def test_an_address_that_is_no_cachet_is_an_error(serve: Serve) -> None:
    server = serve(answer(200, {"hello": "world"}))
    findings = CACHET.check(Access(server.url, {}, {"token": "1|0123456789"}))
    assert [(one.level, one.code) for one in findings] == [("error", "sign-in")]
    assert "not an answer of Cachet's API" in findings[0].message


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"components": {"API": "broken"}}, "“API” cannot be “broken”"),
        ({"components": "API"}, "“components” must map names to states."),
        ({"name": "x" * 256}, "“name” is longer than 255 characters."),
        ({"impact": "major"}, "Open an incident on the status page has no parameter “impact”."),
    ],
)
def test_what_cachet_would_not_take_is_refused_when_it_is_written(given: dict[str, Any], problem: str) -> None:
    assert CACHET.problems(replace(CREATE, parameters={**CREATE.parameters, **given}))[0].startswith(problem)
