"""Statuspage is written to once for each step, found again by a marker, and left as others wrote it."""

from dataclasses import replace
from typing import Any

import pytest

from apps.providers import registry
from apps.providers.base import Access, Call, OutcomeKind, Proof, Seen, Sending
from apps.providers.simulation import Simulators
from tests.providers.conftest import Connect, Serve
from tests.providers.raw import Respond, answer, routed

STATUSPAGE = registry.provider("statuspage")
OPEN = "inc000000001"
CREATE = Call("create", {"name": "Share links fail", "body": "We are looking into it."})
UPDATE = Call("update", {"incident": "Digests are late", "body": "Found.", "status": "identified"})
RESOLVE = Call("resolve", {"incident": "Digests are late", "body": "All is well."})
COMPONENT = Call("component_status", {"component": "Share links", "status": "partial_outage"})


@pytest.fixture
def access(connect: Connect) -> Access:
    """Motion Mavericks' page."""
    return connect("statuspage")


def page(simulators: Simulators) -> dict[str, Any]:
    """Return what visitors of the page see."""
    found: dict[str, Any] = simulators.do("statuspage", "look", organisation="motion-mavericks")
    return found


def incidents(simulators: Simulators) -> list[dict[str, Any]]:
    return list(page(simulators)["incidents"].values())


def states(simulators: Simulators) -> dict[str, str]:
    return {one["name"]: one["status"] for one in page(simulators)["components"].values()}


def test_an_incident_tells_everything_it_was_given(access: Access, simulators: Simulators, sending: Sending) -> None:
    given = {"status": "identified", "impact": "critical", "components": {"API": "major_outage"}, "notify": False}
    outcome = STATUSPAGE.apply(access, replace(CREATE, parameters={**CREATE.parameters, **given}), sending)
    assert outcome.kind is OutcomeKind.SUCCEEDED
    made = incidents(simulators)[-1]
    assert outcome.evidence == {"incident": made["id"], "status": "identified"}
    assert outcome.external_url == made["shortlink"]
    assert (made["name"], made["impact_override"]) == ("Share links fail", "critical")
    assert made["metadata"] == {"rollback_portal": {"rp-marker-1": "create"}}
    assert states(simulators)["API"] == "major_outage"
    assert page(simulators)["mails"] == 0, "a drill tells nobody"


def test_an_incident_that_was_made_is_found_although_its_answer_was_lost_and_it_is_resolved(
    access: Access, simulators: Simulators, sending: Sending
) -> None:
    simulators.fault("reset_after", slug="statuspage")
    assert STATUSPAGE.apply(access, CREATE, sending).kind is OutcomeKind.AMBIGUOUS
    STATUSPAGE.apply(access, Call("resolve", {"incident": "Share links fail", "body": "Over."}), sending)
    seen = STATUSPAGE.observe(access, CREATE, sending)
    assert seen.seen is Seen.DESIRED
    assert seen.summary == "It is on the incident “Share links fail”, resolved now."
    assert STATUSPAGE.observe(access, CREATE, replace(sending, marker="another")).seen is Seen.OTHER


def test_an_update_keeps_what_other_programs_wrote_on_the_incident(
    access: Access, simulators: Simulators, sending: Sending
) -> None:
    assert STATUSPAGE.apply(access, UPDATE, sending).kind is OutcomeKind.SUCCEEDED
    STATUSPAGE.apply(access, UPDATE, replace(sending, marker="rp-marker-2"))
    (incident,) = incidents(simulators)
    assert incident["metadata"] == {
        "jira": {"issue_id": "OPS-7"},
        "rollback_portal": {"rp-marker-1": "update", "rp-marker-2": "update"},
    }
    assert [one["status"] for one in incident["incident_updates"]] == ["identified", "identified", "investigating"]
    assert page(simulators)["mails"] == 2


def test_an_update_without_a_status_leaves_it(access: Access, simulators: Simulators, sending: Sending) -> None:
    call = Call("update", {"incident": OPEN, "body": "Still looking."})
    assert STATUSPAGE.apply(access, call, sending).kind is OutcomeKind.SUCCEEDED
    (incident,) = incidents(simulators)
    assert (incident["status"], incident["incident_updates"][0]["body"]) == ("investigating", "Still looking.")


