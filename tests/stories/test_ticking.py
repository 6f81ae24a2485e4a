"""Story 7: after the rollback several people tick the same list at once, live, and it stays in the record."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.stories.acts import PLACES, approve, propose_from, until
from tests.stories.cast import Cast, stays_put

PLACE = PLACES["derrimut"]
LOGIN = "Login, membership page, trainer booking and marketplace work."


def test_three_people_tick_one_list_at_once(cast: Cast) -> None:
    commander = cast.open(PLACE.asks, team=PLACE.team)
    path = propose_from(commander, "Payments do not go through")
    approve(cast.open(PLACE.agrees[0], path, team=PLACE.team))
    until(commander, "succeeded")
    on_call = cast.open("on-call-engineer", path, team=PLACE.team, phone=True)
    lead = cast.open("technical-lead", path, team=PLACE.team)
    staying = [(page, stays_put(page)) for page in (commander, on_call, lead)]
    for page in (commander, on_call, lead):
        expect(item(page, LOGIN)).to_have_attribute("data-item-state", "open")
    press(commander, "Done", "The error rate in Sentry is below 1 %.")
    press(on_call, "Done", LOGIN)
    press(lead, "N/A", "Notify engineering and product. Notify support where customers felt it.")
    for page in (commander, on_call, lead):
        expect(item(page, "The error rate in Sentry is below 1 %.")).to_contain_text("done by Nathan Cole")
        expect(item(page, LOGIN)).to_contain_text("done by Jarrah Webb")
        expect(item(page, "Notify engineering")).to_contain_text("not applicable by Wei Zhang")
    assert all(page.evaluate(still) for page, still in staying)
    with_evidence(on_call)
    commander.goto(commander.url.split("/rollbacks/")[0] + commander.locator(".strip-title").get_attribute("href"))  # type: ignore[operator]
    expect(item(commander, "Hold the post-mortem meeting.")).to_contain_text("Evidence: calendar 4711")
    commander.goto(commander.url + "timeline/")
    for words in ("Jarrah Webb ticked", "Wei Zhang ruled out as not applicable", "Nathan Cole ticked"):
        expect(commander.locator("main")).to_contain_text(words)


def item(page: Page, text: str) -> object:
    """Return one line of the checklists."""
    return page.locator("[data-item-state]").filter(has_text=text)


def press(page: Page, word: str, text: str) -> None:
    """Press Done or N/A of one line."""
    page.get_by_role("button", name=f"{word}: {text}").click()


def with_evidence(page: Page) -> None:
    """Tick with a note and evidence, on a page of its own."""
    line = page.locator("[data-item-state]").filter(has_text="Hold the post-mortem meeting.")
    line.get_by_role("link", name=re.compile("Add note or evidence")).click()
    page.get_by_role("radio", name="Done").check()
    page.get_by_label(re.compile("Evidence")).fill("calendar 4711")
    page.get_by_role("button", name="Keep it").click()
    expect(page.locator("main")).to_contain_text("calendar 4711")
