"""The generic request: sent as declared, once, and nobody pretends to know more."""

import pytest

from apps.providers.base import Access, Call, IdempotencyClass, OutcomeKind, Proof, Provider, Seen, Sending
from apps.providers.registry import provider
from tests.providers.conftest import Serve
from tests.providers.raw import answer, reset


@pytest.fixture
def http_request() -> Provider:
    """The adapter."""
    return provider("http")


def call(method: str = "POST", path: str = "/hook", **more: object) -> Call:
    """Return a call."""
    return Call("request", {"method": method, "path": path, **more})


@pytest.mark.parametrize("headers", [{"X-Key": "secret-123"}, '{"X-Key": "secret-123"}'])
def test_it_is_sent_as_declared(headers: object, http_request: Provider, serve: Serve, sending: Sending) -> None:
    server = serve(answer(204))
    here = Access(f"{server.url}/base", {}, {"headers": headers})
    outcome = http_request.apply(here, call("PUT", "/x?y=1", json={"a": [1]}), sending)
    assert outcome.kind is OutcomeKind.SUCCEEDED
    (request,) = server.requests
    assert (request.method, request.target) == ("PUT", "/base/x?y=1")
    assert request.headers["x-key"] == "secret-123"
    assert request.json() == {"a": [1]}


def test_it_works_without_headers_and_without_a_body(http_request: Provider, serve: Serve, sending: Sending) -> None:
    server = serve(answer(200))
    assert http_request.apply(Access(server.url, {}, {}), call("GET"), sending).kind is OutcomeKind.SUCCEEDED
    assert server.requests[0].body == b""


def test_a_lost_answer_is_for_a_person_to_judge(http_request: Provider, serve: Serve, sending: Sending) -> None:
    here = Access(serve(reset).url, {}, {})
    assert http_request.apply(here, call(), sending).kind is OutcomeKind.AMBIGUOUS
    assert http_request.observe(here, call()).seen is Seen.UNREADABLE
    assert http_request.action("request").idempotency_class is IdempotencyClass.UNREPEATABLE
    assert http_request.verify(here, call(), sending).proof is Proof.SATISFIED


@pytest.mark.parametrize(
    ("method", "path"),
    [
        *(("POST", path) for path in ("hook", "//evil.example/", "http://evil.example/", "/a/../b", "/a/%2e%2E/b")),
        *(("POST", path) for path in ("/a\\b", "/a#b", "/a b", "/a\r\nX: y", "/ä", "", "/..", "/x%2f..%2fy")),
        *((method, "/") for method in ("TRACE", "CONNECT", "post", "")),
    ],
)
def test_odd_methods_and_paths_are_refused(
    method: str, path: str, http_request: Provider, serve: Serve, sending: Sending
) -> None:
    server = serve(answer(200))
    outcome = http_request.apply(Access(server.url, {}, {}), call(method, path), sending)
    assert outcome.kind is OutcomeKind.REJECTED
    assert server.requests == []


def test_headers_that_are_none_are_said_plainly(http_request: Provider, serve: Serve, sending: Sending) -> None:
    here = Access(serve(answer(200)).url, {}, {"headers": "not json"})
    outcome = http_request.apply(here, call(), sending)
    assert outcome.kind is OutcomeKind.REJECTED
    assert "headers" in outcome.message
    assert http_request.check(here)[0].level == "error"
