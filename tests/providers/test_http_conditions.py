"""HTTP with a declared success, a declared observation, and the check of an endpoint."""

from dataclasses import replace
from typing import Any

import pytest

from apps.providers import outbound
from apps.providers.base import Access, Call, IdempotencyClass, OutcomeKind, Proof, Provider, Seen, Sending
from apps.providers.redaction import redact
from apps.providers.registry import provider
from apps.providers.simulation import Simulators
from tests.providers.conftest import CANARY, Connect, Serve
from tests.providers.raw import RawServer, answer, in_turn, reset, routed

PATH = "/admin/feature-flags"
OFF = {"splitViewLayout": {"enabled": False}, "aiSummarization": {"enabled": False}}
SET = Call("set", {"method": "PATCH", "path": PATH, "json": OFF, "observed": {"path": PATH, "json": OFF}})


@pytest.fixture
def http() -> Provider:
    """The adapter."""
    return provider("http")


def reach(server: RawServer, **headers: str) -> Access:
    """Return the access to a raw server."""
    return Access(server.url, {}, {"headers": headers})


def send(success: Any) -> Call:
    """Return a request whose success is declared."""
    return Call("send", {"method": "POST", "path": "/flags", "json": {"a": 1}, "success": success})


def look(**observed: Any) -> Call:
    """Return a request whose effect is looked at as declared."""
    return Call("set", {"method": "PUT", "path": "/flags", "observed": {"path": "/flags", **observed}})


def test_several_flags_of_ones_own_go_off_in_one_request_and_are_seen_to_be_off(
    http: Provider, connect: Connect, sending: Sending, simulators: Simulators
) -> None:
    access = connect("http")
    before = http.observe(access, SET)
    assert (before.seen, before.identity) == (
        Seen.OTHER,
        {"/splitViewLayout/enabled": True, "/aiSummarization/enabled": True},
    )
    assert http.verify(access, SET, sending).proof is Proof.NOT_YET
    assert http.apply(access, SET, sending).kind is OutcomeKind.SUCCEEDED
    assert http.verify(access, SET, sending).proof is Proof.SATISFIED
    assert len(simulators.journal("http")) == 1
    assert http.action("set").idempotency_class is IdempotencyClass.ABSOLUTE
    assert http.action("send").idempotency_class is IdempotencyClass.UNREPEATABLE


@pytest.mark.parametrize(
    ("success", "status", "body", "kind"),
    [
        ({"status": 200}, 200, {}, OutcomeKind.SUCCEEDED),
        ({"status": [200, 409]}, 409, {}, OutcomeKind.SUCCEEDED),
        ({"status": 201}, 200, {}, OutcomeKind.AMBIGUOUS),
        ({"status": [201]}, 404, {}, OutcomeKind.REJECTED),
        ({"json": {"ok": True}}, 200, {"ok": True, "more": 1}, OutcomeKind.SUCCEEDED),
        ({"json": {"ok": True}}, 200, {"ok": 1}, OutcomeKind.AMBIGUOUS),
        ({"json": {"ok": True}}, 200, {"ok": False}, OutcomeKind.AMBIGUOUS),
        ({"json": {"ok": True}}, 200, b"<html>", OutcomeKind.AMBIGUOUS),
        ({"json": {"error": None}}, 200, {}, OutcomeKind.SUCCEEDED),
        ({"contains": "done"}, 200, b"all done", OutcomeKind.SUCCEEDED),
        ({"contains": "done"}, 200, b"queued", OutcomeKind.AMBIGUOUS),
        ({"contains": "done"}, 500, b"done", OutcomeKind.AMBIGUOUS),
        ({"contains": "done"}, 429, b"done", OutcomeKind.RETRY_LATER),
        ({"status": 200}, 302, b"", OutcomeKind.AMBIGUOUS),
        ({"status": 200}, 307, b"", OutcomeKind.REJECTED),
    ],
)
def test_success_is_what_was_declared(
    success: Any, status: int, body: Any, kind: OutcomeKind, http: Provider, serve: Serve, sending: Sending
) -> None:
    server = serve(answer(status, body))
    outcome = http.apply(reach(server), send(success), sending)
    assert outcome.kind is kind, outcome.message
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("observed", "status", "body", "seen"),
    [
        ({"json": {"on": False}}, 200, {"on": False}, Seen.DESIRED),
        ({"json": {"on": False}}, 200, {"on": True}, Seen.OTHER),
        ({"json": {"on": False}}, 200, {"off": True}, Seen.UNREADABLE),
        ({"json": {"on": False}}, 200, [], Seen.UNREADABLE),
        ({"json": {"on": False}}, 200, b"<html>", Seen.UNREADABLE),
        ({"json": {"on": False}}, 404, {}, Seen.OTHER),
        ({"json": ["a"]}, 200, ["a"], Seen.DESIRED),
        ({"status": 404}, 404, {}, Seen.DESIRED),
        ({"status": 404}, 200, {}, Seen.OTHER),
        ({"status": [404, 410]}, 410, {}, Seen.DESIRED),
        ({"contains": "off"}, 200, b"it is off", Seen.DESIRED),
        ({"contains": "off"}, 200, b"it is on", Seen.OTHER),
        ({"contains": "off"}, 401, b"it is off", Seen.UNREADABLE),
        ({"contains": "off"}, 503, b"it is off", Seen.UNREADABLE),
        ({"contains": "off"}, 302, b"it is off", Seen.UNREADABLE),
    ],
)
def test_a_state_is_looked_at_as_declared_and_never_guessed(
    observed: Any, status: int, body: Any, seen: Seen, http: Provider, serve: Serve
) -> None:
    server = serve(answer(status, body))
    found = http.observe(reach(server), look(**observed))
    assert found.seen is seen, found.summary
    assert {request.method for request in server.requests} == {"GET"}


