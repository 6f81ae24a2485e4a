"""Anchors reach every webhook: in order, again after a failure, and nobody reads the address in a log."""

from __future__ import annotations

import json
import logging
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from apps.accounts.models import Organisation
from apps.providers.anchor_webhooks import hand_on_anchors
from apps.timeline import anchoring, handing_on
from apps.timeline.anchoring import anchor_due
from tests.providers.raw import RawServer, Seen
from tests.timeline import forging


class Webhook:
    """Takes anchors, or answers with another status while it is told to."""

    def __init__(self) -> None:
        self.status = 200
        self.server = RawServer(self._answer)
        self.url = f"{self.server.url}/hooks/very-secret-path"

    def _answer(self, request: Seen, connection: socket.socket) -> None:
        connection.sendall(f"HTTP/1.1 {self.status} Whatever\r\nContent-Length: 0\r\n\r\n".encode())

    @property
    def bodies(self) -> list[bytes]:
        """What was posted, in the order it came."""
        return [request.body for request in self.server.requests]


@pytest.fixture
def webhook(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Webhook]:
    """One configured webhook, whose address is open; every anchor is due at once."""
    monkeypatch.setenv("OUTBOUND_ALLOW", "127.0.0.0/8")
    monkeypatch.setattr(anchoring, "AFTER_SECONDS", 0)
    found = Webhook()
    settings.ANCHOR_WEBHOOKS = [found.url]
    yield found
    found.server.close()


def anchor(organisation: Organisation, times: int) -> None:
    for _ in range(times):
        forging.tell(organisation, 1)
        anchor_due()


def test_every_anchor_is_posted_once_and_in_order(told: Organisation, webhook: Webhook, settings: Any) -> None:
    anchor(told, 3)
    assert hand_on_anchors() == 3
    anchor(told, 1)
    assert hand_on_anchors() == 1
    assert hand_on_anchors() == 0
    assert webhook.bodies == settings.ANCHOR_FILE.read_bytes().splitlines()
    assert webhook.server.requests[0].headers["content-type"] == "application/json"


def test_a_failure_is_said_kept_and_made_good(
    told: Organisation, webhook: Webhook, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    anchor(told, 1)
    hand_on_anchors()
    webhook.status = 503
    anchor(told, 2)
    with caplog.at_level(logging.WARNING, "apps.timeline"):
        assert hand_on_anchors() == hand_on_anchors() == 0
    standing = handing_on.standing_of(webhook.url)
    assert "answered 503" in standing.trouble
    assert handing_on.waiting_for(webhook.url) > 0
    assert caplog.text.count("answered 503") == 1
    assert "very-secret-path" not in caplog.text + json.dumps(vars(standing))
    webhook.status = 204
    assert hand_on_anchors() == 2
    assert webhook.bodies[-2:] == settings.ANCHOR_FILE.read_bytes().splitlines()[-2:]
    assert handing_on.standing_of(webhook.url).trouble == ""
    assert handing_on.waiting_for(webhook.url) == 0


def test_an_address_inside_is_not_called(told: Organisation, webhook: Webhook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OUTBOUND_ALLOW", "")
    anchor(told, 1)
    assert hand_on_anchors() == 0
    assert webhook.bodies == []
    assert "is not on the public internet" in handing_on.standing_of(webhook.url).trouble


def test_one_webhook_that_is_away_does_not_hold_up_another(told: Organisation, webhook: Webhook, settings: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        away = f"http://127.0.0.1:{nobody.getsockname()[1]}/"
    settings.ANCHOR_WEBHOOKS = [away, webhook.url]
    anchor(told, 2)
    assert hand_on_anchors() == 2
    assert len(webhook.bodies) == 2
    assert "could not be reached" in handing_on.standing_of(away).trouble


def test_a_new_file_is_handed_on_from_its_beginning(told: Organisation, webhook: Webhook, settings: Any) -> None:
    anchor(told, 2)
    hand_on_anchors()
    file: Path = settings.ANCHOR_FILE
    file.rename(file.with_name("older.jsonl"))
    anchor(told, 3)
    assert hand_on_anchors() == 3
    assert webhook.bodies[2:] == file.read_bytes().splitlines()
