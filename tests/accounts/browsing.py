"""A real browser on a server of the test's own, with an authenticator for passkeys that the browser plays itself."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Page, sync_playwright

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


@contextmanager
def site(settings: Any) -> Iterator[str]:
    """Serve under the name localhost: passkeys need that, or https."""
    with serving() as port:
        settings.BASE_URL = f"http://localhost:{port}"
        settings.CSRF_TRUSTED_ORIGINS = [settings.BASE_URL]
        yield settings.BASE_URL


@contextmanager
def browsing(address: str) -> Iterator[Page]:
    """Open a page; whatever it complains about, the policy of scripts above all, fails the test."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or (CHROMIUM if os.path.exists(CHROMIUM) else None)
    complaints: list[str] = []
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=path, args=arguments)
        page = browser.new_page(base_url=address)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        devtools = page.context.new_cdp_session(page)
        devtools.send("WebAuthn.enable")
        devtools.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
        yield page
        browser.close()
    assert complaints == []


def type_password(page: Page, email: str, path: str = "/accounts/login/") -> None:
    """Sign in by the form."""
    page.goto(path)
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
