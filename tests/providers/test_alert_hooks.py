"""What Alertmanager, Grafana and Datadog send: believed by secret or signature, and news counted once."""

import hashlib
import hmac
import json
import time
from typing import Any

import pytest
from django.http import HttpResponse

from apps.providers.base import Access, Call, OutcomeKind, Provider, Seen, Sending
from apps.providers.models import Connection, Delivery
from apps.providers.registry import provider
from apps.providers.simulation import Simulators
from tests.providers.conftest import Connect, Serve
from tests.providers.factories import ConnectionFactory
from tests.providers.raw import answer
from tests.providers.test_hooks import post
from tests.simulators import ask

SECRET = "a-secret-of-my-own"
RECEIVERS = ("alertmanager", "grafana")
each = pytest.mark.parametrize("slug", RECEIVERS)
KEYS = {"datadog": {"api_key": "k", "app_key": "k"}}


def connected(slug: str) -> Connection:
    """Return a connection without an address, whose webhook has our secret."""
    return ConnectionFactory(provider=slug, settings={}, credentials={**KEYS.get(slug, {}), "webhook_secret": SECRET})


def send(connection: Connection, body: bytes, headers: dict[str, str]) -> HttpResponse:
    return post(f"/hooks/{connection.provider}/{connection.pk}", body, headers)


def notified(simulators: Simulators, connection: Connection, **order: Any) -> HttpResponse:
    """Let the simulator say what it would send now, and send it."""
    told = simulators.do(connection.provider, "notification", organisation="motion-mavericks", secret=SECRET, **order)
    return send(connection, told["body"].encode(), told["headers"])


def bearer(secret: str = SECRET) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


def signed(body: bytes, stamp: str = "", secret: str = SECRET) -> dict[str, str]:
    """Return Grafana's headers for a body, with a time where one is given."""
    message = f"{stamp}:".encode() + body if stamp else body
    signature = hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()
    stamped = {"X-Grafana-Alerting-Timestamp": stamp} if stamp else {}
    return {"X-Grafana-Alerting-Signature": signature, **stamped}


@each
def test_an_alert_is_taken_once_and_its_end_again(db: None, simulators: Simulators, slug: str) -> None:
    connection = connected(slug)
    answers = [
        notified(simulators, connection),
        notified(simulators, connection),
        notified(simulators, connection, reason="repeat interval elapsed"),
    ]
    simulators.do("site", "rise", organisation="motion-mavericks", percent=0.1, since_minutes=3)
    answers += [notified(simulators, connection), notified(simulators, connection)]
    assert [one.status_code for one in answers] == [200] * 5
    assert [one.json()["taken"] for one in answers] == [True, False, False, True, False]
    assert list(Delivery.objects.order_by("taken_at").values_list("event", flat=True)) == ["firing", "resolved"]


@pytest.mark.parametrize("slug", ["alertmanager", "grafana", "datadog"])
def test_a_secret_in_a_header_is_believed_and_nothing_else(db: None, slug: str) -> None:
    connection = connected(slug)
    body = json.dumps({"status": "firing", "transition": "Triggered"}).encode()
    refused = [
        send(connection, body, {}),
        send(connection, body, bearer("another")),
        send(connection, body, bearer("")),
        send(connection, body, {"Authorization": SECRET}),
        send(connection, body, {"Authorization": f"Basic {SECRET}"}),
    ]
    assert {one.status_code for one in refused} == {401}
    assert send(connection, body, bearer()).json() == {"taken": True}


def test_datadog_tells_trigger_and_recovery_of_one_cycle(db: None) -> None:
    connection = connected("datadog")
    for transition in ("Triggered", "Recovered", "Recovered"):
        body = json.dumps({"transition": transition, "cycle": "4711"}).encode()
        send(connection, body, bearer())
    assert list(Delivery.objects.order_by("taken_at").values_list("event", flat=True)) == ["Triggered", "Recovered"]


def test_grafana_signs_the_time_where_it_is_told_to(db: None, simulators: Simulators) -> None:
    connection = connected("grafana")
    assert notified(simulators, connection, stamped=True).json() == {"taken": True}
    body, now = b'{"status":"firing"}', str(int(time.time()))
    old = str(int(time.time()) - 301)
    assert send(connection, body, signed(body, old)).status_code == 401, "a replay"
    assert send(connection, body, {**signed(body, now), "X-Grafana-Alerting-Timestamp": old}).status_code == 401
    assert send(connection, body, {**signed(body), "X-Grafana-Alerting-Timestamp": now}).status_code == 401
    without = {name: value for name, value in signed(body, now).items() if "Timestamp" not in name}
    assert send(connection, body, without).status_code == 401, "the time was taken away"
    moved = f"{now}:".encode() + body
    assert send(connection, moved, without).status_code == 401, "the time was moved into the body"
    assert send(connection, body, signed(body, now, "another")).status_code == 401
    assert send(connection, body, {**signed(body, secret="another"), **bearer()}).status_code == 401
    assert send(connection, body, signed(body, now)).json() == {"taken": True}


