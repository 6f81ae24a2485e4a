"""Rules that every address of the portal keeps, read from the table of addresses itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from apps.accounts.models import Person
from tests.accounts.conftest import sign_in

# What anybody may open without signing in. Whatever else is added must ask who is there.
OPEN = {
    "healthz",
    "readyz",
    "account_login",
    "account_logout",
    "account_inactive",
    "account_reset_password",
    "account_reset_password_done",
    "account_reset_password_from_key",
    "account_reset_password_from_key_done",
    "accounts:set_up",
    "mfa_authenticate",  # for who has given the right password; others are led back to it
    "passkey_options",
    "passkey_sign_in",
    "single_sign_on",
    "single_sign_on_return",
    "playbooks:schema",  # the published description of the format
    "providers:hook",  # asks for a provider's signature instead
    "gallery",
    "gallery_page",
}
VALUES = {
    "uuid": "0195f0a0-0000-7000-8000-000000000000",
    "slug": "x",
    "str": "x",
    "int": "1",
    "path": "x",
}


def addresses(resolver: Any = None, prefix: str = "/", spaces: str = "") -> Iterator[tuple[str, str]]:
    """Yield (name, an example path) of every address but the API's."""
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLResolver):
            if entry.namespace != "api":
                space = f"{spaces}{entry.namespace}:" if entry.namespace else spaces
                yield from addresses(entry, prefix + str(entry.pattern), space)
        elif isinstance(entry, URLPattern):
            yield f"{spaces}{entry.name}", _example(prefix, entry)


def _example(prefix: str, entry: URLPattern) -> str:
    if entry.name == "account_reset_password_from_key":
        return "/accounts/password/reset/key/1-x/"
    path = prefix + str(entry.pattern)
    for name, converter in entry.pattern.converters.items():
        kind = type(converter).__name__.removesuffix("Converter").lower()
        kind = {"string": "str"}.get(kind, kind)
        path = path.replace(f"<{kind}:{name}>", VALUES[kind]).replace(f"<{name}>", VALUES["str"])
    return path


ADDRESSES = sorted(set(addresses()))
NAMES = [name for name, _ in ADDRESSES]


@pytest.mark.parametrize(("name", "path"), ADDRESSES, ids=NAMES)
def test_every_address_asks_who_is_there(db: None, name: str, path: str) -> None:
    if name in OPEN:
        pytest.skip("anybody may open it")
    for method in ("get", "post"):
        answer = getattr(Client(), method)(path)
        assert answer.status_code == 302
        assert answer["Location"].startswith("/accounts/login/?next=")


def test_reading_never_breaks_and_carries_every_protection(ada: Person) -> None:
    browser, wrong = sign_in(ada), []
    for name, path in ADDRESSES:
        if name == "account_logout" or "stream" in name:
            continue
        answer = browser.get(path)
        policy = answer.headers.get("Content-Security-Policy", "")
        if answer.status_code >= 500 and name != "readyz":
            wrong.append((name, answer.status_code))
        if "frame-ancestors 'none'" not in policy or "script-src 'self'" not in policy:
            wrong.append((name, "policy", policy))
        if answer.headers.get("X-Frame-Options") != "DENY":
            wrong.append((name, "frames"))
        if name not in OPEN and "no-store" not in answer.headers.get("Cache-Control", ""):
            wrong.append((name, "cache"))
    assert wrong == []


def test_a_form_without_our_own_token_is_refused_everywhere(ada: Person) -> None:
    browser = sign_in(ada)
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = browser.cookies
    wrong = [(name, answer.status_code) for name, path in ADDRESSES if (answer := strict.post(path)).status_code != 403]
    assert [each for each in wrong if each[0] not in {"healthz", "readyz", "providers:hook"}] == []
    assert ("providers:hook", 401) in wrong  # whatever session comes with it, only the signature counts


def test_foreign_and_unknown_things_are_the_same_404(ada: Person) -> None:
    browser, wrong = sign_in(ada), []
    for name, path in ADDRESSES:
        if VALUES["uuid"] not in path or name in OPEN or "stream" in name:
            continue
        answers = [browser.get(path.replace(VALUES["uuid"], str(uuid4()))) for _ in range(2)]
        if {answer.status_code for answer in answers} - {404, 405}:
            wrong.append((name, [answer.status_code for answer in answers]))
    assert wrong == []
