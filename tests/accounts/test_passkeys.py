"""A passkey from its making to its removal, in a real browser with an authenticator that the browser plays itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from playwright.sync_api import Page, expect

from apps.accounts.models import Person, Token, User
from tests.accounts.browsing import browsing, site, type_password


@pytest.fixture
def page(transactional_db: None, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Page]:
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # the browser brings an event loop into this thread
    with site(settings) as address, browsing(address) as page:
        yield page


def test_a_passkey_is_made_signs_in_and_proves_again_who_is_there(ada: Person, page: Page) -> None:
    type_password(page, ada.email)

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
    type_password(page, ada.email, "/accounts/login/?next=/people/")
    expect(page.get_by_role("heading", name="One more thing")).to_be_visible()
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("heading", level=1, name="People")).to_be_visible()

    # And it signs in alone.
    page.context.clear_cookies()
    page.goto("/accounts/login/?next=/people/")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("heading", level=1, name="People")).to_be_visible()

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
    type_password(page, ada.email)
    page.goto("/profile/")
    page.get_by_role("button", name="Set up a passkey").click()
    expect(page.get_by_label("Name")).to_have_value("Passkey")
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
