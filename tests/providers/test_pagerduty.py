"""PagerDuty: one page however often it is sent, one note however often it is tried."""

import json
from dataclasses import replace

import pytest

from apps.providers.base import Access, Call, IdempotencyClass, OutcomeKind, Proof, Provider, Seen, Sending
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


ACKNOWLEDGE = Call("acknowledge", {"incident": "QMOTION00411"})
RESOLVE = Call("resolve", {"incident": "QMOTION00411", "resolution": "Back on v2.30.4"})
RESPONDERS = Call("request_responders", {"incident": "QMOTION00411", "users": ["PMOTIONU2"], "message": "Please join"})


def status_of(simulators: Simulators, incident: str = "QMOTION00411") -> str:
    """Return the status of an incident as PagerDuty keeps it."""
    found: str = simulators.state("pagerduty")["accounts"]["motion-mavericks"]["incidents"][incident]["status"]
    return found


@pytest.mark.parametrize("repeats", ["refuse", "accept"])
@pytest.mark.parametrize("call", [ACKNOWLEDGE, RESOLVE], ids=["acknowledge", "resolve"])
def test_a_status_is_set_however_often_it_is_sent(
    repeats: str,
    call: Call,
    pagerduty: Provider,
    access: Access,
    sending: Sending,
    again: Sending,
    simulators: Simulators,
) -> None:
    simulators.settings("pagerduty", repeats=repeats)
    for attempt in (sending, again):
        assert pagerduty.apply(access, call, attempt).kind is OutcomeKind.SUCCEEDED
    assert pagerduty.verify(access, call, sending).proof is Proof.SATISFIED
    assert status_of(simulators) == {"acknowledge": "acknowledged", "resolve": "resolved"}[call.action]
    assert len([one for one in simulators.effects("pagerduty") if one["kind"] == "status"]) == 1


def test_a_resolved_incident_is_never_opened_again_by_acknowledging_it(
    pagerduty: Provider, access: Access, sending: Sending, simulators: Simulators
) -> None:
    simulators.do("pagerduty", "resolve", incident="QMOTION00411")
    assert pagerduty.observe(access, ACKNOWLEDGE).seen is Seen.OTHER
    outcome = pagerduty.apply(access, ACKNOWLEDGE, sending)
    assert outcome.kind is OutcomeKind.REJECTED
    assert "would open it again" in outcome.message
    assert simulators.journal("pagerduty") == []


@pytest.mark.parametrize("routing_key", [True, False])
@pytest.mark.parametrize("event_keys", ["shown", "on_alerts"])
def test_what_was_paged_with_a_key_is_resolved_by_it(
    routing_key: bool,
    event_keys: str,
    pagerduty: Provider,
    connect: Connect,
    sending: Sending,
    simulators: Simulators,
) -> None:
    simulators.settings("pagerduty", event_keys=event_keys)
    access = connect("pagerduty")
    trigger, resolve = Call("trigger", {"summary": "Broken", "key": "inc-7"}), Call("resolve", {"key": "inc-7"})
    pagerduty.apply(access, trigger, sending)
    simulators.advance(5)
    assert pagerduty.observe(access, trigger, sending).seen is Seen.DESIRED
    here = access if routing_key else connect("pagerduty", credentials={"routing_key": ""})
    assert pagerduty.observe(here, resolve).identity == {"status": "triggered"}
    assert pagerduty.apply(here, resolve, replace(sending, idempotency_key="idem-2")).kind is OutcomeKind.SUCCEEDED
    simulators.advance(5)
    assert pagerduty.verify(here, resolve, sending).proof is Proof.SATISFIED
    assert pagerduty.observe(access, trigger, sending).seen is Seen.OTHER, "the key may page again"


def test_the_open_incident_of_a_key_counts_before_the_resolved_ones(
    pagerduty: Provider, access: Access, sending: Sending, simulators: Simulators
) -> None:
    trigger = Call("trigger", {"summary": "Broken", "key": "inc-7"})
    for number in range(2):
        pagerduty.apply(access, trigger, replace(sending, idempotency_key=f"idem-{number}"))
        simulators.advance(5)
        if number == 0:
            pagerduty.apply(access, Call("resolve", {"key": "inc-7"}), sending)
            simulators.advance(5)
    assert pagerduty.observe(access, Call("resolve", {"key": "inc-7"})).identity == {"status": "triggered"}


def test_a_key_that_nothing_was_paged_with_is_said_and_not_sent(
    pagerduty: Provider, connect: Connect, sending: Sending, simulators: Simulators
) -> None:
    access = connect("pagerduty", credentials={"routing_key": ""})
    call = Call("resolve", {"key": "never-opened"})
    assert pagerduty.observe(access, call).identity == {"status": "absent"}
    assert pagerduty.apply(access, call, sending).kind is OutcomeKind.REJECTED
    assert simulators.journal("pagerduty") == []