@pytest.mark.parametrize("resets", [False, True])
def test_resolving_sets_the_incidents_components_back_whatever_statuspage_does_by_itself(
    resets: bool, access: Access, simulators: Simulators, sending: Sending
) -> None:
    simulators.settings("statuspage", resolve_resets=resets)
    worse = {"components": {"App": "major_outage", "API": "degraded_performance"}}
    STATUSPAGE.apply(access, replace(UPDATE, parameters={**UPDATE.parameters, **worse}), sending)
    before = STATUSPAGE.observe(access, RESOLVE)
    assert (before.seen, before.identity) == (Seen.OTHER, {"resolved": "no"})
    assert STATUSPAGE.apply(access, RESOLVE, sending).kind is OutcomeKind.SUCCEEDED
    assert set(states(simulators).values()) == {"operational"}
    assert STATUSPAGE.verify(access, RESOLVE, sending).proof is Proof.SATISFIED


def test_an_incident_that_an_earlier_step_will_make_is_no_drift_later(
    access: Access, simulators: Simulators, sending: Sending
) -> None:
    call = Call("resolve", {"incident": "Share links fail", "body": "Over."})
    planned = STATUSPAGE.observe(access, call)
    STATUSPAGE.apply(access, CREATE, sending)
    later = STATUSPAGE.observe(access, call, sending)
    assert (planned.seen, planned.identity) == (later.seen, later.identity)


def test_an_unknown_incident_is_a_persons_matter_and_nothing_is_sent(
    access: Access, simulators: Simulators, sending: Sending
) -> None:
    outcome = STATUSPAGE.apply(access, Call("update", {"incident": "Nobody's", "body": "x"}), sending)
    assert (outcome.kind, outcome.needs_operator) == (OutcomeKind.REJECTED, True)
    assert simulators.journal("statuspage") == []


def test_two_open_incidents_of_one_name_have_to_be_told_apart(
    access: Access, simulators: Simulators, sending: Sending
) -> None:
    STATUSPAGE.apply(access, Call("create", {"name": "Digests are late", "body": "Again."}), sending)
    outcome = STATUSPAGE.apply(access, UPDATE, sending)
    assert outcome.kind is OutcomeKind.REJECTED
    assert "Give the incident's id instead" in outcome.message
    by_id = Call("update", {"incident": OPEN, "body": "Found."})
    assert STATUSPAGE.apply(access, by_id, sending).kind is OutcomeKind.SUCCEEDED


def test_a_component_goes_back_to_what_it_was(access: Access, simulators: Simulators, sending: Sending) -> None:
    baseline = STATUSPAGE.observe(access, COMPONENT)
    assert baseline.identity == {"status": "operational"}
    STATUSPAGE.apply(access, COMPONENT, sending)
    assert states(simulators)["Share links"] == "partial_outage"
    inverse = STATUSPAGE.inverse_of(COMPONENT, baseline)
    assert inverse == Call("component_status", {"component": "Share links", "status": "operational"})
    STATUSPAGE.apply(access, inverse, sending)
    assert states(simulators)["Share links"] == "operational"
    assert STATUSPAGE.inverse_of(COMPONENT, replace(baseline, identity={"status": "partial_outage"})) is None
    assert STATUSPAGE.inverse_of(COMPONENT, replace(baseline, identity={"status": ""})) is None


@pytest.mark.parametrize("status", [420, 429])
def test_over_the_limit_it_waits_a_minute(
    status: int, access: Access, simulators: Simulators, sending: Sending
) -> None:
    simulators.settings("statuspage", requests_a_minute=1, limit_status=status)
    STATUSPAGE.apply(access, CREATE, sending)
    outcome = STATUSPAGE.apply(access, CREATE, sending)
    assert (outcome.kind, outcome.status, outcome.retry_after_seconds) == (OutcomeKind.RETRY_LATER, status, 60.0)
    seen = STATUSPAGE.observe(access, CREATE, sending)
    assert seen.seen is Seen.UNREADABLE
    simulators.advance(61)
    assert STATUSPAGE.apply(access, CREATE, sending).kind is OutcomeKind.SUCCEEDED


def test_what_has_to_be_known_first_and_cannot_be_read_just_now_is_tried_again(
    access: Access, simulators: Simulators, sending: Sending
) -> None:
    for fault in ({"kind": "status", "status": 420}, {"kind": "status", "status": 503}, {"kind": "reset_before"}):
        simulators.fault(slug="statuspage", reads=True, times=3, **fault)
        outcome = STATUSPAGE.apply(access, UPDATE, sending)
        assert (outcome.kind, outcome.retryable) == (OutcomeKind.NOT_SENT, True), fault
        simulators.control("faults", method="DELETE")
    assert simulators.journal("statuspage") == []


