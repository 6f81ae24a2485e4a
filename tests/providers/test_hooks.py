"""What providers send by themselves: believed only when signed, kept before it is read, and counted once."""

from __future__ import annotations

import hashlib
import hmac
import json
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from django.dispatch import receiver
from django.http import HttpResponse
from django.test import Client
from hypothesis import HealthCheck, given, settings, strategies

from apps.providers import lifecycle, receiving, registry
from apps.providers.models import Connection, Delivery, Receipt
from apps.timeline.answers import Unacceptable
from apps.timeline.log import SYSTEM
from apps.timeline.models import Event
from tests.accounts.factories import OrganisationFactory, PersonFactory
from tests.providers.factories import ConnectionFactory
from tests.providers.test_connecting_api import program
from tests.providers.test_connecting_pages import browser
from tests.racing import racers

SECRET = "vercel_test_secret"
BODY = b'{"id":"evt_1","type":"deployment.rollback"}'
CROWD = 50
# From the providers' own descriptions: header, secret, body, signature.
VECTORS = {
    "vercel": ("x-vercel-signature", SECRET, BODY, "d4c0139932ce39f42c1c4d2c112059672e315be1"),
    "launchdarkly": (
        "X-LD-Signature",
        "ld_test_secret",
        b'{"kind":"flag"}',
        "566894810303693382092396fc7cd1342636d3536559afdf46fae12cf81e56f3",
    ),
    "pagerduty": (
        "X-PagerDuty-Signature",
        "pd_test_secret",
        b'{"event":{"id":"01TEST","event_type":"incident.resolved"}}',
        "v1=20a9028609ad31ee633f30c1f10b41af1bd732fc7c403f128bbdd754d01c1ec0",
    ),
    "sentry": (
        "Sentry-Hook-Signature",
        "sentry_test_secret",
        b'{"action":"triggered","installation":{"uuid":"24b3f89b"},"data":{"issue_alert":{"title":"Errors"}},'
        b'"actor":{"type":"application","id":"sentry","name":"Sentry"}}',
        "2d9a30e991433d8ae7b199d2c045773e63dec753f01da7d9988c540f111698c1",
    ),
    "github": (
        "X-Hub-Signature-256",
        "It's a Secret to Everybody",
        b'{"action":"completed","workflow_run":{"id":30433642}}',
        "sha256=e03fe38bf61a10e3797b0a7115f7d7cc6f1308c4fc3794d9ab647bd2f7e031c9",
    ),
    "grafana": (
        "X-Grafana-Alerting-Signature",
        "grafana_test_secret",
        b'{"receiver":"rollback-portal","status":"firing","orgId":1,"version":"1","title":"[FIRING:1] HighErrorRate"}',
        "66f25a45c9d05a878ab9a7d9fd0af71250c53cc4f298dcbd2dfd5b89af810b16",
    ),
}
NEEDED: dict[str, dict[str, Any]] = {
    "vercel": {"settings": {"project_id": "prj_1"}, "credentials": {"token": "t"}},
    "launchdarkly": {"settings": {"project_key": "p", "environment_key": "e"}, "credentials": {"token": "t"}},
    "pagerduty": {"settings": {"from_email": "ada@harbour.example"}, "credentials": {"routing_key": "r"}},
    "sentry": {"settings": {"organization": "o", "project": "p"}, "credentials": {"token": "t"}},
    "github": {"settings": {"repository": "acme/portal"}, "credentials": {"token": "t"}},
    "grafana": {"settings": {}, "credentials": {}},
}


def connected(slug: str = "vercel", secret: str = SECRET, **more: Any) -> Connection:
    """Return a connection whose webhook has this secret."""
    needed = NEEDED[slug]
    credentials = {**needed["credentials"], **({"webhook_secret": secret} if secret else {})}
    return ConnectionFactory(provider=slug, settings=needed["settings"], credentials=credentials, **more)


def signature(body: bytes, secret: str = SECRET) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha1).hexdigest()


def send(connection: Connection, body: bytes = BODY, given: str | None = None, **more: Any) -> HttpResponse:
    """Send a body to the webhook address of a Vercel connection, signed with its secret unless told otherwise."""
    headers = {"x-vercel-signature": signature(body) if given is None else given, **more.pop("headers", {})}
    return post(f"/hooks/vercel/{connection.pk}", body, headers)


def post(path: str, body: bytes, headers: dict[str, str]) -> HttpResponse:
    client = Client(enforce_csrf_checks=True)
    return client.post(path, body, content_type="application/json", headers=headers)


def reports(connection: Connection) -> list[Event]:
    return list(Event.objects.filter(kind="hook.received", subject_id=str(connection.pk)).order_by("seq"))


