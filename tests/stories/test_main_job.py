"""Stories 1 to 5: a bad release, two approvals on phones, a rollback watched live, and the way forward again."""

from __future__ import annotations

import re

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.stories.acts import approve, propose, state_of, until
from tests.stories.cast import Cast, barriers, fits_the_width, stays_put, visible
from tests.stories.demo import Demo, eventually

GROWN_OLD = """
from django.contrib.sessions.models import Session
from django.contrib.sessions.backends.db import SessionStore
from apps.accounts.models import Person
user = str(Person.objects.get(email="{email}").user_id)
for row in Session.objects.all():
    store = SessionStore(row.session_key)
    if store.get("_auth_user_id") == user:
        store["account_authentication_methods"] = [
            {{**one, "at": one["at"] - 600}} for one in store.get("account_authentication_methods", [])
        ]
        store.save()
"""


def test_the_main_job_from_the_alarm_to_the_way_forward(cast: Cast, demo: Demo) -> None:
    commander = cast.open("incident-commander")
    what_one_sees_at_once(commander)
    path = propose(commander)
    what_the_plan_says(commander)
    commander_is_refused_with_the_reason(commander, cast, path)
    approvers_are_told(demo, path)

    founder, client_success = (cast.open(role, path, phone=True) for role in ("founder", "client-success-lead"))
    everything_is_on_the_first_screen(founder)
    missing_ticks_and_wrong_names_are_named(founder)
    never_left = stays_put(commander)
    demo.slow(6)
    approve(client_success)
    expect(founder.locator(".bar-facts")).to_contain_text("yours is 2 of 2")
    an_old_sign_in_is_asked_again(founder, demo)
    the_run_streams(commander)
    demo.quick()

    until(commander, "succeeded")
    assert commander.evaluate(never_left), "the page was loaded again"
    what_stands_afterwards(commander, demo)
    going_forward_again(commander, cast, demo)
    lists_and_filters(commander, path)


def what_one_sees_at_once(page: Page) -> None:
    """Story 1: what is broken, since when, the suspect release, the clock, and one next thing to do."""
    card = page.locator("[data-incident-state]").first
    expect(card).to_contain_text("Share links fail for agencies")
    expect(card).to_contain_text("Suspect release")
    expect(card.locator("dd").first).to_contain_text("v2.31.0")
    expect(card).to_contain_text("of the hour left to recover")
    assert card.locator("count-down").count() >= 1
    expect(page.locator(".button.primary:visible")).to_have_count(1)
    expect(visible(page, "link", "^Propose rollback to v2.30.4")).to_be_visible()


def what_the_plan_says(page: Page) -> None:
    """Story 2: from and to, steps, what does not go back, what is lost, who must agree until when, the hash."""
    said = page.locator("main")
    for fact in (
        "Roll back portal in production?", "v2.31.0", "v2.30.4", "What does not go back", "SHARE_SIGNING_KEY_ID",
        "What will happen, 10 steps", "LaunchDarkly", "Vercel", "Upstash", "To undo it", "disruptive",
        "proven healthy about", "before the hour to recover ends", "0 of 2 have agreed", "Founder",
        "Client Success Lead", "left to decide", "The window: since",
    ):  # fmt: skip
        expect(said).to_contain_text(fact)
    with page.expect_request(re.compile("/plan/$")) as asked:
        page.evaluate("fetch(location.pathname + 'plan/')")
    assert asked.value.response().status == 200  # type: ignore[union-attr]


def commander_is_refused_with_the_reason(page: Page, cast: Cast, path: str) -> None:
    """Story 3: whoever asked cannot agree."""
    expect(page.locator("#rb-vote")).to_contain_text("You asked for this, so someone else must answer it.")
    expect(page.get_by_role("button", name=re.compile("^Approve"))).to_have_count(0)
    lead = cast.open("technical-lead", path)
    expect(lead.locator("#rb-vote")).to_contain_text("This needs Founder or Client Success Lead")


def approvers_are_told(demo: Demo, path: str) -> None:
    """A message with the link stands in the team's channel."""
    eventually(lambda: path in str(demo.outside.state("slack")), what="message with the link")


def everything_is_on_the_first_screen(page: Page) -> None:
    """R1: at 360×640 title, from and to, the three cells and both buttons, without scrolling to the side."""
    expect(page.get_by_role("heading", level=1)).to_be_in_viewport()
    for part in (".from-to", ".cells"):
        box, bar = page.locator(f".first-screen {part}").bounding_box(), page.locator("#rb-bar").bounding_box()
        assert box is not None
        assert bar is not None
        assert box["y"] + box["height"] <= bar["y"], f"{part} is under the bar"
    buttons = [visible(page, "button", name) for name in ("^Reject", "^Approve")]
    sizes = [button.bounding_box() for button in buttons]
    assert all(size["height"] >= 48 for size in sizes)
    assert sizes[1]["x"] - sizes[0]["x"] - sizes[0]["width"] >= 16
    assert fits_the_width(page)
    assert page.evaluate("document.activeElement.closest('[data-approve]') === null")
    assert barriers(page) == []


def missing_ticks_and_wrong_names_are_named(page: Page) -> None:
    """The bar's Approve leads to what is missing; a wrong name is refused and what was ticked stays."""
    visible(page, "button", "^Approve").click()
    first = page.get_by_role("checkbox", name=re.compile("^I accept")).first
    expect(first).to_be_focused()
    expect(first).to_be_in_viewport()
    for box in page.get_by_role("checkbox", name=re.compile("^I accept")).all():
        box.check()
    page.get_by_label(re.compile("^Type the service name")).fill("checkout")
    visible(page, "button", "^Approve").click()
    expect(page.get_by_text("Type the service name, portal, to approve. Nothing was approved.")).to_be_visible()
    expect(first).to_be_checked()
    page.get_by_label(re.compile("^Type the service name")).fill("portal")


