"""One HTTP server with a journal and scripted misbehaviour; what it means is the subclass's business."""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, unquote, urlsplit

HANG_SECONDS = 60.0


@dataclass
class Entry:
    """One request as it came, what was answered, and what it changed. Times are Unix seconds."""

    at: float
    method: str
    path: str
    query: dict[str, list[str]]
    headers: Mapping[str, str]
    body: Any
    raw: bytes
    effect: str = ""
    status: int | None = None
    fault: str = ""

    def __str__(self) -> str:
        said = f"{self.method} {self.path} → {self.status or 'no answer'}"
        return said + (f" [{self.fault}]" if self.fault else "") + (f" = {self.effect}" if self.effect else "")


@dataclass
class Answer:
    """What to answer: a value is sent as JSON, bytes as they are, None as an empty body."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)

    def payload(self) -> bytes:
        """Return the bytes of the body."""
        if self.body is None:
            return b""
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


@dataclass
class Fault:
    """What goes wrong with the next `times` requests that `when` picks.

    `kind` is a status (`429`, `500` …), `reset`, `garbage` (200 with a page), `half` (a truncated answer) or `hang`;
    these come before any effect. With `_after` at its end, the effect has happened.
    """

    kind: str
    when: Callable[[Entry], bool] = lambda entry: True
    times: int = 1
    retry_after: str | None = None


class Foreign:
    """A server on one port. Subclasses answer in `answer`, and say in `entry.effect` what a request changed."""

    def __init__(self, line: socket.socket, prefix: str = "") -> None:
        self.prefix, self.port = prefix, line.getsockname()[1]
        self.lock, self.faults = threading.RLock(), list[Fault]()
        self.journal = list[Entry]()
        self.let_go, self.pace = threading.Event(), 0.0
        self._listen(line)

    def _listen(self, line: socket.socket) -> None:
        self.server = _server(line, self)
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def url(self) -> str:
        """Where it answers, with its path prefix."""
        return f"http://127.0.0.1:{self.port}{self.prefix}"

    @property
    def effects(self) -> list[str]:
        """Everything that any request changed, in order."""
        with self.lock:
            return [entry.effect for entry in self.journal if entry.effect]

    @property
    def writes(self) -> list[Entry]:
        """Every request that asked for a change, whether it was granted or not."""
        with self.lock:
            return [entry for entry in self.journal if self.is_write(entry)]

    def is_write(self, entry: Entry) -> bool:
        """Say whether a request asks for a change."""
        return entry.method not in {"GET", "HEAD", "OPTIONS"}

    def breaks(self, kind: str, when: Callable[[Entry], bool] | None = None, **more: Any) -> None:
        """Misbehave next time; without `when` at the next request that asks for a change."""
        with self.lock:
            self.faults.append(Fault(kind, when or self.is_write, **more))

    def answer(self, entry: Entry) -> Answer:
        """Do what the request asks and answer it. Called with the lock held."""
        raise NotImplementedError

    def stop(self) -> None:
        """Close the port: from now on every call is refused. Open lines that hang are let go."""
        self.let_go.set()
        self.server.shutdown()
        self.server.server_close()

    def come_back(self) -> None:
        """Listen again after `stop`, on the same port and with everything that was there."""
        self.let_go.clear()
        line = socket.socket()
        line.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        line.bind(("127.0.0.1", self.port))
        self._listen(line)

    def handle(self, handler: BaseHTTPRequestHandler) -> None:
        """Take one request: note it, apply the fault that fits, answer."""
        entry = _read(handler, self.prefix)
        time.sleep(self.pace)
        if self.let_go.is_set():
            return _reset(handler)
        with self.lock:
            fault = self._fault_for(entry)
            self.journal.append(entry)
            entry.fault = fault.kind if fault else ""
            before = fault and not fault.kind.endswith("_after")
            answer = self._known(entry) if not before else Answer()
        if fault is None:
            return _send(handler, entry, answer)
        return self._misbehave(handler, entry, fault, answer)

    def _known(self, entry: Entry) -> Answer:
        return Answer(404, {"error": "outside of the prefix"}) if entry.path.startswith("!") else self.answer(entry)

    def _fault_for(self, entry: Entry) -> Fault | None:
        for fault in self.faults:
            if fault.times > 0 and fault.when(entry):
                fault.times -= 1
                return fault
        return None

    def _misbehave(self, handler: BaseHTTPRequestHandler, entry: Entry, fault: Fault, answer: Answer) -> None:
        kind = fault.kind.removesuffix("_after")
        if kind.isdigit():
            headers = {"Retry-After": fault.retry_after} if fault.retry_after else {}
            _send(handler, entry, Answer(int(kind), {"error": {"code": kind, "message": "scripted"}}, headers))
        elif kind == "garbage":
            page = b"<html><body>It works!</body></html>"
            _send(handler, entry, Answer(200, page, {"Content-Type": "text/html"}))
        elif kind == "half":
            _send_half(handler, answer)
        else:
            if kind == "hang":
                self.let_go.wait(HANG_SECONDS)
            _reset(handler)


def _server(line: socket.socket, foreign: Foreign) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 70

        def _any(self) -> None:
            foreign.handle(self)

        do_GET = do_HEAD = do_POST = do_PATCH = do_PUT = do_DELETE = _any

        def log_message(self, *_: Any) -> None:
            """Say nothing; the journal knows."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False
        request_queue_size = 64

        def handle_error(self, request: Any, client_address: Any) -> None:
            """A client that goes away is no event here."""

    server = Server(line.getsockname(), Handler, bind_and_activate=False)
    server.socket.close()
    server.socket = line
    server.server_name, server.server_port = "127.0.0.1", line.getsockname()[1]
    server.server_activate()
    return server


def _read(handler: BaseHTTPRequestHandler, prefix: str) -> Entry:
    raw = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
    parts = urlsplit(handler.path)
    inside = parts.path == prefix or parts.path.startswith(prefix + "/")
    path = (parts.path.removeprefix(prefix) or "/") if inside else "!" + parts.path
    headers = {name.lower(): value for name, value in handler.headers.items()}
    return Entry(time.time(), handler.command, unquote(path), parse_qs(parts.query), headers, _value(raw, headers), raw)


def _value(raw: bytes, headers: Mapping[str, str]) -> Any:
    kind = headers.get("content-type", "")
    if kind.startswith("application/x-www-form-urlencoded"):
        return dict(parse_qsl(raw.decode()))
    try:
        return json.loads(raw) if raw else None
    except ValueError:
        return None


def _send(handler: BaseHTTPRequestHandler, entry: Entry, answer: Answer) -> None:
    payload = answer.payload()
    entry.status = answer.status
    handler.send_response(answer.status)
    for name, value in {"Content-Type": "application/json", **answer.headers}.items():
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(payload)))
    handler.end_headers()
    if handler.command != "HEAD":
        handler.wfile.write(payload)


def _send_half(handler: BaseHTTPRequestHandler, answer: Answer) -> None:
    payload = answer.payload() or b"{}"
    handler.send_response(answer.status)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", str(len(payload) + 20))
    handler.end_headers()
    handler.wfile.write(payload[: len(payload) // 2])
    handler.wfile.flush()
    _reset(handler)


def _reset(handler: BaseHTTPRequestHandler) -> None:
    """Close so that the other side gets a reset instead of an end."""
    handler.close_connection = True
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()
