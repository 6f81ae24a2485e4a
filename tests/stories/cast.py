"""The people of the stories: each signs in once and opens pages on a desk or on a phone; every complaint is kept."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Response, expect

DESK: dict[str, Any] = {"viewport": {"width": 1440, "height": 900}}
PHONE: dict[str, Any] = {
    "viewport": {"width": 360, "height": 640},
    "device_scale_factor": 2,
    "has_touch": True,
    "is_mobile": True,
}
RULES = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
}
TEAM = "motion-mavericks"
REFUSALS = {403, 409, 422}  # pages that say why, and belong to the stories


# Whatever the policy of a page stops is told by the page itself, also where the browser writes nothing.
BROKEN_POLICY = "Content Security Policy"
TELL_VIOLATIONS = f"""addEventListener("securitypolicyviolation", (event) =>
  console.error(`{BROKEN_POLICY}: ${{event.violatedDirective}} stopped ${{event.blockedURI}} ${{event.sample}}`));"""


@dataclass
class Cast:
    """Everybody of the demo. `complaints` is what any page said in its console; refusals that were meant are not."""

    browser: Browser
    url: str
    password: str
    complaints: list[str] = field(default_factory=list)
    sessions: dict[str, Any] = field(default_factory=dict)
    contexts: list[BrowserContext] = field(default_factory=list)

    def open(
        self,
        role: str,
        path: str = "/",
        *,
        team: str = TEAM,
        phone: bool = False,
        scripts: bool = True,
        dark: bool = False,
    ) -> Page:
        """Return a page of somebody who is signed in; `role` is the beginning of their address."""
        who = f"{role}@{team}.example"
        if who not in self.sessions:
            self.sessions[who] = self._signed_in(who)
        context = self._context(
            storage_state=self.sessions[who],
            java_script_enabled=scripts,
            color_scheme="dark" if dark else "light",
            **(PHONE if phone else DESK),
        )
        page = self._watched(context, who)
        page.goto(self.url + path)
        if "/accounts/login/" in page.url:  # proving who they are elsewhere gave their session another name
            sign_in(page, who, self.password)
            self.sessions[who] = context.storage_state()
            page.goto(self.url + path)
        return page

    def stranger(self, path: str = "/", **more: Any) -> Page:
        """Return a page of somebody who is not signed in."""
        page = self._watched(self._context(**{**DESK, **more}), "somebody")
        page.goto(self.url + path)
        return page

    def token(self, role: str, *, team: str = TEAM) -> str:
        """Let somebody create a token for programs on their profile page, and return it."""
        page = self.open(role, "/profile/", team=team)
        page.get_by_label("What it is for").fill("stories")
        for box in page.get_by_role("checkbox").all():
            box.check()
        page.get_by_role("button", name="Create the token").click()
        return page.locator("[data-token]").inner_text().strip()

    def forget(self, *patterns: str) -> None:
        """Forgive complaints that belong to the story, such as a server that was killed; never a broken policy."""
        self.complaints[:] = [
            one for one in self.complaints if BROKEN_POLICY in one or not any(re.search(each, one) for each in patterns)
        ]

    def close(self) -> None:
        """Close every page."""
        for context in self.contexts:
            context.close()
        self.contexts.clear()

    def _signed_in(self, who: str) -> Any:
        context = self._context(**DESK)
        page = self._watched(context, who)
        page.goto(f"{self.url}/accounts/login/")
        sign_in(page, who, self.password)
        return context.storage_state()

    def _context(self, **how: Any) -> BrowserContext:
        context = self.browser.new_context(
            timezone_id="Australia/Melbourne", locale="en-AU", reduced_motion="reduce", **how
        )
        context.set_default_timeout(30_000)
        context.add_init_script(TELL_VIOLATIONS)
        self.contexts.append(context)
        return context

    def _watched(self, context: BrowserContext, who: str) -> Page:
        page = context.new_page()
        page.on("pageerror", lambda error: self.complaints.append(f"{who}: {error}"))
        page.on("console", lambda said: self._heard(who, said))
        page.on("response", lambda answer: self._answered(who, answer))
        return page

    def _heard(self, who: str, said: ConsoleMessage) -> None:
        if said.type in {"error", "warning"} and "the server responded with a status" not in said.text:
            self.complaints.append(f"{who}: {said.text}")

    def _answered(self, who: str, answer: Response) -> None:
        if answer.status >= 400 and answer.status not in REFUSALS:
            self.complaints.append(f"{who}: {answer.status} {answer.url}")


def sign_in(page: Page, email: str, password: str) -> None:
    """Fill in the sign-in form and wait for what follows."""
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_label("Password")).to_have_count(0)


def visible(page: Page, role: Any, name: str) -> Any:
    """Return the button or link that can be seen: some stand in the card on desks and in the bar on phones."""
    return page.get_by_role(role, name=re.compile(name)).locator("visible=true").first


def stays_put(page: Page) -> str:
    """Mark the document, which any navigation undoes. Returns a script that says whether the mark is still there."""
    page.evaluate("window.neverLeft = true")
    return "window.neverLeft === true"


def fits_the_width(page: Page) -> bool:
    """Say whether nothing sticks out to the right."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


def barriers(page: Page) -> list[str]:
    """Return what axe finds wrong with a page, one line for each finding."""
    found = Axe().run(page, options=RULES).response["violations"]
    return [f"{one['id']}: {[node['target'] for node in one['nodes']]}" for one in found]