def test_only_what_is_declared_is_drift(http: Provider, serve: Serve) -> None:
    bodies = [{"on": True, "seen": 1}, {"on": True, "seen": 2}, {"on": False, "seen": 2}]
    server = serve(in_turn(*(answer(200, body) for body in bodies)))
    first, second, third = (http.observe(reach(server), look(json={"on": False})).identity for _ in bodies)
    assert first == second == {"/on": True}
    assert third == {"/on": False}


def test_a_secret_in_a_state_is_kept_nowhere(http: Provider, serve: Serve) -> None:
    server = serve(answer(200, {"key": f"it is {CANARY}", "list": [CANARY] * 50}))
    here = reach(server, Authorization=f"Bearer {CANARY}")
    found = repr(http.observe(here, look(json={"key": "x", "list": []}, contains=CANARY)))
    found += repr(http.examine(here, Call("check", {"path": "/flags", "contains": CANARY, "header": {"x": CANARY}})))
    assert redact(found, [CANARY]) == found


BAD = [
    {"success": 7},
    {"success": {}},
    {"success": {"state": 200}},
    {"success": {"status": 700}},
    {"success": {"status": "200"}},
    {"success": {"status": [True]}},
    {"success": {"contains": 7}},
    {"success": {"json": {}}},
    {"observed": {"json": {"a": 1}}},
    {"observed": {"path": "/x"}},
    {"observed": {"path": "/../x", "json": {"a": 1}}},
    {"observed": {"path": "//evil.example", "json": {"a": 1}}},
    {"observed": "/flags"},
    {"method": "GET"},
    {"path": "/a/%252e%252e/b"},
]


@pytest.mark.parametrize("change", BAD, ids=str)
def test_what_nobody_can_judge_is_refused_before_it_is_sent(
    change: dict[str, Any], http: Provider, serve: Serve, sending: Sending
) -> None:
    server = serve(answer(200, {}))
    call = replace(SET, parameters={**SET.parameters, **change})
    assert len(http.problems(call)) == 1
    assert http.apply(reach(server), call, sending).kind is OutcomeKind.REJECTED
    assert server.requests == []


CHECKED = {"path": "/api/health", "status": 200, "contains": "ok", "header": "X-Version: v2.30.4", "within_ms": 2000}


