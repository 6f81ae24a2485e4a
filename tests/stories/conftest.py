"""One demo and one browser for all stories; nothing that a page complains about goes unnoticed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.stories.cast import Cast
from tests.stories.demo import Demo, started

CHROMIUM = "/usr/bin/chromium"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark everything in this folder as a story."""
    for item in items:
        if "/stories/" in str(item.path):
            item.add_marker(pytest.mark.story)


@pytest.fixture(scope="session")
def demo() -> Iterator[Demo]:
    """The demo, just started."""
    with started(Demo) as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A real Chromium; closed after each module, because it brings an event loop."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or (CHROMIUM if os.path.exists(CHROMIUM) else None)
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=path, args=arguments)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def sessions() -> dict[str, object]:
    """Who has signed in already."""
    return {}


@pytest.fixture
def cast(demo: Demo, browser: Browser, sessions: dict[str, object]) -> Iterator[Cast]:
    """Everybody of the demo; the test fails if a page complained, broke its policy or answered 500."""
    people = Cast(browser, demo.url, demo.password, sessions=sessions)
    yield people
    people.close()
    assert people.complaints == []
