"""Every page of the gallery in Chromium: accessible, within the policy, readable on a phone and without JavaScript."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.template.loader import render_to_string
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from rollback_portal import gallery
from tests.look.conftest import ROOT
from tests.look.live_site import CSP

RULES = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
}
COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast"]}}  # the dark changes nothing else
PHONE, WIDE = {"width": 360, "height": 640}, {"width": 1440, "height": 900}


class Gallery(SimpleHTTPRequestHandler):
    """The gallery and the static files, with the product's content policy."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Stay quiet."""

    def do_GET(self) -> None:
        """A static file, or a page of the gallery by its name."""
        if self.path.startswith("/static/"):
            return super().do_GET()
        body = render_to_string(f"gallery/{self.path.strip('/')}.html", gallery.sample(timezone.now())).encode()
        self.send_response(200)
        for name, value in (
            ("Content-Type", "text/html; charset=utf-8"),
            ("Content-Security-Policy", CSP),
            ("Content-Length", str(len(body))),
        ):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        return None


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Gallery, directory=str(ROOT)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def opened(browser: Browser, address: str, name: str, **options: Any) -> Page:
    page = browser.new_context(**{"viewport": WIDE, **options}).new_page()
    page.goto(f"{address}/{name}")
    page.evaluate("() => document.fonts.ready")
    return page


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", gallery.PAGES)
def test_axe_finds_nothing(browser: Browser, address: str, name: str, scheme: str) -> None:
    page = opened(browser, address, name, color_scheme=scheme, bypass_csp=True)
    found = Axe().run(page, options=RULES if scheme == "light" else COLOURS).response["violations"]
    page.context.close()
    assert [(rule["id"], [node["html"][:160] for node in rule["nodes"]][:3]) for rule in found] == []


@pytest.mark.parametrize("name", ["approval", "run", "parts"])
def test_axe_finds_nothing_on_a_phone(browser: Browser, address: str, name: str) -> None:
    page = opened(browser, address, name, viewport=PHONE, bypass_csp=True)
    found = Axe().run(page, options=RULES).response["violations"]
    page.context.close()
    assert [(rule["id"], [node["html"][:160] for node in rule["nodes"]][:3]) for rule in found] == []


@pytest.mark.parametrize("name", gallery.PAGES)
def test_nothing_runs_off_the_side(browser: Browser, address: str, name: str) -> None:
    page = opened(browser, address, name)
    needed = {}
    for viewport in (WIDE, {"width": 800, "height": 1000}, PHONE, {"width": 320, "height": 640}):
        page.set_viewport_size(viewport)
        needed[viewport["width"]] = page.evaluate("document.documentElement.scrollWidth")
    page.context.close()
    assert {width: width for width in needed} == {width: max(width, more) for width, more in needed.items()}


