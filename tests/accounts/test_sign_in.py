"""Signing in and out, new passwords, and asking for the password again."""

from __future__ import annotations

import re
import threading
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.hashers import MD5PasswordHasher
from django.core import mail
from django.core.cache import cache
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.test import Client
from django.utils import timezone

from apps.accounts import lifecycle
from apps.accounts.adapter import MAILING
from apps.accounts.models import Person, Token
from rollback_portal.environment import refuse_guessable_key
from rollback_portal.instance.keys import MAKERS
from tests.accounts.conftest import sign_in
from tests.accounts.factories import PASSWORD, OrganisationFactory, PersonFactory

LOGIN = "/accounts/login/"


def test_the_page_has_email_password_and_one_button(db: None) -> None:
    page = Client().get(LOGIN).content.decode()
    assert re.search(r"<label[^>]*>Email</label>", page)
    assert re.search(r"<label[^>]*>Password</label>", page)
    assert ">Sign in</button>" in page


@pytest.mark.parametrize("path", ["/", "/people/", "/profile/", "/rollbacks/"])
def test_a_page_asks_to_sign_in_and_leads_back(ada: Person, path: str) -> None:
    browser = Client()
    answer = browser.get(path)
    assert answer.status_code == 302
    assert answer["Location"] == f"{LOGIN}?next={path}"
    answer = browser.post(answer["Location"], {"login": ada.email, "password": PASSWORD, "next": path})
    assert answer["Location"] == path


def test_an_address_in_capitals_signs_in_too(ada: Person) -> None:
    answer = Client().post(LOGIN, {"login": ada.email.upper(), "password": PASSWORD})
    assert answer.status_code == 302


@pytest.mark.parametrize(
    "next_url",
    [
        "//evil.example",
        "https://evil.example",
        "https:evil.example",
        "\\\\evil",
        "/\\evil.example",
        "javascript:x",
        "http://localhost/x",
        "http://testserver/x",
        "/%0d%0aX: y\r\nZ: 1",
    ],
)
def test_next_never_leads_away(ada: Person, next_url: str) -> None:
    answer = Client().post(LOGIN, {"login": ada.email, "password": PASSWORD, "next": next_url})
    assert answer.status_code == 302
    assert answer["Location"].startswith("/")
    assert not answer["Location"].startswith(("//", "/\\"))


def test_unknown_addresses_and_wrong_passwords_get_the_same_page(ada: Person) -> None:
    wrong = Client().post(LOGIN, {"login": ada.email, "password": "wrong"}).content.decode()
    unknown = Client().post(LOGIN, {"login": "nobody@harbour.example", "password": "wrong"}).content.decode()
    strip = re.compile(r'value="[^"]*"|data-now="[^"]*"|datetime="[^"]*"')
    assert strip.sub("", wrong) == strip.sub("", unknown)
    assert "Address and password do not belong together." in wrong


def test_ten_wrong_tries_close_the_door_for_that_account_from_there_only(ada: Person, rae: Person) -> None:
    guesser = Client()
    for _ in range(10):
        assert guesser.post(LOGIN, {"login": ada.email, "password": "wrong"}).status_code == 200
    closed = guesser.post(LOGIN, {"login": ada.email, "password": PASSWORD})
    assert closed.status_code == 429
    assert int(closed["Retry-After"]) > 0
    sign_in(rae)
    sign_in(ada, REMOTE_ADDR="192.0.2.7")


def test_signing_out_needs_a_form_and_ends_the_session(ada: Person) -> None:
    browser = sign_in(ada)
    assert browser.get("/accounts/logout/").status_code == 200
    assert browser.get("/profile/").status_code == 200
    browser.post("/accounts/logout/")
    assert browser.get("/profile/").status_code == 302


def test_a_form_from_elsewhere_is_refused(ada: Person) -> None:
    answer = Client(enforce_csrf_checks=True).post(LOGIN, {"login": ada.email, "password": PASSWORD})
    assert answer.status_code == 403
    assert b"Nothing was changed" in answer.content


def test_nobody_signs_up(db: None) -> None:
    assert Client().get("/accounts/signup/").status_code == 404


def mailed() -> list[Any]:
    """Return the mails, once those under way have left: nobody waits for them on the page."""
    for thread in threading.enumerate():
        if thread.name == MAILING:
            thread.join()
    return mail.outbox


