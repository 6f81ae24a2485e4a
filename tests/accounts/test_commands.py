"""The command line: organisations, people and tokens without a browser."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from apps.accounts.models import Organisation, Person, Token
from tests.accounts.conftest import sign_in
from tests.accounts.factories import PASSWORD, OrganisationFactory, PersonFactory

pytestmark = pytest.mark.django_db


def run(*words: str) -> tuple[str, str]:
    said, told = io.StringIO(), io.StringIO()
    call_command(*words, stdout=said, stderr=told)
    return said.getvalue(), told.getvalue()


def test_from_nothing_to_a_working_token(monkeypatch: Any) -> None:
    run("organisation", "create", "harbour", "--name", "Harbour", "--admin", "ada@harbour.example")
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSWORD}\n"))
    run(
        "person",
        "create",
        "kim@harbour.example",
        "--organisation",
        "harbour",
        "--role",
        "founder",
        "--role",
        "cto",
        "--name",
        "Kim",
        "--password-stdin",
    )
    sign_in(Person.objects.get(email="kim@harbour.example"))
    said, told = run(
        "token",
        "create",
        "--user",
        "kim@harbour.example",
        "--name",
        "ci",
        "--scope",
        "read",
        "--scope",
        "approve",
    )
    assert said.count("\n") == 1
    assert "Kim" not in said
    assert "kim@harbour.example" in told
    client = Client(headers={"Authorization": f"Bearer {said.strip()}"})
    assert client.get("/api/v1/people").status_code == 200
    assert Token.objects.get().scopes == ["read", "approve"]


def test_a_token_without_scopes_only_reads(ada: Person) -> None:
    run("token", "create", "--user", ada.email, "--name", "ci")
    assert Token.objects.get().scopes == ["read"]


def test_without_a_password_the_link_to_choose_one_is_printed(team: Organisation) -> None:
    said, _ = run("person", "create", "kim@harbour.example", "--organisation", "harbour")
    assert "/accounts/password/reset/key/" in said


WRONG = [
    (
        ["organisation", "create", "harbour", "--name", "Again", "--admin", "x@harbour.example"],
        "already an organisation",
    ),
    (["organisation", "create", "a b", "--name", "Again", "--admin", "x@harbour.example"], "slug"),
    (["organisation", "create", "new", "--name", "New", "--admin", "nobody"], "email"),
    (
        ["organisation", "create", "new", "--name", "New", "--admin", "x@x.example", "--time-zone", "Mars"],
        "time_zone",
    ),
    (["person", "create", "nobody", "--organisation", "harbour"], "email"),
    (["person", "create", "x@harbour.example", "--organisation", "nowhere"], "There are: harbour"),
    (["person", "create", "x@harbour.example", "--organisation", "harbour", "--role", "emperor"], "roles"),
    (["token", "create", "--user", "nobody@harbour.example", "--name", "ci"], "no active person"),
    (["token", "create", "--user", "ada@harbour.example", "--name", "ci", "--scope", "fly"], "no scope fly"),
    (
        ["token", "create", "--user", "ada@harbour.example", "--name", "ci", "--organisation", "nowhere"],
        "nowhere",
    ),
    (["token", "create", "--user", "ada@harbour.example", "--name", ""], "name"),
]


@pytest.mark.parametrize(("words", "told"), WRONG)
def test_what_is_wrong_is_one_sentence_and_nothing_is_made(ada: Person, words: list[str], told: str) -> None:
    with pytest.raises(CommandError, match=told) as wrong:
        run(*words)
    assert wrong.value.returncode == 1
    assert (Organisation.objects.count(), Person.objects.count(), Token.objects.count()) == (1, 1, 0)


def test_a_weak_password_is_refused_before_anybody_is_added(ada: Person, monkeypatch: Any) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("short\n"))
    with pytest.raises(CommandError, match="Nobody was added"):
        run("person", "create", "kim@harbour.example", "--organisation", "harbour", "--password-stdin")
    assert Person.objects.count() == 1


def test_a_person_of_two_organisations_must_say_which(ada: Person) -> None:
    PersonFactory(organisation=OrganisationFactory(slug="quay"), email=ada.email)
    with pytest.raises(CommandError, match="--organisation: harbour, quay"):
        run("token", "create", "--user", ada.email, "--name", "ci")
    run("token", "create", "--user", ada.email, "--name", "ci", "--organisation", "quay")
    assert Token.objects.get().organisation.slug == "quay"
