"""Puts answers on the wire, whole or broken on purpose. The only module that reaches below ASGI, to the
socket.
"""

import asyncio
import json
import socket
import struct
import zlib
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from .faults import Fault
from .messages import Response

Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]
Receive = Callable[[], Awaitable[Message]]
MEBIBYTE = 1024 * 1024
BIG = 100 * MEBIBYTE


async def whole_body(receive: Receive, limit: int = 20 * MEBIBYTE) -> bytes | None:
    """The request's body; None when the client left before its end or sent more than `limit` bytes."""
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > limit:
            return None
        if not message.get("more_body"):
            return b"".join(parts)


async def send_whole(send: Send, response: Response, *, head: bool = False) -> None:
    """Sends the answer as it is; a HEAD request gets the headers only."""
    await _start(send, response.status, response.headers, len(response.body))
    await send({"type": "http.response.body", "body": b"" if head else response.body})


async def hang(receive: Receive, seconds: float) -> None:
    """Says nothing until the client leaves or the time is over."""
    try:
        async with asyncio.timeout(seconds):
            while (await receive())["type"] != "http.disconnect":
                pass
    except TimeoutError:
        return


def reset(send: Send) -> None:
    """Breaks the connection with a TCP reset."""
    transport = _transport(send)
    sock = transport.get_extra_info("socket")
    if sock is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


async def spoil(send: Send, response: Response, fault: Fault) -> None:
    """Sends an answer damaged in the way the fault says."""
    if fault.kind == "truncate":
        await _start(send, response.status, response.headers, len(response.body))
        await send(
            {
                "type": "http.response.body",
                "body": response.body[: len(response.body) // 2],
                "more_body": True,
            }
        )
        _transport(send).close()
    elif fault.kind == "drip":
        await _drip(send, response, fault.seconds)
    elif fault.kind == "big":
        await _big(send, response)
    else:
        await send_whole(send, _changed(response, fault))


def _changed(response: Response, fault: Fault) -> Response:
    html = {"content-type": "text/html; charset=utf-8"}
    if fault.kind == "html":
        return Response(200, b"<!doctype html><title>Welcome</title><h1>Please sign in to the network</h1>", html)
    if fault.kind == "not_json":
        return Response(response.status, b'{"ok": tru', response.headers)
    if fault.kind == "error_body":
        body = fault.body or json.dumps({"ok": False, "error": {"code": "internal_error", "message": "It broke."}})
        return Response(200, body.encode(), {"content-type": "application/json"})
    if fault.kind == "gzip_bomb":
        return Response(200, _bomb(), {**response.headers, "content-encoding": "gzip"})
    return Response(response.status, _other_ids(response.body), response.headers)


def _bomb() -> bytes:
    """100 MB of zeros packed into about 100 kB, made piece by piece: only the reader needs the room."""
    packer = zlib.compressobj(wbits=31)
    pieces = [packer.compress(b"0" * MEBIBYTE) for _ in range(BIG // MEBIBYTE)]
    return b"".join([*pieces, packer.flush()])


def _other_ids(body: bytes) -> bytes:
    """The same JSON with every id of somebody else."""

    def changed(value: Any, name: str = "") -> Any:
        if isinstance(value, dict):
            return {key: changed(item, key) for key, item in value.items()}
        if isinstance(value, list):
            return [changed(item, name) for item in value]
        is_id = name in ("id", "uid", "ts", "_id", "key") or name.lower().endswith("id")
        return f"{value}-of-somebody-else" if is_id and isinstance(value, str) else value

    try:
        return json.dumps(changed(json.loads(body))).encode()
    except ValueError:
        return body


async def _drip(send: Send, response: Response, seconds: float) -> None:
    """One byte at a time, `seconds` apart (at most one hour for all)."""
    await _start(send, response.status, response.headers, len(response.body))
    for position in range(len(response.body)):
        await send({"type": "http.response.body", "body": response.body[position : position + 1], "more_body": True})
        await asyncio.sleep(min(seconds, 60))
        if _transport(send).is_closing():
            return
    await send({"type": "http.response.body", "body": b""})


async def _big(send: Send, response: Response) -> None:
    await _start(send, response.status, response.headers, BIG)
    for _ in range(BIG // MEBIBYTE):
        await send({"type": "http.response.body", "body": b" " * MEBIBYTE, "more_body": True})
        if _transport(send).is_closing():
            return
    await send({"type": "http.response.body", "body": b""})


async def _start(send: Send, status: int, headers: dict[str, str], length: int) -> None:
    pairs = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    if status != 204:
        pairs.append((b"content-length", str(length).encode()))
    await send({"type": "http.response.start", "status": status, "headers": pairs})


def _transport(send: Send) -> Any:
    """The connection below ASGI. Uvicorn's `send` is a method of an object that holds it (uvicorn 0.54)."""
    return send.__self__.transport  # type: ignore[attr-defined]
