"""Takes the pictures of docs/images from a fresh demo: `bin/demo --fresh --port 8300`, then
`.venv/bin/python docs/screenshots.py --port 8300`.

It signs in as the people of the demo and carries one rollback through, so a demo serves for one run.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
IMAGES = ROOT / "docs" / "images"
TEAM = "motion-mavericks.example"
WIDE, PHONE = {"width": 1280, "height": 720}, {"width": 360, "height": 640}
LARGEST = 150_000  # bytes of one picture
CHROMIUM = os.environ.get("CHROMIUM") or "/usr/bin/chromium"


class Demo:
    """A running demo, seen through browsers of the people in it."""

    def __init__(self, browser: Browser, url: str, password: str) -> None:
        self.browser, self.url, self.password = browser, url, password

    def person(self, role: str, *, phone: bool = False) -> Page:
        """Return a page in which the holder of `role` has signed in."""
        context = self.browser.new_context(
            viewport=PHONE if phone else WIDE,
            device_scale_factor=2 if phone else 1,
            is_mobile=phone,
            has_touch=phone,
            timezone_id="Australia/Melbourne",
            reduced_motion="reduce",
        )
        page = context.new_page()
        page.goto(f"{self.url}/accounts/login/")
        page.get_by_label("Email").fill(f"{role}@{TEAM}")
        page.get_by_label("Password").fill(self.password)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(lambda url: "/accounts/login" not in url)
        page.goto(f"{self.url}/")
        return page


def picture(page: Page, name: str, *, height: int = 0) -> None:
    """Keep what the window shows (or its upper `height` pixels), once fonts are there and the page is live."""
    page.evaluate("document.fonts.ready")
    if page.locator("[data-stream]").count():
        page.locator('[data-live="live"]').first.wait_for(state="attached", timeout=15_000)
    path = IMAGES / f"{name}.png"
    window = page.viewport_size or WIDE
    page.screenshot(path=path, clip={"x": 0, "y": 0, "width": window["width"], "height": height or window["height"]})
    size = path.stat().st_size
    print(f"{path.relative_to(ROOT)} {size:,} bytes")
    if size > LARGEST:
        sys.exit(f"{path.name} has more than {LARGEST:,} bytes: show less of the page.")


def approve(page: Page) -> None:
    """Tick every loss, type the service's name where it is asked for, and approve."""
    for box in page.get_by_role("checkbox").all():
        box.check()
    if (confirm := page.get_by_label(re.compile("^Type the service name"))).count():
        confirm.fill("portal")
    page.get_by_role("button", name=re.compile("^Approve")).locator("visible=true").first.click()
    page.wait_for_load_state()


def until(page: Page, *states: str) -> None:
    """Wait until the rollback is in one of `states`."""
    wanted = ", ".join(f'[data-rollback-state="{state}"]' for state in states)
    page.locator(wanted).first.wait_for(state="attached", timeout=180_000)


def story(demo: Demo) -> None:
    """Carry one rollback through, and keep what people see."""
    commander = demo.person("incident-commander")
    picture(commander, "now")
    commander.get_by_role("link", name=re.compile("^Propose rollback")).first.click()
    commander.get_by_role("button", name=re.compile("^Make the plan")).click()
    commander.wait_for_url(re.compile(r"/rollbacks/[0-9a-f-]{36}/"))
    address = commander.url
    founder, lead = demo.person("founder", phone=True), demo.person("client-success-lead")
    founder.goto(address)
    picture(founder, "approval-phone")
    lead.goto(address)
    picture(lead, "approval", height=610)
    approve(lead)
    approve(founder)
    until(commander, "running")
    commander.locator('[data-step="2"][data-state="verifying"]').wait_for(state="attached", timeout=120_000)
    commander.evaluate("document.querySelector('ol.steps').parentElement.scrollIntoView()")
    picture(commander, "running", height=590)
    until(commander, "succeeded", "failed", "needs_operator")
    commander.goto(f"{demo.url}/rollbacks/")
    commander.goto(address)
    picture(commander, "done")
    stakeholder = demo.person("stakeholder")
    stakeholder.locator('main a[href^="/status/"]').first.click()
    picture(stakeholder, "status")
    partner = demo.person("reliability-partner")
    partner.goto(f"{demo.url}/playbooks/portal-release-rollback/")
    picture(partner, "playbook")


def main() -> None:
    """Read the arguments and take every picture."""
    parser = argparse.ArgumentParser(description="Take the pictures of docs/images from a fresh demo.")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--data-dir", type=Path, default=ROOT / ".data")
    options = parser.parse_args()
    password = (options.data_dir / "demo-password").read_text().strip()
    IMAGES.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        path = CHROMIUM if Path(CHROMIUM).exists() else None
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=path, args=arguments)
        story(Demo(browser, f"http://localhost:{options.port}", password))
        browser.close()


if __name__ == "__main__":
    main()
