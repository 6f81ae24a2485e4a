"""A passkey from its making to its removal, in a real browser with an authenticator that the browser plays itself."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from playwright.sync_api import Page, expect, sync_playwright

from apps.accounts.models import Person, Token, User
from tests.accounts.factories import PASSWORD
from tests.accounts.serving import serving

CHROMIUM = "/usr/bin/chromium"
AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture
def site(transactional_db: None, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of a server of this test: passkeys need the name localhost, or https."""
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # the browser brings an event loop into this thread
    with serving() as port:
        settings.BASE_URL = f"http://localhost:{port}"
        settings.CSRF_TRUSTED_ORIGINS = [settings.BASE_URL]
        yield settings.BASE_URL


@pytest.fixture
def page(site: str) -> Iterator[Page]:
    """A page with an authenticator; the test fails if anything broke the policy of scripts or was complained about."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or (CHROMIUM if os.path.exists(CHROMIUM) else None)
    complaints: list[str] = []
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=path, args=arguments)
        page = browser.new_page(base_url=site)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        devtools = page.context.new_cdp_session(page)
        devtools.send("WebAuthn.enable")
        devtools.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
        yield page
        browser.close()
    assert complaints == []


def test_a_passkey_is_made_signs_in_and_proves_again_who_is_there(ada: Person, page: Page) -> None:
    page.goto("/accounts/login/")
    page.get_by_label("Email").fill(ada.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()

    page.goto("/profile/")
    page.get_by_role("button", name="Set up a passkey").click()
    page.get_by_label("Name").fill("My phone")
    page.get_by_role("button", name="Make the passkey").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    expect(page.locator("[data-codes] li")).to_have_count(10)
    page.get_by_role("link", name="I have kept them").click()
    expect(page.get_by_role("button", name="Remove My phone")).to_be_visible()

    # The password alone is not enough now; the passkey completes it.
    page.context.clear_cookies()
    page.goto("/accounts/login/?next=/people/")
    page.get_by_label("Email").fill(ada.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="One more thing")).to_be_visible()
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("heading", name="People", exact=True)).to_be_visible()

    # And it signs in alone.
    page.context.clear_cookies()
    page.goto("/accounts/login/?next=/people/")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("heading", name="People", exact=True)).to_be_visible()

    # Ten minutes later a token is asked for: one touch, and the form is as it was left.
    age_every_sign_in(600)
    page.goto("/profile/")
    page.get_by_label("What it is for").fill("pipeline of the passkey")
    page.get_by_role("button", name="Create the token").click()
    expect(page.get_by_role("heading", name="Sign in again")).to_be_visible()
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_label("What it is for")).to_have_value("pipeline of the passkey")
    page.get_by_role("button", name="Create the token").click()
    expect(page.locator("[data-token]")).to_be_visible()
    assert Token.objects.get().name == "pipeline of the passkey"

    page.goto("/profile/")
    page.get_by_role("button", name="Remove My phone").click()
    expect(page.get_by_text("Only your password.")).to_be_visible()
    assert not Authenticator.objects.exists()


def test_a_passkey_of_somebody_who_left_opens_nothing(ada: Person, page: Page) -> None:
    page.goto("/accounts/login/")
    page.get_by_label("Email").fill(ada.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.goto("/profile/")
    page.get_by_role("button", name="Set up a passkey").click()
    page.get_by_role("button", name="Make the passkey").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()

    Person.objects.filter(pk=ada.pk).update(active=False)
    page.context.clear_cookies()
    page.goto("/accounts/login/")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("heading", name="This account is deactivated")).to_be_visible()

    User.objects.filter(pk=ada.user_id).update(is_active=False)
    page.context.clear_cookies()
    page.goto("/accounts/login/")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("heading", name="This account is deactivated")).to_be_visible()


def age_every_sign_in(seconds: int) -> None:
    """Make every sign-in this much older, in the sessions where it is written."""
    for row in Session.objects.filter(session_key__in=UserSession.objects.values("session_key")):
        kept = row.get_decoded()
        for record in kept.get("account_authentication_methods", []):
            record["at"] -= seconds
        row.session_data = Session.objects.encode(kept)
        row.save()
