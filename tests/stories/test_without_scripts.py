"""Story 8: with JavaScript off every form still works."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.stories.acts import PLACES, approve, propose_from, state_of
from tests.stories.cast import Cast, visible
from tests.stories.demo import Demo, eventually

PLACE = PLACES["derrimut"]


def test_a_whole_rollback_by_plain_forms(cast: Cast, demo: Demo) -> None:
    commander = cast.open(PLACE.asks, team=PLACE.team, scripts=False)
    path = propose_from(commander, "The gym timetable is empty")
    demo.slow(7)
    agrees = cast.open(PLACE.agrees[0], path, team=PLACE.team, scripts=False, phone=True)
    approve(agrees)
    read_until(commander, "running")
    visible(commander, "button", "^Pause").click()
    read_until(commander, "paused")
    expect(commander.get_by_text("Nothing is sent until somebody resumes")).to_be_visible()
    demo.quick()
    visible(commander, "button", "^Resume").click()
    read_until(commander, "succeeded")
    commander.get_by_role("button", name=re.compile("^Done: The error rate in Sentry")).click()
    expect(commander.locator("main")).to_contain_text("done by Nathan Cole")
    commander.goto(demo.url + (commander.locator(".strip-title").get_attribute("href") or ""))
    commander.get_by_label("What to tell them").fill("The timetable is back.")
    commander.get_by_role("button", name="Post the update").click()
    expect(commander.locator("main")).to_contain_text("The timetable is back.")


def test_a_proposal_is_rejected_and_a_run_is_cancelled_by_plain_forms(cast: Cast, demo: Demo) -> None:
    commander = cast.open(PLACE.asks, team=PLACE.team, scripts=False)
    path = propose_from(commander, "The lockers do not open")
    agrees = cast.open(PLACE.agrees[0], path, team=PLACE.team, scripts=False)
    agrees.get_by_label(re.compile("^A word")).fill("Wait for the engineer on site.")
    visible(agrees, "button", "^Reject").click()
    assert state_of(agrees) == "rejected"
    agrees.goto(demo.url + path)
    commander.goto(demo.url + path)
    commander.get_by_role("link", name="Propose again").click()
    commander.get_by_role("button", name="Make the plan and ask").click()
    demo.slow(7)
    again = commander.url.removeprefix(demo.url)
    agrees.goto(demo.url + again)
    approve(agrees)
    read_until(commander, "running")
    visible(commander, "button", "^Cancel rollback").click()
    commander.get_by_label("Reason").fill("The engineer is there.")
    commander.get_by_role("dialog").get_by_role("button", name="Cancel rollback").click()
    demo.quick()
    read_until(commander, "cancelled")
    expect(commander.locator("main")).to_contain_text("Applied: 1. Not applied: 2.")


def read_until(page: Page, state: str) -> None:
    """Read the page again, as it does by itself every ten seconds, until it shows a state."""

    def there() -> bool:
        page.reload()
        return state_of(page) == state

    eventually(there, within=60, what=f"state {state}", every=0.3)
