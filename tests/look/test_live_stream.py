"""The live page in Chromium: it follows, says when it does not, comes back by itself, loses and repeats nothing."""

from __future__ import annotations

import re
import time
from datetime import datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.look.conftest import LiveSite

pytestmark = pytest.mark.slow
SOON = 15_000  # milliseconds


def lamp(page: Page, state: str, within: int = SOON) -> None:
    expect(page.locator(f'.live[data-live="{state}"]')).to_be_visible(timeout=within)


def event_number(page: Page) -> int:
    return int(page.locator("#said").inner_text().split()[-1])


def follows(page: Page, from_number: int) -> None:
    page.wait_for_function(
        "from => Number(document.querySelector('#said').textContent.split(' ').pop()) > from", arg=from_number
    )


def lines_without_gap(page: Page) -> list[int]:
    numbers = page.eval_on_selector_all("#lines li", "lines => lines.map(line => Number(line.id.slice(5)))")
    assert numbers == list(range(numbers[0], numbers[-1] + 1)), "a line is missing, doubled or out of order"
    return numbers


def test_the_page_follows_the_run_and_says_that_it_is_live(page: Page, site: LiveSite) -> None:
    page.goto(site.url)
    lamp(page, "live")
    follows(page, event_number(page))
    expect(page.locator(".live")).to_have_text(re.compile(r"^\s*Live \d+ s ago"))
    assert page.title().startswith("▶")
    lines_without_gap(page)


def test_a_fragment_morphs_in_place_and_keeps_what_the_reader_opened(page: Page, site: LiveSite) -> None:
    page.goto(site.url)
    lamp(page, "live")
    page.evaluate("document.querySelector('#progress').mine = document.querySelector('#said').mine = 'the same node'")
    page.get_by_text("More", exact=True).click()
    follows(page, event_number(page) + 3)
    assert (
        page.evaluate("[document.querySelector('#progress').mine, document.querySelector('#said').mine]")
        == ["the same node"] * 2
    )
    expect(page.get_by_text("What happened at")).to_be_visible()


def test_typing_is_not_disturbed_by_frames(page: Page, site: LiveSite) -> None:
    page.goto(site.url)
    lamp(page, "live")
    page.get_by_label("Reason").click()
    for letter in "Agencies cannot open links":
        page.keyboard.type(letter)
        page.wait_for_timeout(60)
    assert page.get_by_label("Reason").input_value() == "Agencies cannot open links"
    assert page.evaluate("document.activeElement.id") == "why"


def test_times_in_a_shared_fragment_are_shown_in_the_viewers_zone(page: Page, site: LiveSite) -> None:
    page.goto(f"{site.url}/?zone=Asia/Kolkata")
    lamp(page, "live")
    follows(page, event_number(page) + 3)
    shown, instant = page.eval_on_selector(
        "#progress relative-time", "one => [one.textContent, one.getAttribute('datetime')]"
    )
    utc = datetime.fromisoformat(instant)
    assert shown.endswith(f"{utc + timedelta(hours=5, minutes=30):%H:%M:%S}")


def test_a_tab_in_the_background_lets_the_stream_go_and_catches_up_afterwards(page: Page, site: LiveSite) -> None:
    hide = """hidden => {
        Object.defineProperty(document, "hidden", {value: hidden, configurable: true});
        document.dispatchEvent(new Event("visibilitychange"));
    }"""
    page.goto(site.url)
    lamp(page, "live")
    follows(page, event_number(page) + 2)
    page.evaluate(hide, True)
    page.wait_for_function("() => !portal.stream.connection.reader")
    before = event_number(page)
    page.wait_for_timeout(2000)
    assert event_number(page) == before
    page.evaluate(hide, False)
    follows(page, before + 8)
    lines_without_gap(page)


def test_a_frozen_server_makes_the_page_stale_within_ten_seconds_and_it_comes_back_by_itself(
    page: Page, site: LiveSite
) -> None:
    page.goto(site.url)
    lamp(page, "live")
    follows(page, event_number(page))
    button = page.get_by_role("button", name="Pause after this step")
    expect(button).to_be_enabled()
    site.freeze()
    frozen = time.monotonic()
    lamp(page, "reconnecting", within=8_000)
    expect(page.locator(".live")).to_have_text(re.compile(r"Reconnecting, last heard \d+ s ago"))
    lamp(page, "stale", within=10_500)
    assert time.monotonic() - frozen <= 10.5
    expect(button).to_be_disabled()
    expect(page.get_by_role("alert").filter(has_text="Not live since")).to_be_visible()
    expect(page.locator(".live")).to_have_text(re.compile(r"Stale since \d\d:\d\d:\d\d, not live"))
    before = event_number(page)
    site.thaw()
    lamp(page, "live")
    expect(button).to_be_enabled()
    expect(page.get_by_text("Not live since")).to_be_hidden()
    follows(page, before)
    lines_without_gap(page)


def test_a_restarted_server_is_found_again_with_the_last_event_id_and_nothing_is_missing_or_doubled(
    page: Page, site: LiveSite
) -> None:
    page.goto(site.url)
    lamp(page, "live")
    follows(page, event_number(page) + 5)
    seen = lines_without_gap(page)
    site.kill()
    lamp(page, "reconnecting")
    site.start()
    lamp(page, "live")
    follows(page, event_number(page) + 3)
    assert lines_without_gap(page)[0] == seen[0]
    again = [request for request in site.asked() if "after" in request][1:]
    assert again
    assert all(int(request["last_event_id"]) >= seen[-1] for request in again)


def test_a_server_that_is_gone_for_longer_is_still_found_again(page: Page, site: LiveSite) -> None:
    page.goto(site.url)
    lamp(page, "live")
    site.kill()
    lamp(page, "stale")
    site.start()
    lamp(page, "live")
    follows(page, event_number(page) + 3)
    lines_without_gap(page)


def test_three_failed_streams_lead_to_plain_reading_every_five_seconds(page: Page, site: LiveSite) -> None:
    site.break_stream(503)
    page.goto(f"{site.url}/?poll=1")
    before = event_number(page)
    lamp(page, "live", within=20_000)
    follows(page, before)
    assert any("polled" in request for request in site.asked())
    site.break_stream(200)
    page.wait_for_function("() => portal.stream.connected && portal.stream.fresh", timeout=SOON)
    lamp(page, "live")


def test_a_withdrawn_right_ends_the_stream_for_good(page: Page, site: LiveSite) -> None:
    page.goto(site.url)
    lamp(page, "live")
    site.break_stream(403)
    lamp(page, "stale")
    count = len(site.asked())
    page.wait_for_timeout(6000)
    assert len(site.asked()) == count
    expect(page.get_by_role("button", name="Pause after this step")).to_be_disabled()


def test_a_stale_page_sends_nothing_even_by_the_enter_key(page: Page, site: LiveSite) -> None:
    page.goto(site.url)
    lamp(page, "live")
    site.break_stream(403)
    lamp(page, "stale")
    page.get_by_label("Reason").press("Enter")
    assert not any("deed" in request for request in site.asked())


def test_focus_comes_back_to_the_button_that_was_off(page: Page, site: LiveSite) -> None:
    page.goto(site.url)
    lamp(page, "live")
    button = page.get_by_role("button", name="Pause after this step")
    button.focus()
    site.freeze()
    lamp(page, "stale")
    site.thaw()
    lamp(page, "live")
    expect(button).to_be_focused()