def test_errors_are_quoted_in_either_shape(access: Access, simulators: Simulators, sending: Sending) -> None:
    for lists in (False, True):
        simulators.settings("statuspage", error_lists=lists)
        wrong = replace(access, settings={"page_id": "someoneelses"})
        assert STATUSPAGE.apply(wrong, CREATE, sending).kind is OutcomeKind.REJECTED
    simulators.fault("status", slug="statuspage", status=422, body='{"error": ["Name is taken"]}')
    assert "It says: “Name is taken”." in STATUSPAGE.apply(access, CREATE, sending).message


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"components": {"API": "broken"}}, "“API” cannot be “broken”"),
        ({"components": ["API"]}, "“components” must map names to states."),
        ({"name": "x" * 256}, "“name” is longer than 255 characters."),
        ({"body": "x" * 25_001}, "“body” is longer than 25000 characters."),
        ({"status": "resolved"}, "“status” must be one of"),
    ],
)
def test_what_statuspage_would_not_take_is_refused_when_it_is_written(given: dict[str, Any], problem: str) -> None:
    assert STATUSPAGE.problems(replace(CREATE, parameters={**CREATE.parameters, **given}))[0].startswith(problem)


def test_an_unknown_component_is_refused_by_name(access: Access, simulators: Simulators, sending: Sending) -> None:
    call = replace(CREATE, parameters={**CREATE.parameters, "components": {"Cellar": "major_outage"}})
    outcome = STATUSPAGE.apply(access, call, sending)
    assert outcome.kind is OutcomeKind.REJECTED
    assert "“Cellar”" in outcome.message
    assert simulators.journal("statuspage") == []


def many(total: int) -> list[dict[str, Any]]:
    """Return incidents of which only the last is ours."""
    made = [{"id": f"i{number}", "name": "Old", "status": "resolved", "metadata": {}} for number in range(total)]
    made[-1]["metadata"] = {"rollback_portal": {"rp-marker-1": "create"}}
    return made


def test_our_incident_is_found_on_the_third_page(serve: Serve, sending: Sending) -> None:
    found, pages = many(201), iter((0, 100, 200))

    def of_all(request: Any, connection: Any) -> None:
        begin = next(pages)
        answer(200, found[begin : begin + 100])(request, connection)

    table: dict[str, Respond] = {
        "GET /v1/pages/p1/incidents/unresolved": answer(200, []),
        "GET /v1/pages/p1/incidents": of_all,
    }
    server = serve(routed(table))
    access = Access(server.url, {"page_id": "p1"}, {"api_key": "0123456789"})
    assert STATUSPAGE.observe(access, CREATE, sending).seen is Seen.DESIRED
    assert server.requests[0].headers["authorization"] == "OAuth 0123456789"
    assert [one.target.partition("?")[2] for one in server.requests[1:]] == [
        "page=1&limit=100",
        "page=2&limit=100",
        "page=3&limit=100",
    ]


def test_an_answer_about_another_incident_is_no_success(serve: Serve, sending: Sending) -> None:
    server = serve(answer(201, {"id": "i1", "name": "Another", "status": "investigating"}))
    access = Access(server.url, {"page_id": "p1"}, {"api_key": "0123456789"})
    assert STATUSPAGE.apply(access, CREATE, sending).kind is OutcomeKind.AMBIGUOUS


def test_the_preflight_names_page_components_and_what_is_open(access: Access) -> None:
    findings = {finding.code: finding for finding in STATUSPAGE.check(access)}
    assert findings["sign-in"].message == "Signed in; the page Motion Mavericks Status is there."
    assert findings["components"].message == "It has 3 components: App, API, Share links."
    assert (findings["open"].level, "Digests are late" in findings["open"].message) == ("warning", True)
    assert {"rights", "limits"} <= set(findings)


def test_a_page_of_somebody_else_and_an_unknown_key_are_errors(connect: Connect) -> None:
    for access in (
        connect("statuspage", settings={"page_id": "someoneelses"}),
        connect("statuspage", settings={"page_id": "../../users"}),
        connect("statuspage", credentials={"api_key": "nobody-knows-it"}),
    ):
        assert [(one.level, one.code) for one in STATUSPAGE.check(access)] == [("error", "sign-in")]


def test_the_link_opens_the_management_of_the_page() -> None:
    access = Access("", {"page_id": "abc123"}, {})
    assert STATUSPAGE.link(access, CREATE) == "https://manage.statuspage.io/pages/abc123/incidents"