def test_a_new_password_comes_by_mail_and_ends_old_sessions(ada: Person, settings: Any) -> None:
    settings.BASE_URL = "https://portal.example"
    old = sign_in(ada)
    browser = Client()
    browser.post("/accounts/password/reset/", {"email": ada.email}, headers={"Host": "testserver"})
    assert mailed()[0].to == [ada.email]
    link = re.search(r"https://portal\.example(/\S+)", mail.outbox[0].body)
    assert link
    form = browser.get(link[1], follow=True)
    path = form.redirect_chain[-1][0]
    new = "another horse, another staple"
    done = browser.post(path, {"password1": new, "password2": new}, follow=True)
    assert b"Your password is new" in done.content
    assert old.get("/profile/").status_code == 302
    assert Client().post(LOGIN, {"login": ada.email, "password": new}).status_code == 302
    assert b"no longer works" in Client().get(link[1], follow=True).content


def test_an_unknown_address_gets_no_mail_and_the_same_answer(ada: Person) -> None:
    known = Client().post("/accounts/password/reset/", {"email": ada.email}, follow=True)
    unknown = Client().post("/accounts/password/reset/", {"email": "nobody@harbour.example"}, follow=True)
    assert known.redirect_chain == unknown.redirect_chain
    assert len(mailed()) == 1


def test_a_deactivated_person_is_signed_out_at_the_next_request(ada: Person, rae: Person) -> None:
    browser = sign_in(rae)
    assert browser.get("/people/").status_code == 200
    lifecycle.deactivate_person(rae, by=ada)
    assert browser.get("/people/")["Location"].startswith(LOGIN)
    lifecycle.reactivate_person(rae, by=ada)
    assert browser.get("/people/")["Location"].startswith(LOGIN)
    lifecycle.deactivate_person(rae, by=ada)
    answer = browser.post(LOGIN, {"login": rae.email, "password": PASSWORD, "next": "/people/"}, follow=True)
    assert b"This account is deactivated" in answer.content
    assert browser.get("/people/")["Location"].startswith(LOGIN)


def test_htmx_without_a_session_is_led_to_the_sign_in_page_as_a_whole(ada: Person) -> None:
    headers = {"HX-Request": "true", "HX-Current-URL": "https://testserver/people/?x=1"}
    answer = Client().post("/people/additions/", headers=headers)
    assert answer.status_code == 204
    assert answer["HX-Redirect"] == "/accounts/login/?next=%2Fpeople%2F"


def test_a_person_in_two_organisations_switches_and_stays_within_the_walls(ada: Person) -> None:
    other = OrganisationFactory(slug="quay", name="Quay")
    theirs = PersonFactory(organisation=other, email=ada.email, name="Ada at Quay", roles=["stakeholder"])
    browser = sign_in(ada)
    assert browser.get("/people/").status_code == 200
    browser.post("/profile/organisation/", {"organisation": str(other.pk)})
    assert browser.get("/people/").status_code == 403
    assert browser.get(f"/people/{ada.pk}/").status_code == 403
    assert theirs.user == ada.user
    browser.post("/profile/organisation/", {"organisation": str(OrganisationFactory().pk)})
    assert b"Ada at Quay" in browser.get("/profile/").content


def test_every_page_of_a_signed_in_person_stays_out_of_caches(ada: Person) -> None:
    assert "no-store" in sign_in(ada).get("/profile/")["Cache-Control"]


def token_form() -> dict[str, Any]:
    return {"name": "pipeline", "scopes": ["read", "write"], "days": "30"}


def test_a_fresh_sign_in_counts_as_proof(ada: Person) -> None:
    answer = sign_in(ada).post("/profile/tokens/", token_form())
    assert answer.status_code == 201
    assert Token.objects.count() == 1


def test_an_old_sign_in_is_asked_again_and_the_form_is_as_it_was_left(ada: Person) -> None:
    browser = sign_in(ada)
    with time_machine.travel(timezone.now() + timedelta(minutes=6), tick=True):
        answer = browser.post("/profile/tokens/", token_form())
        assert answer.status_code == 302
        assert answer["Location"] == "/accounts/reauthenticate/?next=%2Fprofile%2F"
        assert Token.objects.count() == 0
        asked = browser.get(answer["Location"])
        assert b"the form is as you left it" in asked.content
        wrong = browser.post(answer["Location"], {"password": "wrong", "next": "/profile/"})
        assert b"This is not your password." in wrong.content
        back = browser.post(answer["Location"], {"password": PASSWORD, "next": "/profile/"})
        assert back["Location"] == "/profile/"
        page = browser.get("/profile/").content.decode()
        assert 'value="pipeline"' in page
        assert Token.objects.count() == 0
        assert browser.post("/profile/tokens/", token_form()).status_code == 201


