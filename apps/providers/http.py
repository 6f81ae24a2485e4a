"""Speak HTTP with the outside: the only module that imports httpx.

It never follows a redirect, takes no proxy or cookie along, never repeats a request, and tells apart the
three ways an exchange can end: not sent (no byte of the request left), lost (it left, and no whole answer
came back), answered.
"""

from __future__ import annotations

import json
import os
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import httpx

from apps.providers import connecting, outbound
from apps.providers.base import ProviderError, always_permitted
from apps.providers.redaction import redact

CONNECT_SECONDS, READ_SECONDS, POOL_SECONDS, TOTAL_SECONDS = 3.0, 10.0, 3.0, 20.0
MAX_BYTES = 10 * 1024 * 1024
DEFAULT_HEADERS = {
    "User-Agent": "rollback-portal",
    "Accept": "application/json",
    "Accept-Encoding": "identity",
}

exchange_listener: ContextVar[Callable[[str], None] | None] = ContextVar("exchange_listener", default=None)


class NotSent(ProviderError):
    """No byte of the request left this machine."""


class Lost(ProviderError):
    """The request left, and no whole answer came back: whether it had an effect is not known."""


class TooMuch(Lost):
    """The answer is larger than it may be."""


class UnreadableAnswer(ProviderError):
    """A whole answer came, but it is not what the provider's documentation promises."""


@dataclass(frozen=True)
class Request:
    """What to send, to whom (`name` is for sentences), and what of it is secret."""

    name: str
    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes = b""
    secrets: tuple[str, ...] = ()
    shown: str = ""  # how the log calls it; the path and query when empty


@dataclass(frozen=True)
class Limits:
    """What an exchange may cost and where it may go. `cut` returns the beginning of a long body."""

    total_seconds: float = TOTAL_SECONDS
    max_bytes: int = MAX_BYTES
    cut: bool = False
    policy: outbound.Policy | None = None
    public_ports: frozenset[int] | None = None


