"""What a provider declares of its settings and credentials becomes a form; what is entered is of the declared kind."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from apps.accounts.models import Organisation, Person
from apps.providers import lifecycle, opening
from apps.providers.forms import ConnectionForm
from apps.providers.models import Connection
from apps.timeline.answers import Unacceptable
from tests.accounts.conftest import sign_in
from tests.accounts.factories import OrganisationFactory, PersonFactory
from tests.providers.foreign import Foreign, register, vendor_answering

KEY = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQ\n-----END PRIVATE KEY-----"
GOOD = {"region": "eu", "project": "42", "contact": "oncall@example.com", "console": "https://93.184.215.14/console"}


@pytest.fixture
def team(db: None, monkeypatch: pytest.MonkeyPatch) -> Organisation:
    """An organisation whose portal knows the provider."""
    register(monkeypatch)
    monkeypatch.setenv("OUTBOUND_ALLOW", "")
    return OrganisationFactory()


@pytest.fixture
def ada(team: Organisation) -> Person:
    """The administrator."""
    return PersonFactory(organisation=team, name="Ada", roles=["admin"])


def connect(team: Organisation, by: Person, **settings: Any) -> Connection:
    """Connect with these settings."""
    return lifecycle.connect(
        team, by=by, provider="foreign", name="Foreign", base_url="https://93.184.215.14", settings=settings,
        credentials={"token": "a-token", "key": KEY},
    )  # fmt: skip


def test_values_of_every_kind_are_kept_as_texts(team: Organisation, ada: Person) -> None:
    made = connect(team, ada, **{**GOOD, "project": 42, "certificate": "one\r\ntwo"})
    assert made.settings == {**GOOD, "certificate": "one\ntwo"}
    assert opening.access(made).credentials["key"] == KEY


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("region", "mars", "must be one of: eu, us"),
        ("region", "EU", "must be one of"),
        ("project", "forty-two", "must be a number"),
        ("project", "1e5", "must be a number"),
        ("project", "٤٢", "must be a number"),
        ("project", True, "must be a text"),
        ("contact", "oncall", "must be a mail address"),
        ("contact", "a@b@c.example", "must be a mail address"),
        ("contact", "a@example.com\nBcc: b@example.com", "must be a mail address"),
        ("console", "javascript:alert(1)", "Address not allowed"),
        ("console", "console.example", "Address not allowed"),
        ("console", "http://169.254.169.254/latest/", "Address not allowed"),
        ("console", "https://user:word@93.184.215.14/", "Address not allowed"),
        ("certificate", "one\x00two", "control character"),
    ],
)
def test_what_is_not_of_its_kind_is_refused_by_its_name(
    team: Organisation, ada: Person, name: str, value: Any, words: str
) -> None:
    with pytest.raises(Unacceptable, match=words) as refused:
        connect(team, ada, **{name: value})
    assert refused.value.extra["field"] == f"settings.{name}"
    assert not Connection.objects.exists()


def test_each_kind_has_the_input_that_fits_it() -> None:
    fields = ConnectionForm(Foreign()).fields
    types = {name: getattr(field.widget, "input_type", type(field.widget).__name__) for name, field in fields.items()}
    assert types == {
        "name": "text", "settings_region": "select", "settings_project": "number", "settings_contact": "email",
        "settings_console": "url", "settings_certificate": "Textarea", "credentials_token": "password",
        "credentials_key": "HiddenLines", "credentials_headers": "password", "base_url": "text",
    }  # fmt: skip
    assert list(fields["settings_region"].choices) == [("", "Not said"), ("eu", "eu"), ("us", "us")]


def test_the_page_takes_them_and_never_writes_a_credential_back(
    team: Organisation, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    with vendor_answering(monkeypatch) as vendor:
        enter(sign_in(ada), vendor.url)
    kept = opening.access(Connection.objects.get())
    assert kept.credentials == {"token": "tok-canary", "key": KEY, "headers": {"X-Team": "portal"}}
    assert kept.settings == {**GOOD, "certificate": "PEM kept"}


def enter(client: Client, address: str) -> None:
    """Enter everything, first with a mistake, and look at what comes back."""
    said = {f"settings_{name}": value for name, value in GOOD.items()}
    said |= {"name": "Foreign", "base_url": address, "credentials_token": "tok-canary"}
    said |= {"credentials_key": KEY, "credentials_headers": '{"X-Team": "portal"}', "settings_certificate": "PEM kept"}
    refused = client.post("/connections/new/foreign/", {**said, "settings_contact": "nobody"})
    page = refused.content.decode()
    assert refused.status_code == 422
    assert "PEM kept" in page
    assert "MIIEvQIBADANBgkqhkiG9w0BAQ" not in page
    assert "tok-canary" not in page
    assert "X-Team" not in page.replace("For example {&quot;X-Team&quot;", "")
    assert client.post("/connections/new/foreign/", said).status_code == 302