def test_htmx_is_sent_to_the_password_page_as_a_whole(ada: Person) -> None:
    browser = sign_in(ada)
    with time_machine.travel(timezone.now() + timedelta(minutes=6), tick=True):
        answer = browser.post("/profile/tokens/", token_form(), headers={"HX-Request": "true"})
    assert answer.status_code == 204
    assert answer["HX-Redirect"].startswith("/accounts/reauthenticate/")


def test_the_demo_shows_its_sign_ins(db: None, settings: Any, tmp_path: Any) -> None:
    settings.MODE, settings.DATA_DIR = "demo", tmp_path
    (tmp_path / "demo-sign-ins.txt").write_text("founder@motion-mavericks.example  a-password")
    assert b"founder@motion-mavericks.example" in Client().get(LOGIN).content
    settings.MODE = "up"
    assert b"founder@motion-mavericks.example" not in Client().get(LOGIN).content


class Counting(MD5PasswordHasher):
    """Counts how often a password is hashed."""

    times = 0

    def encode(self, password: str, salt: str) -> str:
        type(self).times += 1
        return super().encode(password, salt)


def test_an_unknown_address_costs_as_many_hashes_as_a_wrong_password(rae: Person, settings: Any) -> None:
    settings.PASSWORD_HASHERS = [f"{__name__}.Counting"]
    ada = PersonFactory(organisation=rae.organisation, email="ada@harbour.example")
    costs = []
    for email in (ada.email, "nobody@harbour.example"):
        before = Counting.times
        Client().post(LOGIN, {"login": email, "password": "wrong"})
        costs.append(Counting.times - before)
    assert costs[0] == costs[1] > 0


def test_tries_are_counted_in_postgres_and_nowhere_else(ada: Person, settings: Any) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"  # nothing listens there
    settings.CELERY_BROKER_URL = settings.REDIS_URL
    guesser = Client()
    for _ in range(10):
        assert guesser.post(LOGIN, {"login": ada.email, "password": "wrong"}).status_code == 200
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM django_cache WHERE cache_key LIKE '%login_failed%'")
        assert cursor.fetchone()[0] >= 1
    assert settings.CACHES.keys() == {"default"}
    assert settings.CACHES["default"]["BACKEND"] == "django.core.cache.backends.db.DatabaseCache"
    assert Client().post(LOGIN, {"login": ada.email, "password": PASSWORD}).status_code == 429


def test_a_flood_of_other_tries_does_not_push_the_counters_out(ada: Person) -> None:
    guesser = Client()
    for _ in range(10):
        guesser.post(LOGIN, {"login": ada.email, "password": "wrong"})
    for number in range(400):  # Django's own limit is 300 entries
        cache.set(f"filler-{number}", number, 900)
    assert guesser.post(LOGIN, {"login": ada.email, "password": PASSWORD}).status_code == 429


def test_six_mails_for_a_new_password_are_too_many(ada: Person) -> None:
    statuses = [Client().post("/accounts/password/reset/", {"email": ada.email}).status_code for _ in range(6)]
    assert statuses == [302] * 5 + [429]
    assert len(mailed()) == 5


@pytest.mark.parametrize(
    "key", ["", "x", "short-key", "a" * 60, "django-insecure-" + "abcdefghijklmnopqrstuvwxyz0123456789"]
)
def test_a_key_that_can_be_guessed_is_refused_outside_a_demo(key: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="SECRET_KEY can be guessed"):
        refuse_guessable_key(key, unless=False)
    refuse_guessable_key(key, unless=True)


def test_the_keys_that_are_made_here_are_accepted() -> None:
    refuse_guessable_key(MAKERS["SECRET_KEY"](), unless=False)


def test_working_in_another_organisation_gives_the_session_another_name(ada: Person) -> None:
    other = OrganisationFactory(slug="quay", name="Quay")
    PersonFactory(organisation=other, email=ada.email, roles=["stakeholder"])
    browser = sign_in(ada)
    before = browser.session.session_key
    browser.post("/profile/organisation/", {"organisation": str(other.pk)})
    assert browser.session.session_key != before
