"""Story 6: stakeholders read plain words, live, and nothing internal; a playbook changes while a run keeps its own."""

from __future__ import annotations

import re

import httpx
import pytest
from playwright.sync_api import expect

from tests.stories.acts import PLACES, approve, declare, propose, until
from tests.stories.cast import Cast, fits_the_width, stays_put
from tests.stories.demo import Demo

PLACE = PLACES["partpulse"]
CANARY = "canary-4711 the database password is in the wiki"


@pytest.mark.parametrize("phone", [False, True], ids=["desk", "phone"])
def test_a_stakeholder_reads_along_and_never_sees_a_note(cast: Cast, demo: Demo, phone: bool) -> None:
    commander = cast.open(PLACE.asks, team=PLACE.team)
    path = declare(commander, "The parts list does not open")
    outside = cast.open("stakeholder", "/", team=PLACE.team, phone=phone)
    outside.get_by_role("link", name=re.compile("The parts list does not open")).first.click()
    expect(outside.get_by_role("heading", level=1)).to_have_text("The parts list does not open")
    never_left = stays_put(outside)
    heard: list[str] = []
    outside.on("response", lambda answer: heard.append(answer.url))
    commander.get_by_label("Note", exact=True).fill(CANARY)
    commander.get_by_role("button", name="Keep the note").click()
    commander.get_by_label("What to tell them").fill("We know, and we are putting the previous version back.")
    commander.get_by_role("button", name="Post the update").click()
    expect(outside.get_by_text("We know, and we are putting the previous version back.")).to_be_visible()
    plan = propose(commander)
    agrees = cast.open(PLACE.agrees[0], plan, team=PLACE.team)
    approve(agrees)
    expect(outside.locator("#status")).to_have_attribute("data-phase", re.compile("rolling_back|monitoring"))
    until(agrees, "succeeded")
    expect(outside.locator("#status")).to_have_attribute("data-phase", "monitoring")
    assert outside.evaluate(never_left)
    assert "canary" not in outside.content()
    assert fits_the_width(outside)
    for address in (path, f"{path}timeline/", plan):
        assert outside.goto(demo.url + address).status in {302, 403, 404} or "canary" not in outside.content()  # type: ignore[union-attr]
    jar = {one["name"]: one["value"] for one in outside.context.cookies()}
    for address in heard:
        if "/stream/" not in address:
            assert "canary" not in httpx.get(address, cookies=jar, follow_redirects=True).text


def test_a_playbook_becomes_a_new_revision_and_a_run_keeps_its_own(cast: Cast, demo: Demo) -> None:
    commander = cast.open(PLACE.asks, team=PLACE.team)
    declare(commander, "PDFs are empty")
    plan = propose(commander)
    demo.slow(7)
    approve(cast.open(PLACE.agrees[0], plan, team=PLACE.team))
    until(commander, "running")
    partner = cast.open("reliability-partner", "/playbooks/partpulse-dashboard-rollback/draft/", team=PLACE.team)
    text = partner.get_by_label("Playbook, as YAML")
    text.fill(text.input_value().replace("The application loads", "The dashboard loads"))
    partner.get_by_label("What changed and why").fill("Say what people look at.")
    expect(partner.locator(".difference").first).to_contain_text("The dashboard loads")
    partner.get_by_role("button", name=re.compile("^Publish revision")).click()
    expect(partner.locator(".page-head")).to_contain_text(re.compile(r"Revision \d+ is published"))
    commander.reload()
    expect(commander.locator("#rb-main")).to_contain_text("The application loads")
    expect(commander.locator("#rb-main")).to_contain_text("revision 1")
    demo.quick()
    until(commander, "succeeded")
    expect(commander.locator('[data-step="2"]')).to_contain_text("The application loads")
    partner.get_by_role("link", name=re.compile("^Revision 2")).first.click()
    expect(partner.locator(".difference").first).to_contain_text("The dashboard loads")