def an_old_sign_in_is_asked_again(page: Page, demo: Demo) -> None:
    """A vote needs a fresh sign-in; what was filled in waits."""
    demo.portal("shell", "-c", GROWN_OLD.format(email="founder@motion-mavericks.example"))
    page.get_by_label(re.compile("^A word")).fill("Agencies are calling. Please go back.")
    approve(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in again")
    page.get_by_label("Password").fill(demo.password)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_label(re.compile("^Type the service name"))).to_have_value("portal")
    assert state_of(page) == "awaiting_approval"
    visible(page, "button", "^Approve").click()
    until(page, "queued", "running", "succeeded")


def the_run_streams(page: Page) -> None:
    """Story 4: steps, durations, lamps and addresses change by themselves; success is what was seen."""
    until(page, "running")
    moving = page.locator('[data-step="2"]')
    expect(moving).to_have_attribute("data-state", "verifying", timeout=20_000)
    expect(moving.locator(".lamps")).to_contain_text("Requested")
    expect(moving.locator('[data-lamp="lit"]')).to_have_count(2)
    expect(moving).to_contain_text("share.motion-mavericks.example")
    expect(moving).to_contain_text("Gives up at")
    expect(moving.get_by_role("log")).to_contain_text("POST /vercel/v1/projects/prj_portal/rollback/")
    assert moving.locator("elapsed-time").count() >= 1
    expect(page.locator("[data-live]")).to_have_attribute("data-live", "live")
    expect(visible(page, "button", "^Pause")).to_be_enabled()
    expect(visible(page, "button", "^Cancel rollback")).to_be_enabled()
    assert page.title().startswith("▶")


def what_stands_afterwards(page: Page, demo: Demo) -> None:
    """Story 5: every step proven, the site recovered, the notice that production is pinned, the marks in the chart."""
    assert {one.get_attribute("data-state") for one in page.locator("[data-step]").all()} == {"succeeded"}
    expect(page.locator("[data-pinned]")).to_contain_text("portal is pinned to v2.30.4")
    expect(page.locator("#rb-deeds").get_by_role("button")).to_have_count(0)
    assert demo.served() == "dpl_4Hc9nWbK"
    assert page.title().startswith("✓")
    drawn = page.locator("#rb-chart desc").text_content() or ""
    for mark in ("v2.31.0", "Approved", "Rollback sent"):
        assert mark in drawn
    expect(page.locator("#rb-timeline li")).not_to_have_count(0)
    assert page.locator("#rb-timeline li").count() <= 14
    assert barriers(page) == []


def going_forward_again(commander: Page, cast: Cast, demo: Demo) -> None:
    """A fix is built but does not go live; going forward is an approved plan of its own and lifts the pin."""
    pushed = demo.outside.do("vercel", "push", project="prj_portal", version="v2.31.1")
    assert pushed["substate"] == "STAGED"
    token = cast.token("admin")
    body = {"service": "portal", "environment": "production", "reference": pushed["deployment"], "version": "v2.31.1"}
    answer = httpx.post(f"{demo.url}/api/v1/deployments", json=body, headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 201
    rolled_back = commander.url
    commander.get_by_role("link", name="Go forward again").click()
    expect(commander.get_by_role("radio", name=re.compile("v2.31.1"))).to_be_checked()
    commander.get_by_role("button", name="Make the plan and ask").click()
    expect(commander.get_by_role("heading", level=1)).to_contain_text("Go forward with portal")
    lead = cast.open("technical-lead", httpx.URL(commander.url).path, phone=True)
    approve(lead)
    until(commander, "succeeded")
    expect(commander.get_by_role("heading", level=1)).to_have_text("portal is on v2.31.1")
    assert demo.served() == pushed["deployment"]
    commander.goto(rolled_back)
    expect(commander.locator("[data-pinned]")).to_have_count(0)


def lists_and_filters(page: Page, path: str) -> None:
    """Every run is in the list, and the filters narrow it."""
    page.goto(page.url.split("/rollbacks/")[0] + "/rollbacks/")
    everything = page.locator("tbody tr").count()
    assert everything >= 2
    page.get_by_label("Search").fill("v2.30.4")
    page.get_by_role("button", name="Show").click()
    expect(page.locator("tbody tr")).not_to_have_count(everything)
    expect(page.locator(f'tbody a[href="{path}"]')).to_have_count(1)
    page.get_by_label("State").select_option("failed")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_text("No rollback fits these filters.")).to_be_visible()
    page.get_by_role("link", name="Rollback log").click()
    expect(page.locator(f'tbody a[href="{path}"]')).to_have_count(1)


@pytest.mark.usefixtures("demo")
def test_the_key_a_goes_to_approve_and_presses_nothing(cast: Cast) -> None:
    commander = cast.open("incident-commander", "/incidents/new/")
    commander.get_by_label("What is broken").fill("Asset pages load slowly")
    commander.get_by_role("button", name="Declare the incident").click()
    visible(commander, "link", "^Propose rollback").click()
    commander.get_by_role("button", name="Make the plan and ask").click()
    founder = cast.open("founder", httpx.URL(commander.url).path)
    founder.keyboard.press("a")
    expect(visible(founder, "button", "^Approve")).to_be_focused()
    assert state_of(founder) == "awaiting_approval"