@pytest.mark.parametrize("parameters", [{}, {"incident": "Q1", "key": "k"}, {"key": "k" * 256}, {"incident": ""}])
def test_a_move_names_exactly_one_incident(parameters: dict[str, str], pagerduty: Provider) -> None:
    assert len(pagerduty.problems(Call("resolve", parameters))) == 1


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        (1001, 400, OutcomeKind.SUCCEEDED),
        (1001, 409, OutcomeKind.SUCCEEDED),
        (1002, 400, OutcomeKind.REJECTED),
        (1005, 400, OutcomeKind.RETRY_LATER),
        (1005, 409, OutcomeKind.RETRY_LATER),
        (1008, 400, OutcomeKind.REJECTED),
        (2010, 403, OutcomeKind.REJECTED),
    ],
)
def test_the_codes_of_a_refused_move_are_understood(
    code: int, status: int, kind: OutcomeKind, pagerduty: Provider, serve: Serve, sending: Sending
) -> None:
    server = serve(routed({"PUT /incidents/P1": answer(status, {"error": {"message": "No", "code": code}})}))
    here = Access(server.url, {"from_email": "a@example.com"}, {"api_token": "token-123"})
    assert pagerduty.apply(here, Call("resolve", {"incident": "P1"}), sending).kind is kind
    assert sum(request.method == "PUT" for request in server.requests) == 1


def test_a_status_update_is_sent_once_and_nobody_pretends_to_see_it(
    pagerduty: Provider, access: Access, sending: Sending, simulators: Simulators
) -> None:
    call = Call("status_update", {"incident": "QMOTION00411", "message": "We are going back.", "subject": "Portal"})
    assert pagerduty.apply(access, call, sending).kind is OutcomeKind.SUCCEEDED
    assert pagerduty.action("status_update").idempotency_class is IdempotencyClass.UNREPEATABLE
    assert pagerduty.observe(access, call, sending).seen is Seen.UNREADABLE
    (told,) = simulators.state("pagerduty")["accounts"]["motion-mavericks"]["incidents"]["QMOTION00411"][
        "status_updates"
    ]
    assert (told["message"], told["subject"]) == ("We are going back.", "Portal")


def test_people_are_asked_to_join_in_the_name_of_the_connections_user(
    pagerduty: Provider, access: Access, sending: Sending, simulators: Simulators
) -> None:
    assert pagerduty.apply(access, RESPONDERS, sending).kind is OutcomeKind.SUCCEEDED
    (journalled,) = simulators.journal("pagerduty")
    assert json.loads(journalled["body"]) == {
        "requester_id": "PMOTIONU1",
        "message": f"Please join\n\n[{sending.marker}]",
        "responder_request_targets": [{"responder_request_target": {"id": "PMOTIONU2", "type": "user_reference"}}],
    }
    assert pagerduty.observe(access, RESPONDERS, sending).seen is Seen.DESIRED
    assert pagerduty.observe(access, RESPONDERS, replace(sending, marker="rp-other")).seen is Seen.OTHER


def test_a_plan_without_responders_is_told_before_and_after(
    pagerduty: Provider, access: Access, sending: Sending, simulators: Simulators
) -> None:
    simulators.settings("pagerduty", abilities=["teams"])
    assert "plan" in {finding.code for finding in pagerduty.check(access) if finding.level == "warning"}
    outcome = pagerduty.apply(access, RESPONDERS, sending)
    assert (outcome.kind, outcome.status) == (OutcomeKind.REJECTED, 402)
    assert "plan does not have this" in outcome.message
    assert pagerduty.observe(access, RESPONDERS, sending).seen is Seen.UNREADABLE


@pytest.mark.parametrize("parameters", [{}, {"users": []}, {"users": ["a/b"]}])
def test_nobody_is_no_one_to_ask(parameters: dict[str, list[str]], pagerduty: Provider) -> None:
    call = Call("request_responders", {"incident": "Q1", "message": "x", **parameters})
    assert len(pagerduty.problems(call)) == 1


def test_an_oauth_token_signs_in_in_its_own_way_and_is_said_to_end(pagerduty: Provider, serve: Serve) -> None:
    server = serve(routed({"GET /incidents": answer(200, {"incidents": []})}))
    here = Access(server.url, {"from_email": "a@example.com"}, {"api_token": "pdus+_0XBPWQQ_1234"})
    assert "expiry" in {finding.code for finding in pagerduty.check(here)}
    assert {request.headers["authorization"] for request in server.requests} == {"Bearer pdus+_0XBPWQQ_1234"}


@pytest.mark.parametrize(
    ("user", "service", "code", "level"),
    [
        ({"email": "a@example.com", "role": "read_only_user"}, {"status": "active"}, "from", "error"),
        ({"email": "A@example.com", "role": "user"}, {"status": "active"}, "from", "ok"),
        ({"email": "a@example.com"}, {"status": "disabled"}, "service", "warning"),
        ({"email": "a@example.com"}, {"status": "maintenance"}, "service", "warning"),
    ],
)
def test_the_check_tells_who_may_only_read_and_which_service_pages_nobody(
    user: dict[str, str], service: dict[str, str], code: str, level: str, pagerduty: Provider, serve: Serve
) -> None:
    pages = {"incidents": [], "users": [user], "abilities": ["coordinated_responding"]}
    table = {f"GET /{name}": answer(200, {name: found}) for name, found in pages.items()}
    server = serve(routed({**table, "GET /services/P1": answer(200, {"service": {"name": "web", **service}})}))
    here = Access(server.url, {"from_email": "a@example.com", "service_id": "P1"}, {"api_token": "token-123"})
    assert {finding.code: finding.level for finding in pagerduty.check(here)}[code] == level
