"""PagerDuty: one page however often it is sent, one note however often it is tried."""

from dataclasses import replace

import pytest

from apps.providers.base import Access, Call, OutcomeKind, Proof, Provider, Seen, Sending
from apps.providers.pagerduty.wire import events_access
from apps.providers.registry import provider
from apps.providers.simulation import Simulators
from tests.providers.conftest import Connect, Serve
from tests.providers.raw import answer, routed

PAGE = Call("trigger", {"summary": "Portal release broken"})
NOTE = Call("note", {"incident": "QMOTION00411", "content": "Rolled back to v2.30.3"})


@pytest.fixture
def pagerduty() -> Provider:
    """The adapter."""
    return provider("pagerduty")


@pytest.fixture
def access(connect: Connect) -> Access:
    """The access to the simulator."""
    return connect("pagerduty")


@pytest.mark.parametrize("routing_key", [True, False])
def test_a_repeated_page_is_one_incident(
    routing_key: bool, pagerduty: Provider, connect: Connect, sending: Sending, again: Sending, simulators: Simulators
) -> None:
    access = connect("pagerduty", credentials={} if routing_key else {"routing_key": ""})
    for attempt in (sending, again):
        assert pagerduty.apply(access, PAGE, attempt).kind is OutcomeKind.SUCCEEDED
        simulators.advance(5)
    seen = pagerduty.observe(access, PAGE, again)
    assert seen.seen is Seen.DESIRED
    incidents = simulators.state("pagerduty")["accounts"]["motion-mavericks"]["incidents"].values()
    assert [one["title"] for one in incidents].count("Portal release broken") == 1
    other = replace(sending, idempotency_key="idem-2")
    assert pagerduty.observe(access, PAGE, other).seen is Seen.OTHER


def test_an_event_that_has_not_become_an_incident_is_not_yet(
    pagerduty: Provider, access: Access, sending: Sending, simulators: Simulators
) -> None:
    simulators.settings("pagerduty", event_delay_seconds=60)
    pagerduty.apply(access, PAGE, sending)
    assert pagerduty.verify(access, PAGE, sending).proof is Proof.NOT_YET
    simulators.advance(61)
    assert pagerduty.verify(access, PAGE, sending).proof is Proof.SATISFIED


def test_a_routing_key_alone_is_enough_to_page(pagerduty: Provider, connect: Connect, sending: Sending) -> None:
    access = connect("pagerduty", credentials={"api_token": ""})
    assert pagerduty.apply(access, PAGE, sending).kind is OutcomeKind.SUCCEEDED
    assert pagerduty.observe(access, PAGE, sending).seen is Seen.UNREADABLE
    assert pagerduty.verify(access, PAGE, sending).proof is Proof.SATISFIED
    assert pagerduty.apply(access, NOTE, sending).kind is OutcomeKind.NOT_SENT
    assert {finding.level for finding in pagerduty.check(access)} == {"ok", "warning"}


def test_paging_needs_some_way_to_page(pagerduty: Provider, connect: Connect, sending: Sending) -> None:
    access = connect("pagerduty", credentials={"routing_key": ""}, settings={"service_id": ""})
    outcome = pagerduty.apply(access, PAGE, sending)
    assert outcome.kind is OutcomeKind.REJECTED
    assert "Nothing was sent" in outcome.message
    assert "service" in {finding.code for finding in pagerduty.check(access) if finding.level == "warning"}


def test_a_note_is_found_by_its_marker(
    pagerduty: Provider, access: Access, sending: Sending, simulators: Simulators
) -> None:
    assert pagerduty.observe(access, NOTE, sending).seen is Seen.OTHER
    assert pagerduty.apply(access, NOTE, sending).kind is OutcomeKind.SUCCEEDED
    assert pagerduty.observe(access, NOTE, sending).seen is Seen.DESIRED
    assert pagerduty.observe(access, NOTE, replace(sending, marker="rp-other")).seen is Seen.OTHER


def test_an_unknown_sender_is_told_before_and_after(pagerduty: Provider, connect: Connect, sending: Sending) -> None:
    access = connect("pagerduty", settings={"from_email": "nobody@example.com"})
    assert "from" in {finding.code for finding in pagerduty.check(access) if finding.level == "error"}
    outcome = pagerduty.apply(access, NOTE, sending)
    assert outcome.kind is OutcomeKind.REJECTED
    assert "From" in outcome.message


def test_an_unknown_incident_is_refused(pagerduty: Provider, access: Access, sending: Sending) -> None:
    assert (
        pagerduty.apply(access, Call("note", {"incident": "QNONE", "content": "x"}), sending).kind
        is OutcomeKind.REJECTED
    )


def test_the_event_carries_our_key_and_no_sign_in(pagerduty: Provider, serve: Serve, sending: Sending) -> None:
    server = serve(routed({"POST /v2/enqueue": answer(202, {"status": "success"})}))
    here = Access(server.url, {"from_email": "a@example.com"}, {"routing_key": "r" * 32})
    assert pagerduty.apply(here, PAGE, sending).kind is OutcomeKind.SUCCEEDED
    (request,) = server.requests
    assert "authorization" not in request.headers
    body = request.json()
    assert body["dedup_key"] == f"rollback-portal-{sending.idempotency_key}"
    assert body["event_action"] == "trigger"
    assert body["payload"]["severity"] == "critical"


def test_an_endpoint_that_cannot_list_is_taken_at_its_word(pagerduty: Provider, serve: Serve, sending: Sending) -> None:
    note = answer(200, {"note": {"id": "PN1", "content": "x"}})
    server = serve(routed({"POST /incidents/P1/notes": note}))
    here = Access(server.url, {"from_email": "a@example.com"}, {"api_token": "token-123"})
    call = Call("note", {"incident": "P1", "content": "x"})
    assert pagerduty.observe(here, call, sending).seen is Seen.UNREADABLE
    assert pagerduty.apply(here, call, sending).kind is OutcomeKind.SUCCEEDED
    assert server.requests[-1].json() == {"note": {"content": f"x\n\n[{sending.marker}]"}}
    assert server.requests[-1].headers["from"] == "a@example.com"
    assert server.requests[-1].headers["authorization"] == "Token token=token-123"
    assert pagerduty.verify(here, call, sending).proof is Proof.SATISFIED


def test_a_conflict_that_cannot_be_looked_into_stays_unknown(
    pagerduty: Provider, serve: Serve, sending: Sending
) -> None:
    server = serve(
        routed({"POST /incidents": answer(400, {"error": {"code": 2001}}), "GET /incidents": answer(403, {})})
    )
    here = Access(server.url, {"from_email": "a@example.com", "service_id": "P1"}, {"api_token": "token-123"})
    assert pagerduty.apply(here, PAGE, sending).kind is OutcomeKind.AMBIGUOUS


@pytest.mark.parametrize(
    ("rest", "events"),
    [
        ("", ""),
        ("https://api.pagerduty.com", "https://events.pagerduty.com"),
        ("https://api.eu.pagerduty.com/", "https://events.eu.pagerduty.com"),
        ("http://127.0.0.1:9/pagerduty", "http://127.0.0.1:9/pagerduty"),
    ],
)
def test_events_have_a_host_of_their_own_only_at_pagerduty(rest: str, events: str) -> None:
    assert events_access(Access(rest, {}, {})).base_url == events
