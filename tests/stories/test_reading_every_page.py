"""Every page that links lead to: accessible in light and dark, within the policy, and no wider than a phone."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.stories.acts import propose_from
from tests.stories.cast import DESK, PHONE, Cast, barriers, fits_the_width
from tests.stories.demo import Demo

LEFT_OUT = re.compile(r"/(static|api|hooks|schema|accounts/logout|gallery)/|/plan/$|format=|\?(after|order|template)=")
MOST = 70
WHO = {"admin": 25, "stakeholder": 2}  # and how many kinds of page each of them reaches at least


@pytest.mark.parametrize("role", WHO)
def test_every_page_that_somebody_reaches(cast: Cast, demo: Demo, role: str) -> None:
    propose_from(cast.open("incident-commander"), "Notifications come twice")
    page = cast.open(role)
    wrong: list[str] = []
    reached: list[str] = []
    for path in walk(page, demo.url):
        reached.append(path)
        wrong += [f"{path} {finding}" for finding in barriers(page)]
        page.emulate_media(color_scheme="dark")
        wrong += [f"{path} in the dark {finding}" for finding in contrast(page)]
        page.emulate_media(color_scheme="light")
        page.set_viewport_size(PHONE["viewport"])
        wrong += [] if fits_the_width(page) else [f"{path} is wider than a phone"]
        page.set_viewport_size(DESK["viewport"])
    assert len(reached) >= WHO[role], reached
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("path", ["/accounts/login/", "/accounts/password/reset/", "/nowhere/"])
def test_pages_before_the_sign_in(cast: Cast, path: str) -> None:
    page = cast.stranger(path)
    assert barriers(page) == []
    page.set_viewport_size(PHONE["viewport"])
    assert fits_the_width(page)
    cast.forget("404 .*/nowhere/")


def walk(page: Page, url: str) -> Iterator[str]:
    """Go along every link, one page of each kind; yields the path while the page stands open."""
    waiting, kinds = ["/"], set[str]()
    while waiting and len(kinds) < MOST:
        path = waiting.pop(0)
        if (kind := kind_of(path)) in kinds:
            continue
        kinds.add(kind)
        answer = page.goto(url + path)
        assert answer is not None
        assert answer.status == 200, f"{path}: {answer.status}"
        yield path
        links = page.eval_on_selector_all("a[href]", "all => all.map(one => one.href)")
        waiting += [one.removeprefix(url).partition("#")[0] for one in links if one.startswith(url + "/")]
        waiting = [one for one in waiting if one and not LEFT_OUT.search(one)]


def kind_of(path: str) -> str:
    """Return a path with its ids, names, numbers and values taken out."""
    path = re.sub(r"^/(playbooks|connections/new)/(?!new/)[^/]+/", r"/\1/NAME/", path)
    path = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "ID", path)
    return re.sub(r"=[^&]*", "=", re.sub(r"/\d+/", "/N/", path))


def contrast(page: Page) -> list[str]:
    """Return what cannot be read well."""
    found = Axe().run(page, options={"runOnly": {"type": "rule", "values": ["color-contrast"]}}).response
    return [f"{[node['target'] for node in one['nodes']]}" for one in found["violations"]]
