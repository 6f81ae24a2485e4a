"""Story 3: the plan changes while somebody reads it, and two people press at the same moment."""

from __future__ import annotations

import re

import httpx
from playwright.sync_api import expect

from tests.stories.acts import PLACES, approve, propose_from, state_of, until
from tests.stories.cast import Cast, stays_put, visible
from tests.stories.demo import Demo

PLACE = PLACES["pulse"]


def test_a_vote_for_a_plan_that_has_changed_shows_the_difference(cast: Cast, demo: Demo) -> None:
    asks = cast.open(PLACE.asks, team=PLACE.team)
    path = propose_from(asks, "Messages arrive late")
    reads = cast.open(PLACE.agrees[0], path, team=PLACE.team, phone=True, scripts=False)
    watches = cast.open(PLACE.agrees[0], path, team=PLACE.team)
    never_left = stays_put(watches)
    host = demo.outside.describe()["vercel"]["organisations"]["pulse"]
    project, live = host["settings"]["project_id"], _live(demo, host["settings"]["project_id"])
    other = next(one["id"] for one in host["objects"]["deployments"] if one["id"] != live and one["promoted_at"])
    demo.outside.do("vercel", "move", project=project, deployment=other)
    visible(asks, "button", "^Plan again").click()
    expect(asks.get_by_text("Planned again. Earlier votes no longer count.")).to_be_visible()
    expect(watches.locator("#rb-vote").get_by_text("The plan changed while you read.")).to_be_visible()
    expect(watches.get_by_role("button", name=re.compile("^Approve"))).to_have_count(0)
    assert watches.evaluate(never_left)
    watches.get_by_role("link", name="See the difference").click()
    expect(watches.locator(".difference")).to_contain_text("Step 1 has changed")
    with reads.expect_response(re.compile("/approval/$")) as answered:
        approve(reads, "messages")
    assert answered.value.status == 409
    expect(reads.get_by_role("heading", level=1)).to_have_text("The plan changed while you read")
    expect(reads.locator(".difference")).to_contain_text("Step 1 has changed")
    reads.get_by_role("link", name="Read the plan as it is now").click()
    assert state_of(reads) == "awaiting_approval"
    demo.outside.do("vercel", "move", project=project, deployment=live)
    asks.get_by_role("button", name=re.compile("^Take it back")).click()
    asks.get_by_label("Reason").fill("Only a trial.")
    asks.get_by_role("button", name="Cancel rollback", exact=True).click()
    until(asks, "cancelled")


def test_two_presses_are_one_vote(cast: Cast) -> None:
    asks = cast.open(PLACE.asks, team=PLACE.team)
    path = propose_from(asks, "Threads do not load")
    reads = cast.open(PLACE.agrees[0], path, team=PLACE.team)
    for box in reads.get_by_role("checkbox", name=re.compile("^I accept")).all():
        box.check()
    form = reads.evaluate("Object.fromEntries(new FormData(document.getElementById('approve')))")
    jar = {one["name"]: one["value"] for one in reads.context.cookies()}
    url = reads.url + "approval/"
    with httpx.Client(cookies=jar, headers={"Referer": reads.url}) as browser:
        answers = [browser.post(url, data={**form, "decision": "approve"}) for _ in range(2)]
    assert {answer.status_code for answer in answers} == {302}
    expect(asks.locator(".votes .vote")).to_have_count(1)
    until(asks, "succeeded")


def _live(demo: Demo, project: str) -> str:
    """Return the deployment that a project's first address serves now."""
    addresses = demo.outside.state("vercel")["projects"][project]["aliases"]
    return str(next(iter(addresses.values()))["deployment"])
