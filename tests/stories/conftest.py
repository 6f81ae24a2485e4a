"""One demo and one browser for all stories; nothing that a page complains about goes unnoticed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.stories.cast import Cast
from tests.stories.demo import Demo, started

CHROMIUM = "/usr/bin/chromium"
expect.set_options(timeout=15_000)  # milliseconds: the machine may be busy with other tests


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark everything in this folder as a story; the one that begins with the demo as it opens comes first."""
    places = [number for number, item in enumerate(items) if "/stories/" in str(item.path)]
    ours = sorted((items[number] for number in places), key=lambda item: "test_main_job" not in str(item.path))
    for number, item in zip(places, ours, strict=True):
        item.add_marker(pytest.mark.story)
        items[number] = item


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