@pytest.mark.parametrize("name", gallery.PAGES)
def test_the_content_policy_has_nothing_to_say(browser: Browser, address: str, name: str) -> None:
    said: list[str] = []
    page = browser.new_page()
    page.on("console", lambda message: said.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(f"{address}/{name}")
    page.wait_for_load_state("networkidle")
    page.close()
    assert said == []


def test_the_first_screen_of_an_approval_on_a_phone_holds_what_is_decided(browser: Browser, address: str) -> None:
    page = opened(browser, address, "approval", viewport=PHONE)
    bar = page.locator(".actionbar").bounding_box()
    last = page.locator(".cells > li").last.bounding_box()
    reject, approve = (page.locator(".actionbar button").nth(number).bounding_box() for number in (0, 1))
    page.context.close()
    assert None not in (bar, last, reject, approve)
    assert last["y"] + last["height"] <= bar["y"], "from, to, reach, loss and database must stand above the bar"
    assert min(reject["height"], approve["height"]) >= 48
    assert approve["x"] - (reject["x"] + reject["width"]) >= 16


def test_approve_on_a_phone_goes_to_the_missing_tick_instead_of_approving(browser: Browser, address: str) -> None:
    page = opened(browser, address, "approval", viewport=PHONE)
    page.locator(".actionbar").get_by_role("button", name="Approve").click()
    expect(page.get_by_label("I accept")).to_be_focused()
    box = page.get_by_label("I accept").bounding_box()
    page.context.close()
    assert 88 < (box or {"y": 0})["y"] < 530, "the missing tick must be visible between the bars"


def test_without_javascript_everything_can_be_read_and_sent(browser: Browser, address: str) -> None:
    page = opened(browser, address, "run", java_script_enabled=False)
    expect(page.get_by_text("1 min later than planned")).to_be_visible()
    expect(page.locator(".live")).to_be_hidden()
    page.get_by_role("button", name="Cancel rollback…").click()
    expect(page.get_by_role("dialog", name="Cancel the rollback?")).to_be_visible()
    expect(page.get_by_role("button", name="Keep it running")).to_be_focused()
    page.context.close()


def test_without_javascript_folded_cards_stand_open_on_wide_screens(browser: Browser, address: str) -> None:
    page = opened(browser, address, "approval", java_script_enabled=False)
    expect(page.get_by_text("212 notices already sent stay sent")).to_be_visible()
    page.context.close()


def test_a_dialog_puts_the_focus_on_the_harmless_button_and_gives_it_back(browser: Browser, address: str) -> None:
    page = opened(browser, address, "run")
    opener = page.get_by_role("button", name="Cancel rollback…")
    opener.click()
    expect(page.get_by_role("button", name="Keep it running")).to_be_focused()
    page.keyboard.press("Escape")
    expect(opener).to_be_focused()
    page.context.close()


def test_keys_open_the_help_and_go_to_approve_without_pressing_it(browser: Browser, address: str) -> None:
    page = opened(browser, address, "approval")
    page.keyboard.press("a")
    expect(page.locator("[data-approve]")).to_be_focused()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Keyboard")).to_be_hidden()
    page.keyboard.press("g")
    page.keyboard.press("s")
    expect(page).to_have_url(re.compile("#services$"))
    page.get_by_label("Type the service name").press("a")
    assert page.get_by_label("Type the service name").input_value() == "a"
    page.context.close()


def test_the_reader_chooses_the_colours(browser: Browser, address: str) -> None:
    page = opened(browser, address, "now")
    page.locator(".person-menu summary").click()
    page.get_by_role("button", name="Dark").click()
    page.reload()
    assert page.evaluate("getComputedStyle(document.body).colorScheme") == "dark"
    page.context.close()


def test_marks_stay_apart_without_colour(browser: Browser, address: str) -> None:
    """Two states drawn in one colour must differ in shape; else only the word would tell them apart."""
    page = opened(browser, address, "parts", forced_colors="active")
    rows = page.locator(".card:has(h2:text-is('Step')) .mark .icon")
    pictures = [rows.nth(number).screenshot() for number in range(rows.count())]
    page.context.close()
    assert len(pictures) == len(set(pictures)) == 7


def test_clocks_tick_and_do_not_shift(browser: Browser, address: str) -> None:
    page = opened(browser, address, "approval")
    clock = page.locator(".approval count-down")
    before, width = clock.inner_text(), clock.bounding_box()
    expect(clock).not_to_have_text(before)
    after = clock.bounding_box()
    page.context.close()
    assert (width or {})["width"] == (after or {})["width"]


def test_paper_is_light_and_without_buttons(browser: Browser, address: str) -> None:
    page = opened(browser, address, "approval", color_scheme="dark")
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "light"
    expect(page.locator(".shell-bar")).to_be_hidden()
    assert page.locator("main button:visible").count() == 0
    page.context.close()


def test_what_was_ticked_and_typed_stays_when_the_ballot_is_made_anew(browser: Browser, address: str) -> None:
    page = opened(browser, address, "approval")
    page.evaluate(
        """() => {
          const made = document.createElement("section");
          made.innerHTML = '<div id="rb-vote"></div>';
          document.querySelector("main").append(made);
          window.makeAnew = (loss, plan = "a1") => (document.getElementById("rb-vote").innerHTML =
            `<input type="checkbox" id="own-loss" value="${loss}" aria-label="own loss">
             <input id="own-word" aria-label="own word"><input type="hidden" name="plan_hash" value="${plan}">`);
          window.makeAnew("links");
        }"""
    )
    page.get_by_label("own loss").check()
    page.get_by_label("own word").fill("portal")
    page.evaluate("window.makeAnew('links')")
    expect(page.get_by_label("own loss")).to_be_checked()
    expect(page.get_by_label("own word")).to_have_value("portal")
    page.evaluate("window.makeAnew('orders')")
    expect(page.get_by_label("own word")).to_have_value("portal")
    expect(page.get_by_label("own loss")).not_to_be_checked()
    page.evaluate("window.makeAnew('links', 'b2')")  # another plan: nothing of it was accepted yet
    expect(page.get_by_label("own loss")).not_to_be_checked()
    expect(page.get_by_label("own word")).to_have_value("")
    page.context.close()
