"""The kill switch, the release freeze, and lifting them."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.acceptance.agreeing import agree, seconds
from tests.acceptance.client import Api, told
from tests.acceptance.waiting import until
from tests.acceptance.world import GOOD, World

HOLDS_WITHIN = 1.0  # seconds after the commit


def _freeze(world: World, by: Api, scope: str = "environment", stops: str = "rollbacks") -> dict[str, Any]:
    body = {"stops": stops, "scope": scope, "service": world.slug, "reason": "Something is odd"}
    if scope == "environment":
        body["environment"] = "production"
    return by.post("/freezes", body).must(201)


def _lift(world: World, freeze: dict[str, Any]) -> None:
    people = world.people
    asked = people.commander.post(f"/freezes/{freeze['id']}/lifting", {"reason": "All clear"}).must(202)
    path = f"/approvals/{asked['approval']}/votes"
    people.commander.post(path, {"decision": "approve"}).refused(403)
    people.lead.post(path, {"decision": "approve"}).must(201)


@pytest.mark.parametrize("scope", ["environment", "service"])
def test_the_kill_switch_holds_within_a_second_and_the_run_goes_on_when_lifted(world: World, scope: str) -> None:
    many = [f"flag-{number}" for number in range(9)]
    with world.flags.lock:
        world.flags.flags |= dict.fromkeys(many, True)
        world.flags.versions |= dict.fromkeys(many, 1)
    newer = {"service": world.slug, "environment": "production", "reference": "dpl_X", "version": "v3", "flags": many}
    world.people.lead.post("/deployments", newer).must(201)
    rollback = world.propose("only-flags", target=GOOD)
    world.flags.pace = 0.2
    world.approve(rollback)
    until(lambda: len(world.flags.effects) >= 2)
    freeze = _freeze(world, world.people.founder, scope)
    frozen_at = time.time()
    time.sleep(2)  # what must not come is waited for
    late = [str(entry) for entry in world.flags.writes if entry.at > frozen_at + HOLDS_WITHIN]
    assert late == []
    assert len(world.flags.effects) < 9
    held = world.people.commander.rollback(rollback["id"])
    assert held["state"] == "running", told(held)
    _lift(world, freeze)
    done = world.people.commander.wait(rollback["id"])
    assert done["state"] == "succeeded", told(done)
    assert sorted(world.flags.effects) == sorted(f"{flag} off" for flag in many)
    agree(world, done)


def test_votes_count_under_the_kill_switch_and_the_run_waits(world: World) -> None:
    rollback = world.propose("only-hosting")
    freeze = _freeze(world, world.people.founder)
    world.approve(rollback)
    time.sleep(2)  # what must not come is waited for
    held = world.people.commander.rollback(rollback["id"])
    assert held["state"] in {"queued", "running"}, told(held)
    assert world.effects() == {}
    assert world.vercel.writes == []
    _lift(world, freeze)
    done = world.people.commander.wait(rollback["id"])
    assert done["state"] == "succeeded", told(done)
    assert world.effects() == {"hosting": [f"rollback {GOOD}"]}


def test_the_release_freeze_speaks_through_the_gate_and_stops_no_rollback(world: World) -> None:
    lead = world.people.lead
    asked = {"service": world.slug, "environment": "production", "version": "v2.31.1"}
    freeze = _freeze(world, world.people.founder, stops="deployments")
    during = lead.get("/gate", **asked).must(200)
    assert during["pass"] is False
    assert any(
        "odd" in reason or "frozen" in reason.lower() or "freeze" in reason.lower() for reason in during["reasons"]
    )
    done = world.people.commander.wait(world.start("only-hosting"))
    assert done["state"] == "succeeded", told(done)
    _lift(world, freeze)
    after = lead.get("/gate", **asked).must(200)
    assert not any("odd" in reason for reason in after["reasons"])


def test_a_freeze_is_listed_with_who_and_why_and_ends_once(world: World) -> None:
    freeze = _freeze(world, world.people.founder)
    listed = {one["id"]: one for one in world.people.commander.all("/freezes", active=True)}
    assert listed[freeze["id"]]["reason"] == "Something is odd"
    _lift(world, freeze)
    assert freeze["id"] not in {one["id"] for one in world.people.commander.all("/freezes", active=True)}
    path = f"/freezes/{freeze['id']}/lifting"
    world.people.commander.post(path, {"reason": "Again"}).refused(409)


def test_nobody_freezes_other_organisations(world: World) -> None:
    body = {"stops": "rollbacks", "scope": "all", "reason": "Everything"}
    world.people.founder.post("/freezes", body).refused(403)
    world.people.success.post("/freezes", body | {"scope": "organisation"}).refused(403)


def test_a_rollback_without_a_vote_is_the_playbook_s_rule(world: World) -> None:
    rollback = world.propose("no-vote")
    assert rollback["state"] in {"queued", "running", "succeeded"}
    assert rollback["approvals"]["required"] == []
    done = world.people.commander.wait(rollback["id"])
    assert done["state"] == "succeeded", told(done)
    assert seconds(done["timings"]["approved_at"]) >= seconds(done["timings"]["proposed_at"]) - 1
    assert world.effects() == {"flags": ["new-share-links off", "milestone-drag off"]}
