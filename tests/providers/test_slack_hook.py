"""What Slack sends by itself: signed over the raw bytes, five minutes fresh, read as JSON or form, counted once."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote_plus, urlencode
from uuid import uuid4

import pytest
from django.dispatch import receiver
from django.http import HttpResponse
from django.test import Client
from slack_sdk.signature import SignatureVerifier

from apps.providers import receiving, registry
from apps.providers.hooks import STALE_SECONDS, Hook
from apps.providers.models import Connection, Delivery, Receipt
from apps.timeline.models import Event
from tests.providers.factories import ConnectionFactory

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
FORM, JSON = "application/x-www-form-urlencoded", "application/json"
PRESSED = {
    "type": "block_actions",
    "token": "old-verification-token",
    "trigger_id": "13345224609.738474920.8088930838d88f008e0",
    "user": {"id": "U1", "team_id": "T1"},
    "team": {"id": "T1"},
    "container": {"type": "message", "message_ts": "1712.000100", "channel_id": "C1"},
    "response_url": "https://hooks.slack.com/actions/T1/1/x",
    "actions": [{"action_id": "approve", "block_id": "b", "value": "v", "type": "button", "action_ts": "1712.5"}],
}
SLASH = {
    "token": "t",
    "team_id": "T1",
    "user_id": "U1",
    "command": "/rollback",
    "text": "portal",
    "trigger_id": "9.9.9",
}
EVENT = {"type": "event_callback", "event_id": "Ev1", "team_id": "T1", "event": {"type": "app_mention", "text": "hi"}}


@pytest.fixture
def connection(db: None) -> Connection:
    """A workspace whose signing secret we know."""
    credentials = {"bot_token": "xoxb-1", "signing_secret": SECRET}
    return ConnectionFactory(provider="slack", settings={"channel": "C1"}, credentials=credentials)


@pytest.fixture
def heard() -> Iterator[list[dict[str, Any]]]:
    """Collect what is passed on, once for each delivery."""
    found: list[dict[str, Any]] = []

    @receiver(receiving.hook_received, weak=False)
    def hear(sender: Any, **told: Any) -> None:
        found.append(told)

    yield found
    assert receiving.hook_received.disconnect(hear)


def payload(told: Any) -> bytes:
    """Return a form whose one field is the JSON of what is told."""
    return urlencode({"payload": json.dumps(told)}).encode()


def send(
    connection: Any, body: bytes, kind: str = FORM, *, secret: str = SECRET, age: float = 0, **headers: str
) -> HttpResponse:
    """Send a body as Slack does, signed with the official library."""
    stamp = str(int(time.time() - age))
    signature = SignatureVerifier(secret).generate_signature(timestamp=stamp, body=body) or ""
    given = {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": signature, **headers}
    path = f"/hooks/slack/{getattr(connection, 'pk', connection)}"
    return Client(enforce_csrf_checks=True).post(path, body, content_type=kind, headers=given)


def slack_hook() -> Hook:
    """Return how Slack signs."""
    hook = registry.provider("slack").hook
    assert hook
    return hook


def test_the_signature_is_the_one_slack_describes() -> None:
    body = b"payload=%7B%22type%22%3A%22block_actions%22%7D"
    signed = {
        "X-Slack-Request-Timestamp": "1531420618",
        "X-Slack-Signature": "v0=9dffc25b49a4a7fc2e15c9c9450bf8af09eb501fcef9039eaea3deb58af0c82c",
    }
    assert slack_hook().accepts(signed, body, SECRET, 1531420618.0)
    assert slack_hook().accepts(signed, body, SECRET, 1531420618.0 + STALE_SECONDS)
    assert not slack_hook().accepts(signed, body, SECRET, 1531420618.0 + STALE_SECONDS + 1)
    assert not slack_hook().accepts(signed, body, SECRET, 1531420618.0 - STALE_SECONDS - 1)
    assert not slack_hook().accepts(signed, body + b" ", SECRET, 1531420618.0)
    assert not slack_hook().accepts(signed, body, "", 1531420618.0)
    assert slack_hook().read(signed, body) == {"type": "block_actions"}


def test_a_pressed_button_is_taken_once_acknowledged_with_nothing_and_passed_on(
    connection: Connection, heard: list[dict[str, Any]]
) -> None:
    body = payload(PRESSED)
    answers = [send(connection, body), send(connection, body, age=5)]
    assert [(one.status_code, one.content) for one in answers] == [(200, b"")] * 2
    assert bytes(Receipt.objects.get().body) == body
    (told,) = heard
    assert (told["connection"], told["event"], told["delivery"]) == (connection, "block_actions", PRESSED["trigger_id"])
    assert told["told"]["actions"][0]["value"] == "v"
    assert told["told"]["response_url"] == PRESSED["response_url"]
    assert "token" not in told["told"]
    event = Event.objects.get(kind="hook.received")
    assert "old-verification-token" not in json.dumps([event.text, event.details])


def test_a_slash_command_is_told_with_its_words(connection: Connection, heard: list[dict[str, Any]]) -> None:
    answer = send(connection, urlencode(SLASH).encode())
    assert (answer.status_code, answer.content) == (200, b"")
    assert heard[0]["event"] == "/rollback"
    assert (heard[0]["told"]["type"], heard[0]["told"]["text"]) == ("slash_command", "portal")


def test_the_handshake_is_answered_with_its_challenge(connection: Connection) -> None:
    told = {
        "type": "url_verification",
        "token": "t",
        "challenge": "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P",
    }
    answer = send(connection, json.dumps(told).encode(), JSON)
    assert (answer.status_code, answer.json()) == (200, {"challenge": told["challenge"]})
    assert send(connection, json.dumps(told).encode(), JSON, secret="another").status_code == 401


def test_an_event_that_is_sent_again_counts_once(connection: Connection, heard: list[dict[str, Any]]) -> None:
    bodies = [json.dumps(EVENT).encode(), json.dumps({**EVENT, "event_time": 1}).encode()]
    retried = {"X-Slack-Retry-Num": "1", "X-Slack-Retry-Reason": "http_timeout"}
    assert [send(connection, body, JSON, **retried).status_code for body in bodies] == [200, 200]
    assert [(one["event"], one["delivery"]) for one in heard] == [("app_mention", "Ev1")]


@pytest.mark.parametrize("body", [b"ssl_check=1&token=abc", b"token=abc&ssl_check=1"])
def test_the_look_at_our_certificate_is_answered_unsigned_and_does_nothing(connection: Connection, body: bytes) -> None:
    answers = [
        Client(enforce_csrf_checks=True).post(f"/hooks/slack/{source}", body, content_type=FORM)
        for source in (connection.pk, uuid4(), "nobody")
    ]
    assert {(answer.status_code, answer.content) for answer in answers} == {(200, b"")}
    assert not Receipt.objects.exists()
    assert not Delivery.objects.exists()


@pytest.mark.parametrize("body", [b"ssl_check=1&command=%2Frollback", b"ssl_check=1&payload=%7B%7D", b"ssl_check=10"])
def test_nothing_rides_in_on_the_look_at_our_certificate(connection: Connection, body: bytes) -> None:
    answer = Client(enforce_csrf_checks=True).post(f"/hooks/slack/{connection.pk}", body, content_type=FORM)
    assert answer.status_code == 401
    assert not Receipt.objects.exists()


def test_what_is_not_signed_by_this_secret_just_now_is_refused_and_not_kept(connection: Connection) -> None:
    body = payload(PRESSED)
    no_time = {"X-Slack-Request-Timestamp": ""}
    answers = [
        send(connection, body, secret="another secret"),
        send(connection, body, age=STALE_SECONDS + 2),
        send(connection, body, age=-STALE_SECONDS - 2),
        send(connection, body, **no_time),
        send(connection, body, **{"X-Slack-Request-Timestamp": "soon"}),
        send(connection, body, **{"X-Slack-Request-Timestamp": str(int(time.time()) + 1)}),
        send(connection, body, **{"X-Slack-Signature": ""}),
        send(connection, body, **{"X-Slack-Signature": "v0=é"}),
        send(uuid4(), body),
        send("nobody", body),
    ]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.content for answer in answers}) == 1
    assert not Receipt.objects.exists()


def test_a_body_that_was_written_anew_is_not_the_one_that_was_signed(connection: Connection) -> None:
    stamp = str(int(time.time()))
    signature = SignatureVerifier(SECRET).generate_signature(timestamp=stamp, body=payload(PRESSED)) or ""
    anew = b"payload=" + quote_plus(json.dumps(PRESSED, separators=(",", ":"))).encode()
    headers = {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": signature}
    answer = Client().post(f"/hooks/slack/{connection.pk}", anew, content_type=FORM, headers=headers)
    assert answer.status_code == 401


def test_the_content_type_is_not_signed_so_it_changes_nothing(
    connection: Connection, heard: list[dict[str, Any]]
) -> None:
    assert send(connection, payload(PRESSED), JSON).status_code == 200
    assert send(connection, payload(PRESSED), FORM).status_code == 200
    assert send(connection, json.dumps(EVENT).encode(), FORM).status_code == 200
    assert [one["event"] for one in heard] == ["block_actions", "app_mention"]


UNREADABLE = {
    "payload twice": payload(PRESSED) + b"&" + payload(PRESSED),
    "a field twice": urlencode(SLASH).encode() + b"&text=other",
    "no command": b"text=hello",
    "nothing": b"",
    "no JSON": b"payload=%7B",
    "a list": b"payload=%5B%5D",
    "no type": b"payload=%7B%7D",
    "a number for a type": b'{"type": 7}',
    "not ASCII": "command=/ä&text=".encode(),
    "half a form": b"command",
    "many fields": urlencode({f"f{n}": "1" for n in range(200)} | {"command": "/x"}).encode(),
    "NaN": b'{"type": "event_callback", "a": NaN}',
    "depth": b'{"type":"x","a":' + b"[" * 50_000 + b"]" * 50_000 + b"}",
}


@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE.keys())
def test_what_says_two_things_or_nothing_is_kept_and_refused(
    connection: Connection, heard: list[dict[str, Any]], body: bytes
) -> None:
    assert send(connection, body).status_code == 422
    assert bytes(Receipt.objects.get().body) == body
    assert heard == []


@pytest.mark.parametrize(
    "url", ["https://evil.example/x", "http://hooks.slack.com/", "https://hooks.slack.com.evil.io/"]
)
def test_an_answering_address_that_leads_elsewhere_is_forgotten(
    connection: Connection, heard: list[dict[str, Any]], url: str
) -> None:
    assert send(connection, payload({**PRESSED, "response_url": url})).status_code == 200
    assert "response_url" not in heard[0]["told"]


def test_a_press_without_a_trigger_is_known_by_who_pressed_what_when(
    connection: Connection, heard: list[dict[str, Any]]
) -> None:
    bare = {name: value for name, value in PRESSED.items() if name not in ("trigger_id", "response_url")}
    other = {**bare, "user": {"id": "U2"}}
    assert [send(connection, payload(one)).status_code for one in (bare, {**bare, "state": {}}, other)] == [200] * 3
    assert [one["delivery"] for one in heard] == [
        "block_actions:1712.000100:U1:1712.5",
        "block_actions:1712.000100:U2:1712.5",
    ]


def test_a_connection_without_a_signing_secret_believes_nothing(db: None) -> None:
    silent = ConnectionFactory(provider="slack", settings={"channel": "C1"}, credentials={"bot_token": "xoxb-1"})
    assert send(silent, payload(PRESSED)).status_code == 401
