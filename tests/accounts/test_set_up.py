"""The one-time door of an empty installation."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from typing import Any
from urllib.parse import urlsplit

import pytest
import time_machine
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from apps.accounts.models import Organisation, Person, SetUpLink
from apps.accounts.permissions import may
from apps.accounts.rights import ADMINISTER

pytestmark = pytest.mark.django_db

FORM = {
    "organisation": "Harbour",
    "slug": "harbour",
    "time_zone": "Australia/Melbourne",
    "name": "Ada Admin",
    "email": "ada@harbour.example",
    "password": "correct horse battery staple",
}


def link(**options: Any) -> str:
    said = StringIO()
    call_command("setup-link", stdout=said, stderr=StringIO(), **options)
    return urlsplit(said.getvalue().strip()).path


def test_the_link_makes_the_first_administrator_who_is_signed_in_at_once() -> None:
    browser, path = Client(), link()
    assert browser.get(path).status_code == 200
    answer = browser.post(path, FORM)
    assert answer.status_code == 302
    ada = Person.objects.get()
    assert may(ada, ADMINISTER)
    assert Organisation.objects.get().time_zone == "Australia/Melbourne"
    assert browser.get("/people/new/").status_code == 200
    assert browser.post("/profile/tokens/", {"name": "x", "scopes": ["read"], "days": ""}).status_code == 201


def test_afterwards_the_door_is_gone() -> None:
    path = link()
    Client().post(path, FORM)
    assert Client().get(path).status_code == 404
    again = Client().post(path, {**FORM, "slug": "other", "email": "mallory@elsewhere.example"})
    assert again.status_code == 404
    assert Organisation.objects.count() == Person.objects.count() == 1


def test_a_guessed_link_is_nothing() -> None:
    link()
    assert Client().get("/set-up/guess/").status_code == 404


def test_the_link_ends_after_half_an_hour() -> None:
    path = link()
    with time_machine.travel(timezone.now() + timedelta(minutes=31)):
        assert Client().get(path).status_code == 404


def test_a_newer_link_ends_the_older_one() -> None:
    older, newer = link(), link()
    assert Client().get(older).status_code == 404
    assert Client().get(newer).status_code == 200


def test_only_a_hash_of_the_secret_is_kept() -> None:
    secret = link().strip("/").rpartition("/")[2]
    assert secret not in str(SetUpLink.objects.values().get())


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("slug", "a b"),
        ("email", "nobody"),
        ("password", "short"),
        ("password", "ada@harbour.example"),
        ("time_zone", "Mars/Base"),
        ("organisation", ""),
        ("name", "a\x00b"),
    ],
)
def test_a_wrong_field_is_shown_and_nothing_is_made(field: str, value: str) -> None:
    path = link()
    answer = Client().post(path, {**FORM, field: value})
    assert answer.status_code == 400
    assert field in answer.context["form"].errors
    assert not Organisation.objects.exists()
    assert Client().post(path, FORM).status_code == 302


def test_with_an_organisation_no_link_is_printed() -> None:
    Client().post(link(), FORM)
    said, told = StringIO(), StringIO()
    call_command("setup-link", stdout=said, stderr=told)
    assert said.getvalue() == ""
    assert "already an organisation" in told.getvalue()
    quiet = StringIO()
    call_command("setup-link", if_empty=True, stdout=StringIO(), stderr=quiet)
    assert quiet.getvalue() == ""