def test_a_check_tells_status_latency_body_and_version(http: Provider, serve: Serve) -> None:
    page = answer(200, {"status": "ok", "db": "up"}, {"X-Version": "v2.30.4"})
    server = serve(routed({"GET /base/api/health": page}))
    here = replace(reach(server, Authorization="Bearer secret-123"), base_url=f"{server.url}/base/")
    result = http.examine(here, Call("check", {**CHECKED, "json": {"db": "up"}}))
    assert result.holds is True, result.message
    marks, texts = zip(*result.readings, strict=True)
    assert set(marks) == {"done"}
    assert texts[0] == "answered 200"
    assert any(text.startswith("took ") and text.endswith(" ms") for text in texts)
    assert texts[-1] == "X-Version: v2.30.4"
    assert server.requests[0].headers["authorization"] == "Bearer secret-123"


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({"status": 204}, "answered 200, wanted 204"),
        ({"contains": "ready"}, "does not say “ready”"),
        ({"header": "X-Version: v2.31.0"}, "X-Version is “v2.30.4”, wanted “v2.31.0”"),
        ({"header": {"X-Build": ""}}, "X-Build is absent, wanted any"),
        ({"json": {"status": "degraded"}}, "does not have"),
        ({"within_ms": 0}, "wanted at most 0 ms"),
    ],
)
def test_a_check_says_what_is_not_as_wanted(wanted: Any, said: str, http: Provider, serve: Serve) -> None:
    server = serve(answer(200, {"status": "ok"}, {"X-Version": "v2.30.4"}))
    result = http.examine(reach(server), Call("check", {"path": "/", **wanted}))
    assert result.holds is False
    assert said in result.message


def test_a_check_asks_once_so_that_it_hides_no_failure(http: Provider, serve: Serve) -> None:
    server = serve(in_turn(answer(503, {}), answer(200, {})))
    assert http.examine(reach(server), Call("check", {"path": "/"})).holds is False
    assert len(server.requests) == 1


def test_a_redirect_is_a_failed_check_and_is_not_followed(http: Provider, serve: Serve) -> None:
    server = serve(answer(302, b"", {"Location": "/elsewhere"}))
    assert http.examine(reach(server), Call("check", {"path": "/"})).holds is False
    assert [request.target for request in server.requests] == ["/"]


@pytest.mark.parametrize("parameters", [{}, {"path": "x"}, {"path": "/..%2f"}, {"path": "/", "status": "200"}])
def test_an_odd_check_is_never_asked(parameters: dict[str, Any], http: Provider, serve: Serve) -> None:
    server = serve(answer(200, {}))
    assert http.examine(reach(server), Call("check", parameters)).holds is None
    assert server.requests == []


def test_an_address_that_does_not_answer_tells_nothing(http: Provider, serve: Serve) -> None:
    assert http.examine(reach(serve(reset)), Call("check", {"path": "/"})).holds is None


ADDRESSES = [
    *("http://127.0.0.1", "http://[::1]", "http://0.0.0.0", "http://169.254.169.254", "http://[fd00:ec2::254]"),
    *("http://100.64.0.1", "http://10.0.0.1", "http://172.16.0.1", "http://192.168.0.1", "http://224.0.0.1"),
    *("http://[fe80::1]", "http://[fc00::1]", "http://[::ffff:169.254.169.254]", "http://[64:ff9b::a9fe:a9fe]"),
    *("http://[2002:7f00:1::]", "http://2130706433", "http://0177.0.0.1", "http://0x7f.1", "http://127.1"),
    *("http://localhost.", "http://a。b", "http://a@127.0.0.1", "http://a\\b", "http://a#@127.0.0.1", "http://a_b.c"),
    *("file:///etc/passwd", "gopher://127.0.0.1", "ftp://127.0.0.1", "unix:///tmp/x"),
]


@pytest.mark.parametrize("base_url", ADDRESSES)
def test_no_action_observation_or_check_reaches_an_address_that_is_not_allowed(
    base_url: str, http: Provider, sending: Sending, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OUTBOUND_ALLOW", "")
    with pytest.raises(outbound.AddressRefused):
        outbound.check_address(base_url, outbound.Policy())
    here = Access(base_url, {}, {"headers": {"X-Key": CANARY}})
    outcome = http.apply(here, SET, sending)
    assert outcome.kind in (OutcomeKind.NOT_SENT, OutcomeKind.REJECTED)
    assert http.observe(here, SET).seen is Seen.UNREADABLE
    assert http.examine(here, Call("check", {"path": "/"})).holds is None
    assert CANARY not in outcome.message


def test_secret_headers_over_plain_http_are_warned_about(http: Provider, serve: Serve) -> None:
    server = serve(answer(200))
    assert "encryption" in {finding.code for finding in http.check(reach(server, Authorization="Bearer x"))}
    assert "encryption" not in {finding.code for finding in http.check(reach(server))}
