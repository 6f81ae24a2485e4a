"""Socket Mode: a line to Slack that we open, for installations which Slack cannot reach.

The line itself is slack_sdk's, on a connection that our own guard has opened: the library is given no chance to dial.
An envelope is acknowledged when it was taken, and not before, so that Slack sends it again after a crash.
Sources: slackapi/python-slack-sdk `slack_sdk/socket_mode`, docs.slack.dev/apis/events-api/using-socket-mode.
"""

from __future__ import annotations

import json
import logging
import socket
import threading
from typing import Any
from urllib.parse import urlsplit

from slack_sdk.socket_mode.builtin.connection import Connection, ConnectionState
from slack_sdk.socket_mode.builtin.internals import (
    _generate_sec_websocket_key,
    _parse_handshake_response,
    _validate_sec_websocket_accept,
)
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse

from apps.providers.base import Access, ProviderError
from apps.providers.calling import Api, Denied, credential
from apps.providers.dialling import dial
from apps.providers.listening import Going, Take
from apps.providers.slack.hearing import SLASH
from apps.providers.slack.wire import body_of, sentence

API = Api(
    "Slack",
    "https://slack.com",
    lambda access: {"Authorization": f"Bearer {credential(access, 'app_token', 'Slack')}"},
)
PING_SECONDS = 5.0
BUFFER_BYTES = 65_536
KINDS = ("interactive", "slash_commands", "events_api")
logger = logging.getLogger(__name__)


def listen(access: Access, take: Take, going: Going) -> None:
    """Hold one line open until it ends, Slack asks for a new one, or `going` says no more. Raises ProviderError."""
    line = _GuardedLine(_address(access), take)
    line.connect()
    watch = threading.Thread(target=_watch, args=(line, going), daemon=True, name="slack-line")
    watch.start()
    try:
        line.run_until_completion(line.reading)
    finally:
        line.stop()
        watch.join()
        line.disconnect()
    if line.broken:
        raise ProviderError(f"The line to Slack broke: {line.broken}")


class _GuardedLine(Connection):
    """slack_sdk's line, on a connection of ours."""

    def __init__(self, url: str, take: Take) -> None:
        super().__init__(
            url,
            logger,
            ping_interval=PING_SECONDS,
            receive_buffer_size=BUFFER_BYTES,
            on_message_listener=self._hear,
            on_error_listener=self._fail,
        )
        self.reading = ConnectionState()
        self.ended = threading.Event()
        self.broken = ""
        self._take = take

    def connect(self) -> None:
        """Dial through the guard and shake hands. Raises ProviderError."""
        parts, key = urlsplit(self.url), _generate_sec_websocket_key()
        line = dial(self.url, "Slack")
        line.settimeout(PING_SECONDS)
        lines = (
            f"GET {parts.path}?{parts.query} HTTP/1.1",
            f"Host: {parts.netloc}",
            *("Upgrade: websocket", "Connection: Upgrade", f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13"),
        )
        try:
            line.sendall("\r\n".join((*lines, "", "")).encode("ascii"))
            status, headers, _ = _parse_handshake_response(line)  # type: ignore[arg-type]
        except (OSError, ValueError) as error:
            line.close()
            raise ProviderError(f"Slack did not open the line ({error}).") from None
        if status != 101 or not _validate_sec_websocket_accept(key, headers):
            line.close()
            raise ProviderError(f"Slack did not open the line: it answered {status}.")
        self.sock = _Ending(line)  # type: ignore[assignment]

    def stop(self) -> None:
        """Let whoever reads the line come to an end."""
        self.reading.terminated = True
        self.ended.set()
        if (line := self.sock) is not None:
            line.wake()  # type: ignore[attr-defined]

    def _hear(self, text: str) -> None:
        """Take what came, then acknowledge it; what could not be taken is not acknowledged."""
        message = json.loads(text)
        if message.get("type") == "disconnect":
            self.reading.terminated = True
            return
        envelope = SocketModeRequest.from_dict(message)
        if envelope is None or envelope.type not in KINDS:
            return
        self._take(json.dumps(_told(envelope), ensure_ascii=False, separators=(",", ":")).encode())
        self.send(json.dumps(SocketModeResponse(envelope.envelope_id).to_dict()))

    def _fail(self, error: Exception) -> None:
        if not self.ended.is_set():
            self.broken = self.broken or f"{type(error).__name__}: {error}"
        self.reading.terminated = True


class _Ending:
    """A connection whose end is an error: the library would go on asking it for more."""

    def __init__(self, line: socket.socket) -> None:
        self._line = line
        self.send, self.close = line.sendall, line.close

    def recv(self, size: int) -> bytes:
        """Return the next bytes. Raises ConnectionResetError at the end."""
        if not (data := self._line.recv(size)):
            raise ConnectionResetError("it was ended by the other side")
        return data

    def wake(self) -> None:
        """Wake whoever waits for the next byte; a line that is gone already needs no waking."""
        try:
            self._line.shutdown(socket.SHUT_RDWR)
        except OSError:
            return


def _watch(line: _GuardedLine, going: Going) -> None:
    """Ping the line, and end it when nobody wants it any more or nothing answers."""
    while not line.ended.wait(PING_SECONDS / 5):
        if not going():
            line.stop()
            return
        line.check_state()
        if not line.is_active():
            line.broken = line.broken or "it no longer answered"
            line.reading.terminated = True
            return


def _told(envelope: SocketModeRequest) -> dict[str, Any]:
    """Return a delivery as it would have come by HTTP."""
    return {**envelope.payload, "type": SLASH} if envelope.type == "slash_commands" else envelope.payload


def _address(access: Access) -> str:
    answer = API.read(access, "/api/apps.connections.open", method="POST")
    body = body_of(answer) if answer.ok else None
    if body is None:
        raise API.unreadable(access, answer, "Where to connect for Socket Mode")
    if not body["ok"]:
        raise Denied(sentence("to open a line (apps.connections.open)", body))
    url = str(body.get("url") or "")
    if not url.startswith("wss://") and not access.base_url.startswith("http://"):
        raise ProviderError("Slack named an address without encryption for Socket Mode. Nothing was sent there.")
    return url
