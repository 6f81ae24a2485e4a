"""What people do again and again in the stories: declare, propose, approve, and wait for a run."""

from __future__ import annotations

import re
from dataclasses import dataclass

import httpx
from playwright.sync_api import Page, expect

from tests.stories.cast import visible

RUN_WITHIN = 60_000  # milliseconds for a whole run on a busy machine


@dataclass(frozen=True)
class Place:
    """Where a team's stories happen, and who asks and who agrees there."""

    team: str
    where: str
    asks: str
    agrees: tuple[str, ...]


PLACES = {
    "partpulse": Place("partpulse", "PartPulse production", "incident-commander", ("on-call-engineer",)),
    "derrimut": Place("derrimut", "Derrimut Platform production", "incident-commander", ("engineering-lead",)),
    "pulse": Place("pulse", "Pulse Messages production", "incident-commander", ("on-call-engineer",)),
}


def declare(page: Page, title: str) -> str:
    """Declare an incident in three fields; returns its path."""
    page.goto(str(httpx.URL(page.url).join("/incidents/new/")))
    page.get_by_label("What is broken").fill(title)
    page.get_by_role("button", name="Declare the incident").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    return httpx.URL(page.url).path


def propose(page: Page) -> str:
    """Go from an incident to its plan; returns the plan's path."""
    visible(page, "link", "^Propose rollback").click()
    page.get_by_role("button", name="Make the plan and ask").click()
    expect(page.locator("[data-rollback-state]").first).to_have_attribute("data-rollback-state", "awaiting_approval")
    return httpx.URL(page.url).path


def tick_and_type(page: Page, name: str = "portal") -> None:
    """Accept every named loss and type the service's name, where the plan asks for it."""
    for box in page.get_by_role("checkbox", name=re.compile("^I accept")).all():
        box.check()
    if (box := page.get_by_label(re.compile("^Type the service name"))).count():
        box.fill(name)


def approve(page: Page, name: str = "portal") -> None:
    """Accept what has to be accepted and press Approve."""
    tick_and_type(page, name)
    visible(page, "button", "^Approve").click()


def state_of(page: Page) -> str:
    """Return the state that the page of a rollback shows, for programs."""
    return page.locator("[data-rollback-state]").first.get_attribute("data-rollback-state") or ""


def until(page: Page, *states: str) -> None:
    """Wait until the page itself shows one of the states."""
    wanted = re.compile("|".join(states))
    expect(page.locator("[data-rollback-state]").first).to_have_attribute(
        "data-rollback-state", wanted, timeout=RUN_WITHIN
    )


def propose_from(page: Page, title: str) -> str:
    """Declare and propose in one go."""
    declare(page, title)
    return propose(page)
