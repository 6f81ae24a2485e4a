"""Story 0: bin/up, empty. Everything by forms, from the set-up link to a password that was forgotten."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.stories.cast import Cast, fits_the_width, sign_in
from tests.stories.demo import Demo, Instance, eventually, started

ADMIN, PASSWORD = "ida@northwind.example", "a long enough pass phrase"


@pytest.fixture
def empty(demo: Demo) -> Iterator[Instance]:
    """The product without anything in it, allowed to call the demo's simulators."""
    allowed = f"127.0.0.1:{demo.outside.port}"
    with started(lambda folder: Instance("up", folder, OUTBOUND_ALLOW=allowed)) as running:
        yield running


def test_the_first_administrator_needs_nothing_but_forms(demo: Demo, empty: Instance, browser: Browser) -> None:
    people = Cast(browser, empty.url, PASSWORD)
    page = people.stranger(the_link(empty, r"http://localhost:\d+(/set-up/\S+)"))
    set_up(page)
    add_a_person(page)
    connect_the_host(page, demo)
    describe_the_service(page, demo)
    declare_and_resolve(page)
    sign_out_and_choose_a_new_password(page, empty)
    the_new_person_chooses_a_password(people, empty)
    assert people.complaints == []
    people.close()


def the_link(instance: Instance, pattern: str) -> str:
    """Return the path of the link that the first start printed."""
    found = eventually(lambda: re.search(pattern, instance.told.read_text()), what="printed link")
    return str(found[1])


def set_up(page: Page) -> None:
    page.get_by_label("Organisation").fill("Northwind")
    page.get_by_label("Short name").fill("northwind")
    page.get_by_label("Your name").fill("Ida Berg")
    page.get_by_label("Email").fill(ADMIN)
    page.get_by_label("Password").first.fill(PASSWORD)
    page.get_by_role("button", name="Create the organisation").click()
    expect(page.locator(".shell-bar")).to_contain_text("Northwind")
    assert fits_the_width(page)


def room(page: Page, name: str) -> None:
    """Go to a room of the navigation."""
    page.locator(".shell-nav").get_by_role("link", name=name, exact=True).click()
    expect(page.locator('.shell-nav [aria-current="page"]')).to_have_text(name)


def add_a_person(page: Page) -> None:
    room(page, "People")
    page.get_by_role("link", name="Add a person").click()
    page.get_by_label("Email").fill("tor@northwind.example")
    page.get_by_label("Name").fill("Tor Lund")
    page.get_by_role("checkbox", name="Technical Lead").check()
    page.get_by_role("checkbox", name="Incident Commander").check()
    page.get_by_role("button", name="Add the person").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Tor Lund")
    expect(page.locator("main")).to_contain_text("Technical Lead")


def connect_the_host(page: Page, demo: Demo) -> None:
    """A wrong address and a wrong token are said as they are entered."""
    about = demo.outside.describe()["vercel"]
    room(page, "Services")
    page.get_by_role("link", name="Connections").click()
    page.get_by_role("link", name="Connect something").click()
    page.get_by_role("link", name="Vercel", exact=True).click()
    page.get_by_label("Name").fill("Vercel of the shop")
    page.get_by_label("Project id").fill(about["settings"]["project_id"])
    page.get_by_label("Team id").fill(about["settings"]["team_id"])
    page.get_by_label("Access token").fill("wrong")
    page.get_by_label("Address").fill("http://10.0.0.7/")
    page.get_by_role("button", name="Save and check").click()
    expect(page.locator(".error")).to_be_visible()
    page.get_by_label("Access token").fill("wrong")
    page.get_by_label("Address").fill(about["base_url"])
    page.get_by_role("button", name="Save and check").click()
    expect(page.locator(".page-head")).to_contain_text("Cannot be used")
    page.get_by_text("Replace the credentials").click()
    page.get_by_label("Access token").fill(about["credentials"]["token"])
    page.get_by_role("button", name="Replace and check").click()
    expect(page.locator(".page-head")).to_contain_text("Can be used")


def describe_the_service(page: Page, demo: Demo) -> None:
    site = demo.outside.describe()["site"]["base_url"]
    room(page, "Services")
    page.get_by_role("link", name="Add a service").click()
    page.get_by_label("Name", exact=True).fill("Shop")
    page.get_by_label("Short name").fill("shop")
    page.get_by_role("button", name="Add the service").click()
    page.get_by_label("Public address").fill(f"{site}/motion-mavericks")
    page.get_by_label("Where it tells its version").fill("/api/health")
    page.get_by_label("… in this header").fill("x-deployment-id")
    page.get_by_label("Hosting").select_option(label="Vercel of the shop")
    page.get_by_role("button", name="Add the environment").click()
    expect(page.locator("main")).to_contain_text("Vercel of the shop")


def declare_and_resolve(page: Page) -> None:
    room(page, "Now")
    page.get_by_role("link", name=re.compile("^Declare an incident")).first.click()
    page.get_by_label("What is broken").fill("Nobody can pay")
    page.get_by_label("How bad").select_option("P1")
    page.get_by_label("Where", exact=True).select_option(label="Shop production")
    page.get_by_role("button", name="Declare the incident").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Nobody can pay")
    page.locator("#resolve > summary").click()
    page.get_by_label("What made it well").fill("The payment provider is back.")
    page.get_by_role("button", name="Resolve the incident").click()
    expect(page.locator("[data-incident-state]").first).to_have_attribute("data-incident-state", "resolved")


def sign_out_and_choose_a_new_password(page: Page, empty: Instance) -> None:
    page.locator(".person-menu > summary").click()
    page.locator(".person-menu").get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("Password")).to_be_visible()
    page.get_by_role("link", name="Choose a new password").click()
    page.get_by_label("Email").fill(ADMIN)
    page.get_by_role("button", name="Send the link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Look into your mail")
    page.goto(link_in_the_mail(empty, ADMIN))
    choose(page, "another long pass phrase")
    page.goto(f"{empty.url}/accounts/login/")
    sign_in(page, ADMIN, "another long pass phrase")
    expect(page.locator(".shell-bar")).to_contain_text("Northwind")


def choose(page: Page, password: str) -> None:
    for box in page.locator("input[type=password]").all():
        box.fill(password)
    page.get_by_role("button", name="Keep this password").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your password is new")


def the_new_person_chooses_a_password(people: Cast, empty: Instance) -> None:
    page = people.stranger("/accounts/login/", viewport={"width": 360, "height": 640})
    page.goto(link_in_the_mail(empty, "tor@northwind.example"))
    choose(page, PASSWORD)
    page.goto(f"{empty.url}/accounts/login/")
    sign_in(page, "tor@northwind.example", PASSWORD)
    assert fits_the_width(page)
    page.goto(f"{empty.url}/rollbacks/")
    expect(page.get_by_text("No rollback has run here yet.")).to_be_visible()


def link_in_the_mail(empty: Instance, to: str) -> str:
    """Return the newest link that was mailed to somebody."""

    def newest() -> str:
        letters: list[Path] = sorted((empty.data / "mail").glob("*"), key=lambda path: path.stat().st_mtime)
        texts = [letter.read_text() for letter in letters if f"To: {to}" in letter.read_text()]
        links = (
            re.findall(rf"{empty.url}/accounts/password/reset/key/\S+", texts[-1].replace("=\n", "")) if texts else []
        )
        return links[-1] if links else ""

    return str(eventually(newest, what=f"mail to {to}"))
