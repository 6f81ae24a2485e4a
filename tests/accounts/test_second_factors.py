"""Authenticator apps, recovery codes, and what a second factor asks of whom. Passkeys are tested in a browser."""

from __future__ import annotations

import re
import time
from datetime import timedelta

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.test import Client
from django.utils import timezone

from apps.accounts import second_factors
from apps.accounts.models import Person
from apps.timeline.answers import Forbidden, Refused
from apps.timeline.models import Event
from tests.accounts.conftest import sign_in
from tests.accounts.factories import PASSWORD, OrganisationFactory, PersonFactory

LOGIN, SECOND, AGAIN = "/accounts/login/", "/accounts/second-factor/", "/accounts/reauthenticate/"
TOKEN = {"name": "pipeline", "scopes": ["read"], "days": "30"}


def code_of(secret: str) -> str:
    """Return what an authenticator app shows now."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


def set_up_app(browser: Client) -> tuple[str, list[str]]:
    """Set an app up by the pages; return its secret and the recovery codes."""
    page = browser.post("/profile/app/").content.decode()
    found = re.search(r"data-secret>([A-Z2-7]+)<", page)
    assert found
    assert 'src="data:image/svg+xml;base64,' in page
    answer = browser.post("/profile/app/", {"code": code_of(found[1])})
    assert answer.status_code == 201, answer.content.decode()
    return found[1], re.findall(r"<li>([0-9]+)</li>", answer.content.decode())


def half_way(person: Person, **client: str) -> Client:
    """Return a browser that has given the right password and owes the second factor."""
    browser = Client(**client)
    answer = browser.post(LOGIN, {"login": person.email, "password": PASSWORD, "next": "/profile/"})
    assert answer["Location"] == SECOND
    return browser


def later() -> time_machine.travel:
    """A quarter of an hour on: sign-ins are old, and used codes are over."""
    return time_machine.travel(timezone.now() + timedelta(minutes=15), tick=True)


def test_setting_up_an_app_is_told_and_shows_codes_once(ada: Person) -> None:
    browser = sign_in(ada)
    secret, codes = set_up_app(browser)
    assert len(codes) == 10
    page = browser.get("/profile/").content.decode()
    assert "Remove Authenticator app" in page
    assert "10 unused" in page
    assert not any(code in page for code in codes)
    assert Event.objects.get(kind="person.factor_added").text == "Ada Admin set up an authenticator app for signing in."
    assert secret not in str(Authenticator.objects.values_list("data"))


def test_a_wrong_first_code_keeps_nothing(ada: Person) -> None:
    browser = sign_in(ada)
    browser.post("/profile/app/")
    answer = browser.post("/profile/app/", {"code": "000000"})
    assert answer.status_code == 400
    assert b"not the code of this moment" in answer.content
    assert not Authenticator.objects.exists()


def test_the_password_alone_opens_nothing_any_more(ada: Person) -> None:
    set_up_app(sign_in(ada))
    browser = half_way(ada)
    assert browser.get("/profile/").status_code == 302
    assert b"One more thing" in browser.get(SECOND).content
    assert browser.get("/profile/")["Location"].startswith(LOGIN)


def test_the_code_completes_the_sign_in_and_leads_on(ada: Person) -> None:
    secret, _ = set_up_app(sign_in(ada))
    with later():
        browser = half_way(ada)
        answer = browser.post(SECOND, {"code": code_of(secret)})
        assert answer["Location"] == "/profile/"
        assert browser.post("/profile/tokens/", TOKEN).status_code == 201


def test_a_code_is_good_once(ada: Person) -> None:
    secret, _ = set_up_app(sign_in(ada))
    with later():
        code = code_of(secret)
        assert half_way(ada).post(SECOND, {"code": code}).status_code == 302
        assert half_way(ada).post(SECOND, {"code": code}).status_code == 200


def test_a_recovery_code_is_good_once(ada: Person) -> None:
    _, codes = set_up_app(sign_in(ada))
    assert half_way(ada).post(SECOND, {"code": codes[0]}).status_code == 302
    assert half_way(ada).post(SECOND, {"code": codes[0]}).status_code == 200
    assert half_way(ada).post(SECOND, {"code": codes[1]}).status_code == 302


def test_new_recovery_codes_end_the_old_ones(ada: Person) -> None:
    browser = sign_in(ada)
    _, codes = set_up_app(browser)
    answer = browser.post("/profile/recovery-codes/")
    assert answer.status_code == 201
    assert half_way(ada).post(SECOND, {"code": codes[0]}).status_code == 200


def test_ten_wrong_codes_close_the_door(ada: Person) -> None:
    secret, _ = set_up_app(sign_in(ada))
    with later():
        browser = half_way(ada)
        statuses = [browser.post(SECOND, {"code": "000000"}).status_code for _ in range(11)]
        assert statuses == [200] * 10 + [429]
        closed = browser.post(SECOND, {"code": code_of(secret)})
        assert closed.status_code == 429
        assert closed["Retry-After"] == "900"


def test_a_code_proves_again_who_is_there_and_the_session_gets_another_name(ada: Person) -> None:
    browser = sign_in(ada)
    secret, _ = set_up_app(browser)
    with later():
        asked = browser.post("/profile/tokens/", TOKEN)
        assert asked["Location"].startswith(AGAIN)
        page = browser.get(asked["Location"]).content.decode()
        assert "Use the code" in page
        assert 'name="password"' in page
        before = browser.session.session_key
        assert browser.post(asked["Location"], {"code": code_of(secret), "next": "/profile/"}).status_code == 302
        assert browser.session.session_key != before
        assert 'value="pipeline"' in browser.get("/profile/").content.decode()
        assert browser.post("/profile/tokens/", TOKEN).status_code == 201


@pytest.mark.parametrize("path", ["/profile/app/", "/profile/passkeys/", "/profile/passkeys/options/"])
def test_setting_up_asks_again_who_is_there(ada: Person, path: str) -> None:
    browser = sign_in(ada)
    with later():
        assert browser.post(path)["Location"].startswith(AGAIN)


def test_removing_asks_again_and_takes_the_codes_along(ada: Person) -> None:
    browser = sign_in(ada)
    set_up_app(browser)
    factor = second_factors.of(ada.user)[0]
    path = f"/profile/factors/{factor.id}/removal/"
    with later():
        assert browser.post(path)["Location"].startswith(AGAIN)
    assert Authenticator.objects.count() == 2
    assert browser.post(path).status_code == 302
    assert not Authenticator.objects.exists()
    sign_in(ada)


def test_nobody_removes_somebody_elses_factor(ada: Person, rae: Person) -> None:
    set_up_app(sign_in(ada))
    factor = second_factors.of(ada.user)[0]
    assert sign_in(rae).post(f"/profile/factors/{factor.id}/removal/").status_code == 404
    assert second_factors.of(ada.user)


def test_a_credential_that_is_no_passkey_is_refused_everywhere(ada: Person) -> None:
    browser = sign_in(ada)
    nonsense = {"credential": '{"id": "x", "response": {}}'}
    assert browser.post("/profile/passkeys/", nonsense).status_code == 400
    assert Client().post("/accounts/passkey/", nonsense)["Location"] == LOGIN
    set_up_app(browser)
    assert half_way(ada).post(SECOND, nonsense).status_code == 200
    assert not [factor for factor in second_factors.of(ada.user) if factor.is_passkey]


def test_reading_the_pages_writes_nothing(ada: Person, django_assert_num_queries: object) -> None:
    set_up_app(sign_in(ada))
    browser = half_way(ada)
    before = browser.session.items()
    browser.get(SECOND)
    assert browser.session.items() == before


def test_an_administrator_forgets_the_factors_of_somebody_who_lost_them(ada: Person, rae: Person, sam: Person) -> None:
    browser = sign_in(rae)
    set_up_app(browser)
    with pytest.raises(Forbidden):
        second_factors.forget_all(rae, by=sam)
    second_factors.forget_all(rae, by=ada)
    assert not Authenticator.objects.exists()
    assert browser.get("/profile/").status_code == 302
    sign_in(rae)
    with pytest.raises(Refused):
        second_factors.forget_all(rae, by=ada)


def test_the_factor_of_an_account_with_another_organisation_stays(ada: Person, rae: Person) -> None:
    PersonFactory(organisation=OrganisationFactory(slug="quay"), email=rae.email)
    set_up_app(sign_in(rae))
    with pytest.raises(Refused, match="other organisations"):
        second_factors.forget_all(rae, by=ada)
    assert Authenticator.objects.exists()
