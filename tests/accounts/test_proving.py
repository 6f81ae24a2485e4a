"""What asks again who is there: nothing happens until it is answered, and what was typed is still there afterwards."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from apps.accounts import lifecycle
from apps.accounts.models import Organisation, Person
from apps.deployments import lifecycle as deployments
from apps.timeline.models import Event
from tests.accounts.conftest import sign_in
from tests.accounts.factories import PASSWORD
from tests.incidents.factories import place

AGAIN = "/accounts/reauthenticate/"
Deed = tuple[str, dict[str, Any]]


@pytest.fixture
def things(team: Organisation, ada: Person, rae: Person, sam: Person) -> dict[str, Any]:
    """What the deeds are about."""
    place(team)
    frozen = deployments.freeze(team, by=rae, stops="rollbacks", scope="organisation", reason="Look first")
    lifecycle.deactivate_person(sam, by=ada)
    return {"rae": rae.pk, "gone": sam.pk, "freeze": frozen.pk, "admin": ada.pk}


DEEDS = {
    "letting somebody in": ("/people/additions/", {"email": "new@harbour.example", "name": "New", "roles": ["admin"]}),
    "giving a role": ("/people/{rae}/roles/", {"role": "admin"}),
    "taking a role": ("/people/{rae}/roles/reliability-partner/withdrawal/", {}),
    "letting somebody in again": ("/people/{gone}/reactivation/", {}),
    "making a token": ("/profile/tokens/", {"name": "pipeline", "scopes": ["approve"], "days": "30"}),
    "an authenticator app": ("/profile/app/", {}),
    "a passkey": ("/profile/passkeys/", {}),
    "recovery codes": ("/profile/recovery-codes/", {}),
    "entering credentials": ("/connections/new/vercel/", {"name": "Vercel", "credentials_token": "canary-secret"}),
    "lifting a freeze": ("/freezes/{freeze}/lifting/", {"reason": "It is over"}),
    "mapping a group": ("/people/groups/", {"group": "admins", "role": "admin"}),
    "making a service's token": ("/people/tokens/", {"name": "pipeline", "scopes": ["write"], "days": "30"}),
}


@pytest.mark.parametrize("deed", DEEDS.values(), ids=DEEDS.keys())
def test_nothing_is_done_until_it_is_answered(ada: Person, things: dict[str, Any], deed: Deed) -> None:
    browser, (path, form) = sign_in(ada), deed
    told = Event.objects.count()
    with time_machine.travel(timezone.now() + timedelta(minutes=6), tick=True):
        answer = browser.post(path.format(**things), form)
        assert answer.status_code == 302
        assert answer["Location"].startswith(AGAIN)
        assert Event.objects.count() == told
        assert "canary-secret" not in str(browser.session.items())


@pytest.mark.parametrize("deed", ["letting somebody in", "giving a role", "lifting a freeze", "mapping a group"])
def test_afterwards_it_can_be_done(ada: Person, things: dict[str, Any], deed: str) -> None:
    browser, (path, form) = sign_in(ada), DEEDS[deed]
    told = Event.objects.count()
    with time_machine.travel(timezone.now() + timedelta(minutes=6), tick=True):
        asked = browser.post(path.format(**things), form)
        prove(browser, asked)
        assert browser.post(path.format(**things), form).status_code == 302
        assert Event.objects.count() > told


def prove(browser: Client, asked: Any) -> Any:
    return browser.post(asked["Location"], {"password": PASSWORD})


def test_the_form_of_a_new_person_is_as_it_was_left(ada: Person, things: dict[str, Any]) -> None:
    browser, (path, form) = sign_in(ada), DEEDS["letting somebody in"]
    with time_machine.travel(timezone.now() + timedelta(minutes=6), tick=True):
        back = prove(browser, browser.post(path, form))
        page = browser.get(back["Location"]).content.decode()
        assert 'value="new@harbour.example"' in page
        assert 'value="new@harbour.example"' not in browser.get(back["Location"]).content.decode()


def test_a_first_password_asks_again_too(ada: Person) -> None:
    browser = sign_in(ada)
    assert ada.user
    ada.user.set_unusable_password()
    ada.user.save()
    browser.force_login(ada.user, backend="django.contrib.auth.backends.ModelBackend")
    assert browser.get("/accounts/password/set/")["Location"].startswith(AGAIN)


def test_who_can_prove_nothing_is_told_so(ada: Person) -> None:
    browser = Client()
    assert ada.user
    ada.user.set_unusable_password()
    ada.user.save()
    browser.force_login(ada.user, backend="django.contrib.auth.backends.ModelBackend")
    assert b"There is nothing here that you could prove it with" in browser.get(AGAIN).content
    assert browser.post(AGAIN, {"password": ""}).status_code == 200


def test_ten_wrong_passwords_close_this_door_as_well(ada: Person, rae: Person) -> None:
    browser = sign_in(ada)
    statuses = [browser.post(AGAIN, {"password": "wrong"}).status_code for _ in range(11)]
    assert statuses == [200] * 10 + [429]
    assert browser.post(AGAIN, {"password": PASSWORD}).status_code == 429
    assert sign_in(rae).post(AGAIN, {"password": PASSWORD}).status_code == 302


@pytest.mark.parametrize(
    "next_url", ["//evil.example", "https://evil.example", "/\\evil.example", "\\\\evil", "javascript:x"]
)
def test_it_never_leads_away(ada: Person, next_url: str) -> None:
    assert sign_in(ada).post(AGAIN, {"password": PASSWORD, "next": next_url})["Location"] == "/"
