"""Open connections to looked-at addresses only, and know for each exchange whether a byte has left and how
long it may last.

Resolving, guarding and the overall deadline live below HTTP, so that no redirect, slow drip or second lookup
can get around them. `httpcore` asks this backend for every connection; TLS still checks the certificate for
the name.
"""

from __future__ import annotations

import logging
import ssl
import time
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import httpcore

from apps.providers import outbound

logger = logging.getLogger(__name__)


class Withdrawn(Exception):
    """Whoever started the exchange no longer permits it, and nothing has been sent."""


@dataclass
class Exchange:
    """One request and its answer: until when it may last (monotonic), what guards it, and whether it has
    begun.
    """

    until: float
    permit: Callable[[], bool]
    policy: outbound.Policy | None = None
    public_ports: frozenset[int] | None = None
    sent: bool = False

    def remaining(self, at_most: float | None, error: type[httpcore.TimeoutException]) -> float:
        """Return the seconds that one operation may take. Raises `error` when the exchange is over."""
        left = self.until - time.monotonic()
        if left <= 0:
            raise error("the exchange took too long")
        return left if at_most is None else min(at_most, left)

    def begin(self) -> None:
        """Ask for permission before the first byte of the request. Raises Withdrawn."""
        if not self.sent:
            if not self._permitted():
                raise Withdrawn
            self.sent = True

    def _permitted(self) -> bool:
        try:
            return self.permit()
        except Exception:
            logger.exception("Whether a request may be sent could not be found out; it is not sent.")
            return False


current: ContextVar[Exchange] = ContextVar("exchange")


class GuardedStream(httpcore.NetworkStream):
    """A connection that obeys the deadline of the exchange it is used for."""

    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self.stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read what is there, at most until the exchange is over."""
        return self.stream.read(max_bytes, current.get().remaining(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write; the first byte needs the permission."""
        exchange = current.get()
        seconds = exchange.remaining(timeout, httpcore.WriteTimeout)
        exchange.begin()
        self.stream.write(buffer, seconds)

    def close(self) -> None:
        """Close the connection."""
        self.stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        """Begin TLS for the name that was asked for, not for the address that was dialled."""
        seconds = current.get().remaining(timeout, httpcore.ConnectTimeout)
        return GuardedStream(self.stream.start_tls(ssl_context, server_hostname, seconds))

    def get_extra_info(self, info: str) -> Any:
        """Pass on what httpcore wants to know about the socket."""
        return self.stream.get_extra_info(info)


class GuardedBackend(httpcore.NetworkBackend):
    """Dial only addresses that the outbound guard lets through."""

    def __init__(self) -> None:
        self.backend = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Resolve once, then try the addresses in turn. Raises AddressRefused or AddressUnknown."""
        exchange = current.get()
        until = time.monotonic() + exchange.remaining(timeout, httpcore.ConnectTimeout)
        addresses = outbound.resolve(host, port, allow=exchange.policy, public_ports=exchange.public_ports)
        error: Exception = httpcore.ConnectTimeout("looking up the name took too long")
        for address in addresses:
            left = until - time.monotonic()
            if left <= 0:
                break
            try:
                return GuardedStream(self.backend.connect_tcp(str(address), port, left, local_address, socket_options))
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as failed:
                error = failed
        raise error


def guarded_pool(context: ssl.SSLContext, *, kept_alive: int) -> httpcore.ConnectionPool:
    """Return a pool of guarded HTTP/1.1 connections, `kept_alive` of which may wait for the next request."""
    return httpcore.ConnectionPool(
        ssl_context=context,
        max_connections=50,
        max_keepalive_connections=kept_alive,
        keepalive_expiry=10.0,
        network_backend=GuardedBackend(),
    )
