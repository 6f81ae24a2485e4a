"""Story 8: the web process dies, or freezes, in the middle of a run."""

from __future__ import annotations

import re
from signal import SIGCONT, SIGKILL, SIGSTOP
from time import monotonic

import httpx
from playwright.sync_api import Page, expect

from tests.stories.acts import PLACES, approve, propose_from, state_of, until
from tests.stories.cast import Cast, stays_put, visible
from tests.stories.demo import Demo, eventually

PLACE = PLACES["pulse"]
GONE = ("Failed to load resource", "ERR_", "htmx", "Failed to fetch", "AbortError", "TypeError: network error")


def test_the_page_catches_up_after_the_web_process_was_killed(cast: Cast, demo: Demo) -> None:
    commander = cast.open(PLACE.asks, team=PLACE.team)
    path = propose_from(commander, "Sending fails")
    token = cast.token("admin", team=PLACE.team)
    incident = commander.locator(".strip-title").get_attribute("href") or ""
    watching = cast.open("technical-lead", incident, team=PLACE.team)
    expect(watching.locator("[data-live]")).to_have_attribute("data-live", "live")
    pages = [(page, stays_put(page)) for page in (commander, watching)]
    demo.slow(6)
    approve(cast.open(PLACE.agrees[0], path, team=PLACE.team))
    until(commander, "running")
    dead = demo.send("web", SIGKILL)
    demo.quick()
    eventually(lambda: demo.pid("web") != dead, what="new web process")
    until(commander, "succeeded")
    expect(commander.locator("[data-live]")).to_have_attribute("data-live", "live", timeout=20_000)
    assert all(page.evaluate(still) for page, still in pages), "a page was loaded again"
    newest = _newest(demo, incident, token)
    expect(watching.locator("[data-live]")).to_have_attribute("data-live", "live", timeout=20_000)
    expect(watching.locator("main")).to_contain_text("is proven healthy", timeout=20_000)
    caught_up = _entries(watching)
    assert len(caught_up) == len(set(caught_up)), "something is shown twice"
    assert max(int(one.removeprefix("entry-")) for one in caught_up) <= newest
    watching.reload()
    assert caught_up == _entries(watching), "something is missing"
    cast.forget(*GONE)


def test_a_frozen_web_process_makes_the_page_say_so_and_takes_its_buttons(cast: Cast, demo: Demo) -> None:
    commander = cast.open(PLACE.asks, team=PLACE.team)
    path = propose_from(commander, "Reading fails")
    agrees = cast.open(PLACE.agrees[0], path, team=PLACE.team, phone=True)
    live = agrees.locator("[data-live]")
    expect(live).to_have_attribute("data-live", "live")
    demo.send("web", SIGSTOP)
    began = monotonic()
    try:
        expect(live).to_have_attribute("data-live", "stale", timeout=12_000)
        assert monotonic() - began <= 10.5
        expect(live).to_contain_text(re.compile(r"Stale since \d\d:\d\d:\d\d"))
        expect(agrees.locator("[data-stale-banner]")).to_be_visible()
        expect(visible(agrees, "button", "^Approve")).to_be_disabled()
        expect(visible(agrees, "button", "^Reject")).to_be_disabled()
    finally:
        demo.send("web", SIGCONT)
    expect(live).to_have_attribute("data-live", "live", timeout=15_000)
    expect(agrees.locator("[data-stale-banner]")).to_be_hidden()
    expect(visible(agrees, "button", "^Approve")).to_be_enabled()
    assert state_of(agrees) == "awaiting_approval"
    visible(agrees, "button", "^Reject").click()
    expect(agrees.get_by_text("Say why you reject it")).to_be_visible()
    agrees.get_by_label(re.compile("^A word")).fill("The network was at fault.")
    visible(agrees, "button", "^Reject").click()
    until(agrees, "rejected")
    expect(agrees.locator("main")).to_contain_text("The network was at fault.")
    cast.forget(*GONE)


def _entries(page: Page) -> list[str]:
    """Return the ids of the timeline's lines, in their order."""
    return [one.get_attribute("id") or "" for one in page.locator('[id^="entry-"]').all()]


def _newest(demo: Demo, incident: str, token: str) -> int:
    """Return the number of the newest thing that the record knows of an incident; numbers have no gap and no double."""
    url = f"{demo.url}/api/v1{incident}timeline"
    answer = httpx.get(url, params={"limit": 200}, headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200, answer.text
    numbers = [one["seq"] for one in answer.json()["items"]]
    assert numbers == sorted(set(numbers))
    return int(numbers[-1])
