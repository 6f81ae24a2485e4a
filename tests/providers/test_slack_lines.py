"""Socket Mode: a line that we open through our own guard; what comes over it is taken, then acknowledged, once."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.socket_mode import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse

from apps.providers import line_keeping, receiving
from apps.providers.base import Access, ProviderError
from apps.providers.models import Connection, Delivery
from apps.providers.simulation import Simulators
from apps.providers.slack.provider import Slack
from tests.providers.conftest import Connect, Serve
from tests.providers.factories import ConnectionFactory
from tests.providers.raw import answer, routed

TEAM = "motion-mavericks"
PRESSED = {"type": "block_actions", "trigger_id": "1.2.3", "user": {"id": "U1"}, "actions": [{"action_id": "open"}]}
INTERACTIVE = {"type": "interactive", "payload": PRESSED}
SLASH = {"type": "slash_commands", "payload": {"command": "/rollback", "text": "portal", "trigger_id": "4.5.6"}}


@pytest.fixture
def access(connect: Connect) -> Access:
    """The access to the simulator, set up for Socket Mode."""
    return connect("slack", credentials={"app_token": f"xapp-simulated-{TEAM}"})


def until(holds: Callable[[], Any], seconds: float = 10) -> Any:
    """Ask until it holds; another process cannot ring a bell here."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        if found := holds():
            return found
    raise AssertionError("It did not come true in time.")


def lines(simulators: Simulators) -> dict[str, Any]:
    """Return how many lines are open at Slack, and what was said over them."""
    found: dict[str, Any] = simulators.do("slack", "lines", organisation=TEAM)
    return found


def deliver(simulators: Simulators, envelope: dict[str, Any]) -> str:
    """Let something happen at Slack; returns the id of the envelope."""
    found: str = simulators.do("slack", "deliver", organisation=TEAM, envelope=envelope)["envelope_id"]
    return found


def acknowledged(simulators: Simulators, envelope: str) -> bool:
    """Say whether an envelope was acknowledged."""
    return {"envelope_id": envelope} in lines(simulators)["heard"]


@contextmanager
def listening(
    simulators: Simulators, access: Access, take: Callable[[bytes], None]
) -> Iterator[tuple[threading.Event, list[Exception]]]:
    """Hold a line while the block lasts; gives what stops it and what it ended with."""
    stop, ended = threading.Event(), []

    def listen() -> None:
        try:
            Slack().listen(access, take, lambda: not stop.is_set())
        except ProviderError as error:
            ended.append(error)

    thread = threading.Thread(target=listen)
    thread.start()
    try:
        until(lambda: lines(simulators)["open"] == 1)
        yield stop, ended
    finally:
        stop.set()
        thread.join(10)
        assert not thread.is_alive()


def test_what_comes_over_the_line_is_taken_and_then_acknowledged(access: Access, simulators: Simulators) -> None:
    taken: list[Any] = []

    def take(body: bytes) -> None:
        assert lines(simulators)["heard"] == [], "nothing is acknowledged before it was taken"
        taken.append(json.loads(body))

    with listening(simulators, access, take) as (_, ended):
        envelope = deliver(simulators, INTERACTIVE)
        until(lambda: acknowledged(simulators, envelope))
    assert (taken, ended) == ([PRESSED], [])
    assert lines(simulators)["open"] == 0


def test_a_slash_command_says_what_it_is_and_a_large_one_comes_whole(access: Access, simulators: Simulators) -> None:
    taken: list[Any] = []
    large = {**SLASH, "payload": {**SLASH["payload"], "text": "é" * 40_000}}
    with listening(simulators, access, lambda body: taken.append(json.loads(body))):
        for each in (SLASH, large):
            envelope = deliver(simulators, each)
            until(lambda envelope=envelope: acknowledged(simulators, envelope))
    assert [one["type"] for one in taken] == ["slash_command"] * 2
    assert [len(one["text"]) for one in taken] == [6, 40_000]


def test_what_cannot_be_taken_is_not_acknowledged_and_ends_the_line(access: Access, simulators: Simulators) -> None:
    def stumble(body: bytes) -> None:
        raise ZeroDivisionError

    with listening(simulators, access, stumble) as (_, ended):
        envelope = deliver(simulators, INTERACTIVE)
        until(lambda: ended)
    assert "ZeroDivisionError" in str(ended[0])
    assert not acknowledged(simulators, envelope)


def test_a_line_that_slack_wants_to_renew_ends_without_trouble(access: Access, simulators: Simulators) -> None:
    with listening(simulators, access, lambda body: None) as (_, ended):
        simulators.do("slack", "refresh", organisation=TEAM)
        until(lambda: lines(simulators)["open"] == 0)
    assert ended == []


