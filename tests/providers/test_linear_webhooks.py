"""Linear's webhooks: signed over the raw bytes, and believed for a minute after the time that is signed with them."""

import hashlib
import hmac
import json
import time
from typing import Any

import pytest
from django.test import Client

from apps.providers.base import Provider
from apps.providers.registry import provider
from tests.providers.factories import ConnectionFactory


@pytest.fixture
def linear() -> Provider:
    """The adapter."""
    return provider("linear")


def signed(body: bytes, secret: str = "lin_wh_secret") -> dict[str, str]:
    return {"Linear-Signature": hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}


def test_a_webhook_is_believed_for_a_minute_after_its_signed_time(linear: Provider) -> None:
    now, hook = 1_770_000_000.0, linear.hook
    assert hook is not None

    def accepted(milliseconds: Any, **headers: str) -> bool:
        body = json.dumps({"action": "update", "webhookTimestamp": milliseconds}).encode()
        return hook.accepts({**signed(body), **headers}, body, "lin_wh_secret", now)

    assert accepted(now * 1000)
    assert accepted((now - 60) * 1000)
    assert accepted((now + 60) * 1000)
    for wrong in ((now - 61) * 1000, (now + 61) * 1000, now, None, True, str(now * 1000), [], float("nan")):
        assert not accepted(wrong), wrong
    assert not accepted(None, **{"linear-timestamp": str(int(now * 1000))}), "the header is not signed"
    body = json.dumps({"webhookTimestamp": now * 1000}).encode()
    assert not hook.accepts(signed(body, "other"), body, "lin_wh_secret", now)
    assert not hook.accepts(signed(body), body + b" ", "lin_wh_secret", now)
    assert not hook.accepts(signed(body, ""), body, "", now)
    assert not hook.accepts(signed(b"[" * 100_000), b"[" * 100_000, "lin_wh_secret", now)


def test_a_delivery_is_taken_once(db: None) -> None:
    credentials = {"token": "lin_api_x", "webhook_secret": "lin_wh_secret"}
    connection = ConnectionFactory(provider="linear", settings={"team": "PP"}, credentials=credentials)
    fresh = {"action": "update", "type": "Issue", "webhookTimestamp": int(time.time() * 1000)}
    body = json.dumps(fresh).encode()

    def post(body: bytes) -> Any:
        path = f"/hooks/linear/{connection.pk}"
        return Client().post(path, body, content_type="application/json", headers=signed(body))

    assert [post(body).json()["taken"] for _ in range(2)] == [True, False]
    old = json.dumps({**fresh, "webhookTimestamp": fresh["webhookTimestamp"] - 120_000}).encode()
    assert post(old).status_code == 401