GROUP: dict[str, Any] = {
    "version": "4",
    "groupKey": '{}:{alertname="HighErr"}',
    "status": "firing",
    "alerts": [
        {
            "status": "firing",
            "fingerprint": "9d2b",
            "startsAt": "2026-01-01T00:00:00Z",
            "endsAt": "0001-01-01T00:00:00Z",
        },
        {
            "status": "firing",
            "fingerprint": "1a3c",
            "startsAt": "2026-01-01T00:01:00Z",
            "endsAt": "0001-01-01T00:00:00Z",
        },
    ],
}
A, B = GROUP["alerts"]
NEWS = {
    "another reason": ({**GROUP, "notification_reason": "repeat interval elapsed"}, False),
    "another order": ({**GROUP, "alerts": [B, A]}, False),
    "another end": ({**GROUP, "alerts": [{**A, "endsAt": "2026-01-01T00:09:00Z"}, B]}, False),
    "one resolved": ({**GROUP, "alerts": [{**A, "status": "resolved"}, B]}, True),
    "one more": ({**GROUP, "alerts": [A, B, {**A, "fingerprint": "ffff"}]}, True),
    "fires again": ({**GROUP, "alerts": [{**A, "startsAt": "2026-01-02T00:00:00Z"}, B]}, True),
    "another group": ({**GROUP, "groupKey": "{}:{}"}, True),
    "no fingerprints": ({**GROUP, "alerts": [{"status": "firing"}]}, True),
    "another shape": ({"text": "a template of one's own"}, True),
    "odd alerts": ({**GROUP, "alerts": ["a", 1, None]}, True),
}


@each
@pytest.mark.parametrize(("told", "news"), NEWS.values(), ids=NEWS.keys())
def test_only_news_is_news(db: None, slug: str, told: dict[str, Any], news: bool) -> None:
    connection = connected(slug)
    for body, taken in ((GROUP, True), (told, news), (told, False)):
        assert send(connection, json.dumps(body).encode(), bearer()).json() == {"taken": taken}


@each
def test_it_is_looked_at_whether_it_answers(slug: str, connect: Connect, simulators: Simulators) -> None:
    adapter, access = provider(slug), connect(slug)
    (found,) = adapter.check(access)
    assert (found.level, "answers" in found.message) == ("ok", True)
    assert simulators.journal(slug) == []
    habit = {"alertmanager": {"cluster": "settling"}, "grafana": {"database": "failing"}}[slug]
    simulators.settings(slug, **habit)
    (found,) = adapter.check(access)
    assert found.level == "warning"


@each
def test_without_an_address_or_a_secret_it_says_what_that_means(slug: str) -> None:
    found = provider(slug).check(Access("", {}, {}))
    assert [(one.level, one.code) for one in found] == [("warning", "webhook-secret"), ("warning", "address")]


@each
@pytest.mark.parametrize("body", [{}, [], "<html>", {"status": "ok"}])
def test_something_else_that_answers_is_told(slug: str, body: Any, serve: Serve) -> None:
    (found,) = provider(slug).check(Access(serve(answer(200, body)).url, {}, {"webhook_secret": SECRET}))
    assert found.level == "error"


@each
def test_it_can_be_asked_to_do_nothing(slug: str, sending: Sending) -> None:
    receiver: Provider = provider(slug)
    assert (receiver.actions, receiver.checks) == ((), ())
    call = Call("silence", {})
    assert receiver.apply(Access("", {}, {}), call, sending).kind is OutcomeKind.REJECTED
    assert receiver.observe(Access("", {}, {}), call).seen is Seen.UNREADABLE


def test_what_fires_can_be_read_at_the_simulator(simulators: Simulators) -> None:
    base = simulators.address("alertmanager")
    assert [one["labels"]["service"] for one in ask(f"{base}/api/v2/alerts").json()] == ["portal"]
    assert ask(f"{base}/-/healthy").status == 200
    assert ask(f"{simulators.address('grafana')}/api/health").json()["database"] == "ok"