@pytest.mark.parametrize("slug", VECTORS)
def test_a_signature_is_the_one_the_provider_describes(db: None, slug: str) -> None:
    header, secret, body, given = VECTORS[slug]
    connection = connected(slug, secret)
    answer = post(f"/hooks/{slug}/{connection.pk}", body, {header: given})
    assert (answer.status_code, answer.json()) == (200, {"taken": True})
    assert bytes(Receipt.objects.get().body) == body
    (event,) = reports(connection)
    assert (event.visibility, event.incident_id) == ("internal", None)
    assert secret not in json.dumps([event.text, event.details])


@pytest.mark.parametrize("slug", VECTORS)
def test_a_signature_is_over_the_raw_bytes(db: None, slug: str) -> None:
    header, secret, body, given = VECTORS[slug]
    connection = connected(slug, secret)
    same_json = body.replace(b":", b": ", 1)
    assert json.loads(same_json) == json.loads(body)
    assert post(f"/hooks/{slug}/{connection.pk}", same_json, {header: given}).status_code == 401


def test_one_of_several_signatures_is_enough_while_a_secret_is_changed(db: None) -> None:
    header, secret, body, given = VECTORS["pagerduty"]
    connection = connected("pagerduty", secret)
    path = f"/hooks/pagerduty/{connection.pk}"
    assert post(path, body, {header: f"v1={'0' * 64}, {given}"}).status_code == 200
    assert post(path, body, {header: given.removeprefix("v1=")}).status_code == 401


def test_whoever_cannot_sign_learns_nothing(db: None) -> None:
    connection, silent = connected(), connected(secret="", name="No secret")
    other = connected("launchdarkly", SECRET)
    good = signature(BODY)
    answers = [
        send(connection, given=""),
        send(connection, given="0" * 40),
        send(connection, given="é,\udcff".encode("utf-8", "replace").decode()),
        send(connection, given=signature(BODY, "another secret")),
        send(connection, given=good.upper()),
        send(silent),
        send(silent, given=hmac.new(b"", BODY, hashlib.sha1).hexdigest()),
        post(f"/hooks/vercel/{connection.pk}", BODY, {}),
        post(f"/hooks/vercel/{connection.pk}", b"{}", {"X-Vercel-Event": "ping"}),
        post(f"/hooks/vercel/{uuid4()}", BODY, {"x-vercel-signature": good}),
        post("/hooks/vercel/not-an-id", BODY, {"x-vercel-signature": good}),
        post(f"/hooks/vercel/{other.pk}", BODY, {"x-vercel-signature": good}),
        post(f"/hooks/slack/{connection.pk}", BODY, {"x-vercel-signature": good}),
        post(f"/hooks/nobody/{connection.pk}", BODY, {"x-vercel-signature": good}),
    ]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.content for answer in answers}) == 1
    assert len({tuple(sorted(answer.items())) for answer in answers}) == 1
    assert not Receipt.objects.exists()
    assert not Delivery.objects.exists()


def test_the_same_delivery_again_does_nothing_more(db: None) -> None:
    connection = connected()
    answers = [send(connection), send(connection), send(connection, BODY + b" ")]
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert [answer.json()["taken"] for answer in answers] == [True, False, False]
    assert len(reports(connection)) == 1
    assert Receipt.objects.count() == 2  # the same id in other bytes is kept, and taken for what it says it is


def test_another_connection_may_get_the_same_delivery(db: None) -> None:
    team = OrganisationFactory()
    mine, ours, theirs = connected(organisation=team), connected(organisation=team, name="Two"), connected()
    assert [send(each).json()["taken"] for each in (mine, ours, theirs)] == [True, True, True]
    assert {each.organisation_id for each in Delivery.objects.all()} == {team.pk, theirs.organisation_id}


def test_a_delivery_without_an_id_is_known_by_its_bytes(db: None) -> None:
    connection = connected()
    bodies = [b'{"type":"x"}', b'{"type":"x"}', b'{"type":"y"}', b'{"id":7}', b'{"id":"a\\u0000b"}', b'{"id":""}']
    assert [send(connection, body).json()["taken"] for body in bodies] == [True, False, True, True, True, True]
    assert all(each.delivery_id.startswith("sha256:") for each in Delivery.objects.all())