def test_the_line_goes_only_where_the_guard_lets_it(
    access: Access, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    def told(url: str) -> Access:
        server = serve(routed({"POST /api/apps.connections.open": answer(200, {"ok": True, "url": url})}))
        return replace(access, base_url=server.url)

    places = [
        told(url) for url in ("ws://169.254.169.254/x", "wss://10.0.0.1/x", "file:///etc/passwd", "", "ws://a b/")
    ]
    for place in places:
        port = place.base_url.rpartition(":")[2]
        monkeypatch.setenv("OUTBOUND_ALLOW", f"127.0.0.1:{port}")
        with pytest.raises(ProviderError, match=r"not allowed|no WebSocket"):
            Slack().listen(place, lambda body: None, lambda: True)
    monkeypatch.setenv("OUTBOUND_ALLOW", "")
    with pytest.raises(ProviderError, match="not allowed"):
        Slack().listen(access, lambda body: None, lambda: True)


@pytest.mark.parametrize(
    ("credentials", "said"),
    [({"app_token": ""}, "app_token"), ({"app_token": "xoxb-simulated-motion-mavericks"}, "not_allowed_token_type")],
)
def test_only_an_app_level_token_opens_a_line(credentials: dict[str, str], said: str, connect: Connect) -> None:
    with pytest.raises(ProviderError, match=said):
        Slack().listen(connect("slack", credentials=credentials), lambda body: None, lambda: True)


def test_an_answer_that_is_no_websocket_opens_no_line(access: Access, serve: Serve) -> None:
    table = {"GET /link": answer(200, b"hello")}
    server = serve(routed(table))
    url = server.url.replace("http", "ws") + "/link?a=b"
    table["POST /api/apps.connections.open"] = answer(200, {"ok": True, "url": url})
    with pytest.raises(ProviderError, match="answered 200"):
        Slack().listen(replace(access, base_url=server.url), lambda body: None, lambda: True)


def test_lines_are_held_for_connections_that_are_set_up_and_a_delivery_counts_once(
    transactional_db: None, this_machine: None, simulators: Simulators
) -> None:
    about = simulators.describe()["slack"]
    credentials = {**about["credentials"], "app_token": about["objects"]["app_token"]}
    connection = ConnectionFactory(provider="slack", simulators=simulators, credentials=credentials)
    ConnectionFactory(provider="slack", simulators=simulators)  # is not set up for it
    stop = threading.Event()
    keeper = threading.Thread(target=line_keeping.keep_lines, args=(stop,))
    keeper.start()
    try:
        until(lambda: lines(simulators)["open"] == 1)
        envelopes = [deliver(simulators, INTERACTIVE) for _ in range(2)]
        until(lambda: all(acknowledged(simulators, each) for each in envelopes))
    finally:
        stop.set()
        keeper.join(15)
    assert not keeper.is_alive()
    (delivery,) = Delivery.objects.all()
    assert (delivery.connection_id, delivery.delivery_id, delivery.event) == (connection.pk, "1.2.3", "block_actions")


def test_what_came_signed_and_over_the_line_counts_once(db: None) -> None:
    connection = ConnectionFactory(
        provider="slack", settings={"channel": "C1"}, credentials={"bot_token": "xoxb-1", "signing_secret": "s" * 20}
    )
    body = json.dumps(PRESSED).encode()
    assert [receiving.receive_over_line(connection, body).new for _ in range(2)] == [True, False]
    with pytest.raises(receiving.Unreadable):
        receiving.receive_over_line(connection, b"[]")
    assert Connection.objects.count() == Delivery.objects.count() == 1


def test_slacks_own_client_works_against_the_simulator(simulators: Simulators) -> None:
    web = WebClient(base_url=f"{simulators.address('slack')}/api/")
    token = simulators.describe()["slack"]["objects"]["app_token"]
    client = SocketModeClient(app_token=token, web_client=web, auto_reconnect_enabled=False)
    heard: list[SocketModeRequest] = []

    def hear(client: Any, request: SocketModeRequest) -> None:
        heard.append(request)
        client.send_socket_mode_response(SocketModeResponse(request.envelope_id))

    client.socket_mode_request_listeners.append(hear)
    client.connect()
    try:
        until(lambda: lines(simulators)["open"] == 1)
        envelope = deliver(simulators, INTERACTIVE)
        until(lambda: acknowledged(simulators, envelope))
    finally:
        client.close()
    assert (heard[0].type, heard[0].payload) == ("interactive", PRESSED)


def test_slacks_own_client_needs_an_app_level_token(simulators: Simulators) -> None:
    web = WebClient(base_url=f"{simulators.address('slack')}/api/")
    with pytest.raises(SlackApiError, match="not_allowed_token_type"):
        web.apps_connections_open(app_token=simulators.describe()["slack"]["credentials"]["bot_token"])
