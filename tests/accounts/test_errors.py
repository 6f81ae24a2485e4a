"""What is shown when the portal itself is wrong."""

from __future__ import annotations

import logging
import re
from typing import Any

import psycopg
import pytest
from django.db import DatabaseError, IntegrityError, OperationalError, connection, transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import path
from psycopg.errors import LockNotAvailable, UniqueViolation

from apps.accounts import refusing
from rollback_portal import errors, urls


def break_down(request: HttpRequest) -> HttpResponse:
    """A view with a mistake in it."""
    raise ZeroDivisionError("the secret is swordfish")


urlpatterns = [
    path("people/", break_down),
    path("accounts/login/", break_down),
    path("api/v1/people", break_down),
    *urls.urlpatterns,
]
handler500 = urls.handler500


@pytest.mark.urls("tests.accounts.test_errors")
@pytest.mark.parametrize("address", ["/accounts/login/", "/api/v1/people"])
def test_a_mistake_shows_a_number_that_the_log_has_and_nothing_else(
    db: None, address: str, caplog: Any, settings: Any
) -> None:
    for each in urlpatterns[:3]:
        each.callback.login_required = False  # type: ignore[union-attr]
    browser = Client(raise_request_exception=False)
    with caplog.at_level(logging.ERROR):
        answer = browser.get(address)
    assert answer.status_code == 500
    number = re.search(r"\b[0-9a-f]{12}\b", answer.content.decode())
    assert number
    assert number[0] in caplog.text
    assert b"swordfish" not in answer.content
    assert b"ZeroDivision" not in answer.content


def test_where_even_templates_are_broken_one_sentence_is_left(settings: Any) -> None:
    settings.TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "DIRS": []}]
    answer = errors.broken(RequestFactory().get("/people/"))
    assert answer.status_code == 500
    assert b"The portal made a mistake" in answer.content


def test_a_lost_race_is_a_refusal_and_a_broken_rule_is_not() -> None:
    def caused_by(cause: Exception) -> Exception:
        error = IntegrityError("x")
        error.__cause__ = cause
        return error

    race = refusing.lost_race(caused_by(UniqueViolation()))
    assert race is not None
    assert race.status == 409
    busy = refusing.lost_race(caused_by(LockNotAvailable()))
    assert busy is not None
    assert busy.code == "busy"
    assert refusing.lost_race(caused_by(ValueError())) is None
    assert refusing.lost_race(caused_by(psycopg.OperationalError("the connection is lost"))) is None


def test_a_rule_that_postgres_keeps_is_told_in_its_own_words(db: None) -> None:
    raising = "DO $$ BEGIN RAISE EXCEPTION 'A vote no longer counts.' USING ERRCODE = 'RG009'; END $$"
    with pytest.raises(DatabaseError) as caught, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(raising)
    refusal = refusing.lost_race(caught.value)
    assert refusal is not None
    assert refusal.status == 409
    assert refusal.message == "A vote no longer counts. Nothing was changed here; read it again."


@pytest.mark.parametrize("address", ["/people/", "/api/v1/people"])
def test_a_database_that_is_away_is_said_so_and_nothing_is_claimed_about_the_last_change(address: str) -> None:
    try:
        raise OperationalError("server closed the connection unexpectedly")
    except OperationalError:
        answer = errors.broken(RequestFactory().get(address))
    assert answer.status_code == 503
    assert answer["Retry-After"] == "2"
    assert b"Look whether the last change was kept" in answer.content
    assert b"unexpectedly" not in answer.content