ODD = {
    "nothing": b"",
    "text": b"hello",
    "a scalar": b"7",
    "a list": b"[]",
    "NaN": b'{"id": NaN}',
    "Infinity": b'{"id": -Infinity}',
    "depth": b'{"id":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "a huge number": b'{"id":' + b"9" * 5000 + b"}",
    "not UTF-8": b'{"id":"\xff"}',
    "half of a pair of bytes": b'{"id":"a"}\x00',
}


@pytest.mark.parametrize("body", ODD.values(), ids=ODD.keys())
def test_odd_bodies_are_kept_and_refused(db: None, body: bytes) -> None:
    connection = connected()
    assert send(connection, body).status_code == 422
    assert bytes(Receipt.objects.get().body) == body
    assert not Delivery.objects.exists()
    assert not reports(connection)


STRANGE = {
    "NUL": b'{"id":"evt_2","type":"a\\u0000b"}',
    "half a character": b'{"id":"evt_2","type":"\\ud800"}',
    "the same name twice": b'{"id":"x","id":"evt_2"}',
    "a mark at the start": b'\xef\xbb\xbf{"id":"evt_2"}',
    "another encoding": '{"id":"evt_2"}'.encode("utf-16"),
    "an object for a text": b'{"id":"evt_2","type":{"a":1}}',
    "a very long text": b'{"id":"evt_2","type":"' + b"a" * 100_000 + b'"}',
    "braces": b'{"id":"evt_2","type":"{actor} {0}"}',
}


@pytest.mark.parametrize("body", STRANGE.values(), ids=STRANGE.keys())
def test_strange_bodies_are_taken(db: None, body: bytes) -> None:
    connection = connected()
    assert send(connection, body).json() == {"taken": True}
    assert Delivery.objects.get().delivery_id == "evt_2"
    assert len(reports(connection)) == 1


AS_ID = strategies.text(max_size=60).map(lambda text: json.dumps({"id": text, "type": text}).encode())


@given(body=strategies.binary(max_size=200) | AS_ID)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_body_breaks_it(db: None, body: bytes) -> None:
    connection = Connection.objects.first() or connected()
    assert send(connection, body).status_code in {200, 422}


def test_too_much_and_encoded_bodies_are_refused_unread(db: None) -> None:
    connection = connected()
    assert send(connection, b'{"id":"' + b"a" * 1_048_576 + b'"}').status_code == 413
    assert send(connection, headers={"Content-Encoding": "gzip"}).status_code == 415
    assert Client().get(f"/hooks/vercel/{connection.pk}").status_code == 405
    assert not Receipt.objects.exists()


def test_fifty_deliveries_of_the_same_at_once_are_one(transactional_db: None) -> None:
    connection = connected()
    with racers(CROWD) as crowd:
        answers = crowd.together(*[partial(send, connection)] * CROWD)
    assert {answer.value.status_code for answer in answers} == {200}
    assert sum(answer.value.json()["taken"] for answer in answers) == 1
    assert len(reports(connection)) == Delivery.objects.count() == Receipt.objects.count() == 1


def test_a_delivery_whose_bytes_were_kept_and_no_more_is_taken_when_it_comes_again(transactional_db: None) -> None:
    connection = connected()
    receiving.keep(connection, BODY)
    assert send(connection).json() == {"taken": True}
    assert len(reports(connection)) == 1


def test_what_fails_in_the_middle_leaves_nothing_but_the_bytes(transactional_db: None) -> None:
    connection = connected()

    @receiver(receiving.hook_received, weak=False)
    def stumble(**_: Any) -> None:
        raise ZeroDivisionError

    try:
        with pytest.raises(ZeroDivisionError):
            send(connection)
    finally:
        assert receiving.hook_received.disconnect(stumble)
    assert Receipt.objects.count() == 1
    assert (Delivery.objects.count(), reports(connection)) == (0, [])
    assert send(connection).json() == {"taken": True}
    assert len(reports(connection)) == 1


@pytest.mark.parametrize("slug", ["upstash", "http"])
def test_a_provider_that_sends_nothing_has_no_address_and_no_secret(db: None, slug: str) -> None:
    assert registry.provider(slug).hook is None
    assert "webhook_secret" not in {field.name for field in registry.provider(slug).credentials}


def test_the_secret_is_sealed_and_may_be_left_out(db: None) -> None:
    connection = connected()
    assert SECRET not in connection.sealed_credentials
    connection = lifecycle.replace_credentials(connection, by=SYSTEM, credentials={"token": "t"})
    assert send(connection).status_code == 401
    with pytest.raises(Unacceptable):
        lifecycle.replace_credentials(connection, by=SYSTEM, credentials={"webhook_secret": SECRET})


def test_the_page_and_the_api_show_the_address(db: None) -> None:
    admin = PersonFactory(roles=["admin"])
    needed = {
        "vercel": NEEDED["vercel"],
        "upstash": {"credentials": {"rest_token": "t"}, "base_url": "https://u.example"},
    }
    connection, silent = (
        ConnectionFactory(organisation=admin.organisation, provider=slug, **needed[slug]) for slug in needed
    )
    address = receiving.address_of(connection)
    assert address.endswith(f"/hooks/vercel/{connection.pk}")
    assert address in browser(admin).get(f"/connections/{connection.pk}/").content.decode()
    assert "/hooks/" not in browser(admin).get(f"/connections/{silent.pk}/").content.decode()
    told = program(admin).get("/api/v1/connections").json()["items"]
    assert {each["id"]: each["hook_url"] for each in told} == {str(connection.pk): address, str(silent.pk): ""}