@dataclass(frozen=True)
class Answer:
    """A whole answer: `headers` in lower case, `seconds` from start to end."""

    name: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float

    @property
    def ok(self) -> bool:
        """Say whether the status is 2xx."""
        return 200 <= self.status < 300

    def json(self) -> Any:
        """Return the parsed body. Raises UnreadableAnswer."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            kind = self.headers.get("content-type", "").split(";")[0] or "no content type"
            raise UnreadableAnswer(f"{self.name} answered {self.status} with something that is not JSON ({kind}).")


@contextmanager
def listening(listener: Callable[[str], None]) -> Iterator[None]:
    """Report every exchange of the block to `listener`, one redacted line per request and answer."""
    token = exchange_listener.set(listener)
    try:
        yield
    finally:
        exchange_listener.reset(token)


def send(
    request: Request,
    limits: Limits | None = None,
    *,
    permit: Callable[[], bool] = always_permitted,
    fresh: bool = True,
) -> Answer:
    """Exchange one request for its answer, whatever its status. `fresh` uses a connection of its own.

    Raises NotSent or Lost, both with a sentence that holds no secret.
    """
    limits = limits or Limits()
    started = time.monotonic()
    exchange = connecting.Exchange(
        started + limits.total_seconds, permit, policy=limits.policy, public_ports=limits.public_ports
    )
    _tell(request, f"→ {request.method} {request.shown or _path(request.url)}")
    token = connecting.current.set(exchange)
    try:
        answer = _exchange(request, limits, started, fresh)
    except (ProviderError, outbound.AddressRefused, outbound.AddressUnknown, connecting.Withdrawn) as error:
        ended: ProviderError = error if isinstance(error, ProviderError) else NotSent(_not_sent(request, error))
    except httpx.HTTPError as error:
        ended = Lost(_lost(request, error)) if exchange.sent else NotSent(_not_sent(request, error))
    else:
        _tell(request, f"← {answer.status} in {answer.seconds * 1000:.0f} ms")
        return answer
    finally:
        connecting.current.reset(token)
    _tell(request, f"✕ {ended}")
    raise ended


def _exchange(request: Request, limits: Limits, started: float, fresh: bool) -> Answer:
    wire = _prepared(request)
    response = _transport(0 if fresh else 20).handle_request(wire)
    try:
        body = _body(request, response, limits)
    finally:
        response.close()
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Answer(request.name, response.status_code, headers, body, time.monotonic() - started)


def _prepared(request: Request) -> httpx.Request:
    headers = {**DEFAULT_HEADERS, **request.headers}
    for name, value in headers.items():
        if not (name.isascii() and value.isascii() and name.isprintable() and value.isprintable()):
            raise NotSent(
                f"The header {name!r} for {request.name} holds characters that cannot be sent (a line "
                "break?). Nothing was sent. Enter the connection's credentials again."
            )
    seconds = {"connect": CONNECT_SECONDS, "read": READ_SECONDS, "write": READ_SECONDS, "pool": POOL_SECONDS}
    try:
        outbound.split_address(request.url)
        return httpx.Request(
            request.method,
            request.url,
            headers=headers,
            content=request.body,
            extensions={"timeout": seconds},
        )
    except (httpx.InvalidURL, ValueError):
        raise NotSent(f"The address of {request.name} is not a complete web address. Nothing was sent.")


def _body(request: Request, response: httpx.Response, limits: Limits) -> bytes:
    packed = response.headers.get("content-encoding", "").lower() in ("gzip", "deflate")
    unpack = zlib.decompressobj(47) if packed else None
    body = bytearray()
    try:
        for chunk in response.stream:  # type: ignore[union-attr]
            body += unpack.decompress(chunk, limits.max_bytes + 1 - len(body)) if unpack else chunk
            if len(body) > limits.max_bytes:
                break
    except zlib.error:
        raise Lost(f"{request.name} sent a compressed answer that cannot be unpacked.") from None
    if len(body) > limits.max_bytes and not limits.cut:
        raise TooMuch(f"{request.name} sent more than {limits.max_bytes // 1024} KB; the rest was not read.")
    return bytes(body[: limits.max_bytes])


class _GuardedTransport(httpx.HTTPTransport):
    """httpx's own transport on top of our guarded connections."""

    def __init__(self, kept_alive: int) -> None:
        # It honours SSL_CERT_FILE, for providers whose certificate is signed by their own authority.
        context = httpx.create_ssl_context()
        super().__init__(verify=context, trust_env=False)
        self._pool = connecting.guarded_pool(context, kept_alive=kept_alive)


_transport = lru_cache(maxsize=None)(_GuardedTransport)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_transport.cache_clear)


def _path(url: str) -> str:
    return "/" + url.split("://", 1)[-1].partition("/")[2]


def _host(url: str) -> str:
    return url.split("://", 1)[-1].partition("/")[0]


def _tell(request: Request, line: str) -> None:
    if listener := exchange_listener.get():
        listener(redact(line, request.secrets))


def _not_sent(request: Request, error: Exception) -> str:
    if isinstance(error, connecting.Withdrawn):
        return f"The request to {request.name} was stopped before it was sent. Nothing was changed."
    if isinstance(error, outbound.AddressRefused | outbound.AddressUnknown):
        return f"{request.name} was not called: {error} Nothing was changed."
    why = redact(str(error), request.secrets) or type(error).__name__
    return f"{request.name} could not be reached at {_host(request.url)} ({why}). Nothing was sent or changed."


def _lost(request: Request, error: Exception) -> str:
    if isinstance(error, httpx.TimeoutException):
        return f"The request reached {request.name}, but no whole answer came in time."
    why = redact(str(error), request.secrets) or type(error).__name__
    return f"The request reached {request.name}, but the connection ended before the whole answer came ({why})."
