"""Open a connection that stays open, to addresses that the guard lets through, for the protocols that are not HTTP."""

from __future__ import annotations

import socket
import ssl
import time

import httpcore

from apps.providers import connecting, outbound
from apps.providers.base import always_permitted
from apps.providers.http import NotSent

DIAL_SECONDS = 10.0


def dial(address: str, name: str) -> socket.socket:
    """Return a connection to a ws:// or wss:// address, with TLS for wss; `name` is for sentences. Raises NotSent."""
    secure = address.startswith("wss://")
    if not secure and not address.startswith("ws://"):
        raise NotSent(f"{name} named an address that is no WebSocket. Nothing was sent.")
    exchange = connecting.Exchange(time.monotonic() + DIAL_SECONDS, always_permitted)
    token = connecting.current.set(exchange)
    try:
        host, port = outbound.split_address(f"http{address.removeprefix('ws')}")
        stream = connecting.GuardedBackend().connect_tcp(host, port, DIAL_SECONDS)
        if secure:
            stream = stream.start_tls(ssl.create_default_context(), host, DIAL_SECONDS)
    except (outbound.AddressRefused, outbound.AddressUnknown) as refused:
        raise NotSent(f"{name} was not called: {refused}") from None
    except (httpcore.NetworkError, httpcore.TimeoutException, OSError) as error:
        raise NotSent(f"{name} could not be reached at {host}:{port} ({error or type(error).__name__}).") from None
    finally:
        connecting.current.reset(token)
    found: socket.socket = stream.get_extra_info("socket")
    return found
