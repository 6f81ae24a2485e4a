"""The editor in real Chromium: the side reads along while one types; without JavaScript the same forms do it all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from apps.accounts.models import Person
from apps.playbooks.models import Playbook, Revision
from tests.playbooks.conftest import browser as signed_in
from tests.playbooks.examples import SMALLEST
from tests.playbooks.factories import RevisionFactory

CHROMIUM = os.environ.get("CHROMIUM") or "/usr/bin/chromium"
HOME = "/playbooks/portal-release-rollback"
SIZES = {"desktop": (1440, 900), "phone": (360, 640)}
pytestmark = [pytest.mark.story, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def chromium(monkeypatch: pytest.MonkeyPatch) -> Iterator[Browser]:
    """Return a browser of this test; the database is used from its event loop's thread."""
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    with sync_playwright() as playwright:
        path = CHROMIUM if Path(CHROMIUM).exists() else None
        started = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield started
        started.close()


def sign_in(browser: Browser, url: str, person: Person, size: str = "desktop", **more: Any) -> Page:
    """Return a page of somebody who is signed in; by cookie, because the home page's stream needs a real server."""
    width, height = SIZES[size]
    context = browser.new_context(viewport={"width": width, "height": height}, base_url=url, **more)
    cookies = signed_in(person).cookies
    context.add_cookies([{"name": name, "value": one.value, "url": url} for name, one in cookies.items()])
    return context.new_page()


@pytest.mark.parametrize("size", SIZES)
def test_the_side_reads_along_and_publishing_makes_a_revision(chromium, live_server, mavericks, rae, size):
    RevisionFactory(organisation=mavericks, published=True)
    page = sign_in(chromium, live_server.url, rae, size)
    page.goto(f"{HOME}/draft/")
    text = page.get_by_label("Playbook, as YAML")
    text.fill(SMALLEST.replace('"share:"', '"*"'))
    expect(page.get_by_text("Step 3 would delete every key.")).to_be_visible()
    expect(page.get_by_role("button", name="Publish revision 2")).to_be_disabled()
    text.fill(SMALLEST.replace('"share:"', '"share:a:"'))
    expect(page.get_by_text("Step 3 deletes less:")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= SIZES[size][0]
    page.get_by_label("What changed and why").fill("Only one kind of link.")
    page.get_by_role("button", name="Publish revision 2").click()
    expect(page.get_by_text("Revision 2 is published")).to_be_visible()
    assert Playbook.objects.get().published.number == 2


def test_without_javascript_every_form_works(chromium, live_server, mavericks, rae):
    RevisionFactory(organisation=mavericks, published=True)
    page = sign_in(chromium, live_server.url, rae, java_script_enabled=False)
    page.goto(f"{HOME}/draft/steps/3/")
    page.get_by_label("If it fails").select_option("continue")
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_text("a failure now lets the run go on")).to_be_visible()
    page.get_by_role("link", name="text", exact=True).click()
    page.get_by_label("What changed and why").fill("The cache may wait.")
    page.get_by_role("button", name="Publish revision 2").click()
    expect(page.get_by_text("Revision 2 is published")).to_be_visible()
    page.goto(f"{HOME}/revisions/1/")
    page.get_by_role("button", name="Take revision 1 up again").click()
    assert Revision.objects.get(number=3).content == SMALLEST
