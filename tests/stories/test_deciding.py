"""A step that cannot go on alone: what is known, what the provider says now, and a choice that two people make."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.stories.acts import approve, propose_from, until
from tests.stories.cast import Cast, barriers, fits_the_width, visible
from tests.stories.demo import Demo


def test_somebody_moved_production_meanwhile(cast: Cast, demo: Demo) -> None:
    known = {one["version"]: one["id"] for one in demo.outside.describe()["vercel"]["objects"]["deployments"]}
    commander = cast.open("incident-commander")
    path = propose_from(commander, "Milestones jump about")
    before = demo.served()
    demo.outside.do("vercel", "move", project="prj_portal", deployment=known["v2.29.1"])
    for role in ("founder", "client-success-lead"):
        approve(cast.open(role, path))
    until(commander, "needs_operator")
    assert commander.title().startswith("⚠")
    visible(commander, "link", "^Look and decide about step 2").click()
    expect(commander.get_by_text("What Vercel says now")).to_be_visible()
    expect(commander.locator(".means").last).to_contain_text("not as wanted")
    expect(commander.get_by_role("radio", name=re.compile("^Ask Vercel again"))).to_be_checked()
    assert barriers(commander) == []
    nobody_else_may(cast, commander)
    somebody_puts_it_back_and_the_run_goes_on(commander, demo, before)
    until(commander, "succeeded")


def nobody_else_may(cast: Cast, page: Page) -> None:
    """Whoever may not decide sees every choice, and why it is off; on a phone too."""
    founder = cast.open("founder", page.url.removeprefix(cast.url), phone=True)
    expect(founder.get_by_role("radio", name=re.compile("^Go on with step 2"))).to_be_disabled()
    expect(founder.get_by_text("Not offered:").first).to_be_visible()
    assert fits_the_width(founder)


def somebody_puts_it_back_and_the_run_goes_on(page: Page, demo: Demo, before: str) -> None:
    """Looking again changes nothing and shows what is new; going on needs a reason."""
    demo.outside.do("vercel", "move", project="prj_portal", deployment=before)
    page.get_by_role("button", name="Ask Vercel again").click()
    expect(page.get_by_text("What Vercel says now")).to_be_visible()
    page.get_by_role("radio", name=re.compile("^Go on with step 2")).check()
    page.get_by_role("button", name="Go on with step 2").click()
    expect(page.get_by_text("Say why, in a few words: it goes into the record.")).to_be_visible()
    page.get_by_role("textbox", name=re.compile("^Reason")).first.fill("Production is back where the plan found it.")
    page.get_by_role("button", name="Go on with step 2").click()
