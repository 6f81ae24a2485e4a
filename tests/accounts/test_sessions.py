"""Whatever opens a page or a stream ends at once: at the next request, and for what is open within five seconds."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as portal
from django.test import Client
from django.utils import timezone

from apps.accounts import giving_tokens, lifecycle, sessions
from apps.accounts.models import Person, Role, Token
from apps.timeline.models import Event
from tests.accounts.conftest import sign_in
from tests.accounts.factories import PASSWORD, TokenFactory
from tests.accounts.serving import Listener, serving
from tests.incidents.factories import IncidentFactory, place

LOGIN = "/accounts/login/"
MOST_SECONDS = 5.0


# --- sessions ---------------------------------------------------------------------------------------------------------


def change_password(browser: Client, old: str, new: str) -> Any:
    return browser.post("/accounts/password/change/", {"oldpassword": old, "password1": new, "password2": new})


def test_a_new_password_signs_out_everywhere_else(ada: Person) -> None:
    here, there = sign_in(ada), sign_in(ada)
    assert change_password(here, PASSWORD, "another horse, another staple").status_code == 302
    assert here.get("/profile/").status_code == 200
    assert there.get("/profile/").status_code == 302
    assert len(sessions.of(ada.user)) == 1
    assert Event.objects.get(kind="person.password_changed").actor_name == "Ada Admin"


def test_a_stolen_cookie_is_worth_nothing_after_the_sign_out(ada: Person) -> None:
    browser = sign_in(ada)
    thief = Client()
    thief.cookies[portal.SESSION_COOKIE_NAME] = browser.cookies[portal.SESSION_COOKIE_NAME].value
    assert thief.get("/profile/").status_code == 200
    browser.post("/accounts/logout/")
    assert thief.get("/profile/").status_code == 302


def test_a_session_that_was_set_before_the_sign_in_is_not_the_one_afterwards(ada: Person) -> None:
    browser = Client()
    before = browser.session
    before["planted"] = True
    before.save()
    browser.cookies[portal.SESSION_COOKIE_NAME] = before.session_key
    browser.post(LOGIN, {"login": ada.email, "password": PASSWORD})
    assert browser.cookies[portal.SESSION_COOKIE_NAME].value != before.session_key
    planted = Client()
    planted.cookies[portal.SESSION_COOKIE_NAME] = before.session_key
    assert planted.get("/profile/").status_code == 302


def test_the_profile_lists_where_one_is_signed_in_and_ends_the_others(ada: Person, rae: Person) -> None:
    here, there, hers = sign_in(ada), sign_in(ada, HTTP_USER_AGENT="Firefox/140.0 (Linux)"), sign_in(rae)
    page = here.get("/profile/").content.decode()
    assert "Firefox on Linux" in page
    assert "Sign out everywhere else" in page
    here.post("/profile/sessions/end/")
    assert here.get("/profile/").status_code == 200
    assert there.get("/profile/").status_code == 302
    assert hers.get("/profile/").status_code == 200
    assert "Sign out everywhere else" not in here.get("/profile/").content.decode()


@pytest.mark.parametrize(
    ("said", "called"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X) Version/26.0 Safari/604.1", "Safari on iPhone"),
        ("curl/8.0", "curl/8.0"),
        ("", "An unknown browser"),
    ],
)
def test_a_browser_is_called_by_its_name(said: str, called: str) -> None:
    assert sessions.browser_of(said) == called


def test_over_https_cookies_are_bound_to_the_host() -> None:
    names = "s.SESSION_COOKIE_NAME, s.CSRF_COOKIE_NAME, s.SESSION_COOKIE_SECURE"
    told = f"from django.conf import settings as s; print({names})"
    environment = {**os.environ, "BASE_URL": "https://portal.example", "PORTAL_INSTANCE": "harbour"}
    environment["DJANGO_SETTINGS_MODULE"] = "rollback_portal.settings"
    said = subprocess.run([sys.executable, "-c", told], env=environment, capture_output=True, text=True, check=True)
    assert said.stdout.split() == ["__Host-session_harbour", "__Host-csrf_harbour", "True"]


def test_somebody_who_is_let_in_again_has_to_sign_in_again(ada: Person, rae: Person) -> None:
    browser = sign_in(rae)
    lifecycle.deactivate_person(rae, by=ada)
    lifecycle.reactivate_person(rae, by=ada)
    assert browser.get("/profile/").status_code == 302


def test_a_cookie_says_what_protects_it(ada: Person) -> None:
    cookie = sign_in(ada).cookies[portal.SESSION_COOKIE_NAME]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"], cookie["domain"]) == (True, "Lax", "/", "")


# --- streams ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def port(transactional_db: None) -> Iterator[int]:
    with serving() as here:
        yield here


@pytest.fixture
def incident(transactional_db: None, team: Any) -> Any:
    return IncidentFactory(environment=place(team))


def cookies(browser: Client) -> dict[str, str]:
    return {"Cookie": f"{portal.SESSION_COOKIE_NAME}={browser.cookies[portal.SESSION_COOKIE_NAME].value}"}


def deactivate(ada: Person, rae: Person, browser: Client) -> None:
    lifecycle.deactivate_person(rae, by=ada)


def take_the_role(ada: Person, rae: Person, browser: Client) -> None:
    lifecycle.take_role(rae, Role.objects.get(organisation=ada.organisation, slug="reliability-partner"), by=ada)


def sign_out(ada: Person, rae: Person, browser: Client) -> None:
    browser.post("/accounts/logout/")


def choose_a_new_password_elsewhere(ada: Person, rae: Person, browser: Client) -> None:
    assert change_password(sign_in(rae), PASSWORD, "another horse, another staple").status_code == 302


def sign_out_everywhere_else(ada: Person, rae: Person, browser: Client) -> None:
    sign_in(rae).post("/profile/sessions/end/")


@pytest.mark.parametrize(
    "deed", [deactivate, take_the_role, sign_out, choose_a_new_password_elsewhere, sign_out_everywhere_else]
)
def test_an_open_page_stream_ends(
    ada: Person, rae: Person, port: int, incident: Any, deed: Callable[[Person, Person, Client], None]
) -> None:
    browser, hers = sign_in(rae), sign_in(ada)
    ending = Listener(port, f"/incidents/{incident.pk}/stream/", cookies(browser))
    staying = Listener(port, f"/incidents/{incident.pk}/stream/", cookies(hers))
    deed(ada, rae, browser)
    assert ending.seconds_until_it_ends() < MOST_SECONDS
    assert not staying.ended.is_set()
    staying.close()


def revoke(ada: Person, token: Token) -> None:
    giving_tokens.revoke_token(token, by=ada)


def expire(ada: Person, token: Token) -> None:
    Token.objects.filter(pk=token.pk).update(expires_at=timezone.now() + timedelta(seconds=1))


def deactivate_its_person(ada: Person, token: Token) -> None:
    assert token.person
    lifecycle.deactivate_person(token.person, by=ada)


@pytest.mark.parametrize("deed", [revoke, expire, deactivate_its_person])
def test_an_open_stream_of_a_program_ends(
    ada: Person, rae: Person, port: int, incident: Any, deed: Callable[[Person, Token], None]
) -> None:
    token = TokenFactory(person=rae, scopes=["read"])
    listener = Listener(port, f"/api/v1/incidents/{incident.pk}/stream", token.header)
    deed(ada, token)
    assert listener.seconds_until_it_ends() < MOST_SECONDS + 1 * (deed is expire)
