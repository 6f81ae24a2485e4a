"""Requests that no browser sends, byte by byte, against the server we run: rows 10, 30, 31 and 34 of the threats."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.handlers.asgi import ASGIRequest

from tests.accounts.serving import serving

pytestmark = pytest.mark.django_db
MEGABYTE = 1_048_576
HOOK = b"/hooks/vercel/0195f0a0-0000-7000-8000-000000000000"
HOST = b"Host: testserver\r\n"
JSON = b"Content-Type: application/json\r\n"
GZIPPED = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff"
QUICK_SECONDS = 5.0  # a minute's work for a slow machine would be a flaw; a busy one is not


@pytest.fixture(scope="module")
def port(django_db_setup: None, django_db_blocker: Any) -> Iterator[int]:
    """The server, on the test's database, to which nothing here writes."""
    with django_db_blocker.unblock(), serving() as number:
        yield number


def spoken(port: int, raw: bytes) -> bytes:
    """Send bytes as they are; return all that comes back until the server has nothing more to say."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as line:
        heard = b""
        with contextlib.suppress(ConnectionError):  # it may hang up early, and what it said can still be read
            line.sendall(raw)
        with contextlib.suppress(ConnectionError):
            while piece := line.recv(65536):
                heard += piece
        return heard


def statuses(heard: bytes) -> list[int]:
    """Return the status of every answer."""
    lines = [line for line in heard.split(b"\r\n") if line.startswith(b"HTTP/1.1 ")]
    return [int(line.split()[1]) for line in lines]


def asked(method: bytes, path: bytes, *headers: bytes, body: bytes = b"") -> bytes:
    """Return a request; `headers` end with a line break each."""
    return (
        method + b" " + path + b" HTTP/1.1\r\n" + HOST + b"Connection: close\r\n" + b"".join(headers) + b"\r\n" + body
    )


ROW_10 = {
    "another method": (asked(b"PUT", b"/accounts/login/"), {405, 403}),
    "a method nobody knows": (asked(b"BREW", b"/accounts/login/"), {400, 403, 405}),
    "tracing": (asked(b"TRACE", b"/accounts/login/"), {403, 405}),
    "options": (asked(b"OPTIONS", b"/rollbacks/"), {200, 302, 405}),
    "the head alone": (asked(b"HEAD", b"/accounts/login/"), {200, 405}),
    "deleting an operation that only reads": (asked(b"DELETE", b"/api/v1/incidents"), {401, 405}),
    "a method in a header": (asked(b"GET", b"/healthz", b"X-HTTP-Method-Override: DELETE\r\n"), {200}),
    "two slashes": (asked(b"GET", b"//evil.example/accounts/login/"), {302, 404}),
    "no slash at the end": (asked(b"GET", b"/accounts/login"), {301, 404}),
    "climbing up": (asked(b"GET", b"/accounts/%2e%2e/%2e%2e/etc/passwd"), {302, 404}),
    "climbing up, plainly": (asked(b"GET", b"/static/../../rollback_portal/settings.py"), {302, 400, 404}),
    "a parameter in the path": (asked(b"GET", b"/accounts/login/;admin=1"), {302, 404}),
    "a backslash": (asked(b"GET", b"/\\evil.example/"), {302, 400, 404}),
    "a line break in the path": (asked(b"GET", b"/accounts/login/%0d%0aLocation:%20//evil.example"), {302, 404}),
    "NUL in the path": (asked(b"GET", b"/people/%00/"), {302, 400, 404}),
    "another host": (b"GET /accounts/login/ HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n", {400}),
    "no host": (b"GET /accounts/login/ HTTP/1.1\r\nConnection: close\r\n\r\n", {200, 400}),
    "two hosts": (asked(b"GET", b"/accounts/login/", b"Host: evil.example\r\n"), {200, 400}),
    "another host in the line": (asked(b"GET", b"http://evil.example/rollbacks/"), {302, 400, 404}),
    "another host by a proxy": (asked(b"GET", b"/rollbacks/", b"X-Forwarded-Host: evil.example\r\n"), {302}),
    "another scheme by a proxy": (asked(b"GET", b"/rollbacks/", b"X-Forwarded-Proto: https\r\n"), {302}),
}  # fmt: skip


@pytest.mark.parametrize(("raw", "allowed"), ROW_10.values(), ids=ROW_10.keys())
def test_row_10_odd_methods_paths_and_hosts_lead_nowhere(port: int, raw: bytes, allowed: set[int]) -> None:
    heard = spoken(port, raw)
    assert len(statuses(heard)) == 1
    assert set(statuses(heard)) <= allowed, heard[:300]
    assert not [line for line in heard.split(b"\r\n") if line.lower().startswith(b"location:") and not _own(line)]


def _own(line: bytes) -> bool:
    where = line.partition(b":")[2].strip()
    return where.startswith(b"/") and not where.startswith((b"//", b"/\\"))


def test_row_10_an_underscore_does_not_pass_for_a_dash() -> None:
    headers = [(b"x_forwarded_for", b"10.0.0.1"), (b"x_forwarded_proto", b"https")]
    scope = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": headers}
    request = ASGIRequest(scope, None)
    assert not [name for name in request.META if "FORWARDED" in name]


def sized(*headers: bytes, body: bytes) -> bytes:
    """Return a delivery whose size is told by these headers."""
    return asked(b"POST", HOOK, JSON, *headers, body=body)


LARGE = b'{"id":"' + b"a" * MEGABYTE + b'"}'
ROW_30 = {
    "too large": (sized(b"Content-Length: %d\r\n" % len(LARGE), body=LARGE), {413}),
    "too large in pieces": (
        sized(b"Transfer-Encoding: chunked\r\n", body=b"%x\r\n%s\r\n0\r\n\r\n" % (len(LARGE), LARGE)), {413},
    ),
    "less than nothing": (sized(b"Content-Length: -1\r\n", body=b"{}"), {400}),
    "not a number": (sized(b"Content-Length: 2x\r\n", body=b"{}"), {400}),
    "two lengths": (sized(b"Content-Length: 2\r\nContent-Length: 5\r\n", body=b"{}xxx"), {400}),
    "a length and pieces": (
        sized(b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n", body=b"2\r\n{}\r\n0\r\n\r\n"), {400},
    ),
    "pieces that are none": (sized(b"Transfer-Encoding: chunked\r\n", body=b"zz\r\n{}\r\n0\r\n\r\n"), {400}),
    "an unknown coding": (sized(b"Transfer-Encoding: gzip, chunked\r\n", body=b"2\r\n{}\r\n0\r\n\r\n"), {400, 401}),
    "no length": (sized(body=b""), {401}),
}  # fmt: skip


@pytest.mark.parametrize(("raw", "allowed"), ROW_30.values(), ids=ROW_30.keys())
def test_row_30_a_size_that_is_not_as_told_is_refused(port: int, raw: bytes, allowed: set[int]) -> None:
    heard = spoken(port, raw)
    assert heard
    assert set(statuses(heard)) <= allowed, heard[:300]


def test_row_30_a_request_behind_another_is_not_taken_for_its_own(port: int) -> None:
    hidden = asked(b"GET", b"/healthz")
    first = b"POST " + HOOK + b" HTTP/1.1\r\n" + HOST + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n"
    heard = spoken(port, first + b"0\r\n\r\n" + hidden)
    assert 200 not in statuses(heard)


@pytest.mark.parametrize("path", [HOOK, b"/api/v1/incidents"], ids=["hook", "operation"])
@pytest.mark.parametrize("coding", [b"gzip", b"br", b"deflate", b"zstd", b"gzip, identity"], ids=bytes.decode)
def test_row_31_what_is_compressed_is_never_inflated(port: int, path: bytes, coding: bytes) -> None:
    length = b"Content-Length: %d\r\n" % len(GZIPPED)
    heard = spoken(port, asked(b"POST", path, JSON, b"Content-Encoding: " + coding + b"\r\n", length, body=GZIPPED))
    assert statuses(heard) == [415 if path == HOOK else 401], heard[:300]


def test_row_36_slow_clients_hold_up_nobody(port: int) -> None:
    body_to_come = asked(b"POST", HOOK, JSON, b"Content-Length: 100\r\n")
    slow = [socket.create_connection(("127.0.0.1", port), timeout=20) for _ in range(100)]
    try:
        for number, line in enumerate(slow):
            line.sendall(body_to_come if number % 2 else b"GET / HTTP/1.1\r\nX: ")
        started = time.monotonic()
        assert statuses(spoken(port, asked(b"GET", b"/healthz"))) == [200]
        assert time.monotonic() - started < QUICK_SECONDS
    finally:
        for line in slow:
            line.close()


ROW_34 = {
    "a thousand headers": b"".join(b"X-%d: 1\r\n" % number for number in range(1000)),
    "a thousand times the same": b"Accept-Language: en\r\n" * 1000,
    "a long language": b"Accept-Language: " + b"en-" * 21_000 + b"\r\n",
    "many languages": b"Accept-Language: " + b",".join(b"x%d;q=0.1" % n for n in range(4000)) + b"\r\n",
    "a long cookie": b"Cookie: " + b"a=b; " * 12_000 + b"\r\n",
    "a long agent": b"User-Agent: " + b"(" * 60_000 + b"\r\n",
    "many pieces of a kind": b"Content-Type: multipart/form-data; " + b"a=b; " * 12_000 + b"\r\n",
}


@pytest.mark.parametrize("headers", ROW_34.values(), ids=ROW_34.keys())
def test_row_34_long_headers_cost_little(port: int, headers: bytes) -> None:
    started = time.monotonic()
    heard = spoken(port, asked(b"GET", b"/accounts/login/", headers))
    assert set(statuses(heard)) <= {200, 400, 413, 431}, heard[:300]
    assert time.monotonic() - started < QUICK_SECONDS
