"""The page says what the API says. Read as HTML, the way a browser without scripts gets it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest

from tests.acceptance.instance import Product
from tests.acceptance.world import People, World

PASSWORD = "a long enough pass phrase"


@pytest.fixture(scope="module")
def browser(product: Product, people: People) -> Iterator[httpx.Client]:
    """Somebody who has signed in by the form."""
    arguments = ("person", "create", "reader@acceptance.example", "--organisation", "acme", "--role", "technical-lead")
    product.portal(*arguments, "--password-stdin", said=PASSWORD + "\n")
    with httpx.Client(base_url=product.url, follow_redirects=True, timeout=30, trust_env=False) as client:
        form = client.get("/")
        fields = dict(re.findall(r'<input[^>]*type="hidden"[^>]*name="([^"]+)"[^>]*value="([^"]*)"', form.text))
        names = dict(re.findall(r'<input[^>]*type="(email|password)"[^>]*name="([^"]+)"', form.text))
        given = {**fields, names["email"]: "reader@acceptance.example", names["password"]: PASSWORD}
        answer = client.post(str(form.url), data=given, headers={"Referer": str(form.url)})
        assert answer.status_code == 200
        assert "Sign out" in answer.text
        yield client


def _states(page: str) -> tuple[str, dict[int, str]]:
    (state,) = re.findall(r'data-rollback-state="([^"]+)"', page)
    steps = {}
    for tag in re.findall(r"<[^>]*data-step=\"[^>]*>", page):
        position = int(re.findall(r'data-step="(\d+)"', tag)[0])
        steps[position] = re.findall(r'data-state="([^"]+)"', tag)[0]
    return state, steps


def _path(product: Product, html_url: str) -> str:
    return re.sub(r"^https?://[^/]+", "", html_url)


def test_the_page_of_a_rollback_agrees_with_the_api(product: Product, browser: httpx.Client, world: World) -> None:
    rollback = world.propose("flags-then-cache")
    page = browser.get(_path(product, rollback["html_url"]))
    assert page.status_code == 200
    assert _states(page.text) == ("awaiting_approval", {1: "pending", 2: "pending"})
    assert rollback["plan_hash"][:12] in re.sub(r"\s|&nbsp;|\u202f", "", page.text)
    world.approve(rollback)
    done = world.people.commander.wait(rollback["id"])
    page = browser.get(_path(product, done["html_url"]))
    assert _states(page.text) == (done["state"], {step["position"]: step["state"] for step in done["steps"]})


def test_the_page_of_a_stuck_rollback_says_so(product: Product, browser: httpx.Client, world: World) -> None:
    rollback = world.propose("only-hosting")
    world.vercel.live = "dpl_OLD0001"
    world.approve(rollback)
    stuck = world.people.commander.wait(rollback["id"], "needs_operator")
    page = browser.get(_path(product, stuck["html_url"]))
    assert _states(page.text) == ("needs_operator", {1: stuck["steps"][0]["state"]})


def test_every_object_s_page_is_there(product: Product, browser: httpx.Client, world: World) -> None:
    commander = world.people.commander
    rollback = world.propose("only-hosting")
    objects = [rollback, commander.get(f"/incidents/{world.incident}").body]
    for path in ("/services", "/deployments", "/playbooks", "/rollbacks", "/incidents", "/freezes", "/approvals"):
        reader = world.people.founder if path == "/approvals" else commander
        objects += reader.get(path, limit=2).must(200)["items"]
    for one in objects:
        assert one["html_url"].startswith("http"), one
        assert browser.get(_path(product, one["html_url"])).status_code == 200, one["html_url"]
