"""Who may agree, to what exactly, and what the last vote does."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.acceptance.client import told
from tests.acceptance.world import FIX, GOOD, VERSIONS, Look, World


def test_the_requester_cannot_approve(world: World) -> None:
    rollback = world.propose("only-hosting")
    world.vote(world.people.commander, rollback).refused(403)
    after = world.people.commander.rollback(rollback["id"])
    assert after["state"] == "awaiting_approval"
    assert after["approvals"]["given"] == []


def test_the_requester_cannot_approve_even_in_a_needed_role(world: World) -> None:
    body = {"playbook": "only-hosting"}
    refusal = world.people.founder.post(f"/incidents/{world.incident}/rollbacks", body)
    assert refusal.status in {201, 403}
    if refusal.status == 201:
        world.vote(world.people.founder, refusal.body).refused(403)


def test_who_holds_none_of_the_roles_cannot_approve(world: World) -> None:
    rollback = world.propose("only-hosting")
    for other in (world.people.lead, world.people.reliability):
        world.vote(other, rollback).refused(403)


def test_a_token_without_the_scope_cannot_vote(world: World) -> None:
    rollback = world.propose("only-hosting")
    world.vote(world.people.admin, rollback).refused(403)
    world.vote(world.people.stakeholder, rollback).refused(403)


def test_a_vote_for_another_plan_counts_nothing(world: World) -> None:
    rollback = world.propose("only-hosting")
    stale = world.vote(world.people.founder, rollback | {"plan_hash": "0" * 64}).refused(409)
    assert stale["plan_hash"] == rollback["plan_hash"]
    assert world.people.founder.rollback(rollback["id"])["approvals"]["given"] == []


def test_planning_again_voids_the_old_votes(world: World) -> None:
    rollback = world.propose("only-hosting")
    world.vote(world.people.founder, rollback).must(201)
    again = world.people.commander.post(f"/rollbacks/{rollback['id']}/plans").must(201)
    assert again["approvals"]["given"] == []
    if again["plan_hash"] != rollback["plan_hash"]:
        world.vote(world.people.success, rollback).refused(409)
    assert world.people.founder.rollback(rollback["id"])["state"] == "awaiting_approval"
    assert world.effects() == {}


def test_two_votes_of_one_person_are_one(world: World) -> None:
    rollback = world.propose("only-hosting")
    world.vote(world.people.founder, rollback).must(201)
    world.vote(world.people.founder, rollback)
    given = world.people.founder.rollback(rollback["id"])["approvals"]["given"]
    assert [one["role"] for one in given] == ["founder"]
    assert set(given[0]) >= {"person", "role", "decision", "at", "note"}
    assert world.people.founder.rollback(rollback["id"])["state"] == "awaiting_approval"


def test_the_last_needed_vote_starts_the_run(world: World) -> None:
    rollback = world.propose("only-hosting")
    required = rollback["approvals"]["required"]
    assert {(one["role"], one["needed"]) for one in required} == {("founder", 1), ("client-success-lead", 1)}
    first = world.vote(world.people.success, rollback, note="Clients suffer").must(201)
    assert first["state"] == "awaiting_approval"
    last = world.vote(world.people.founder, rollback, role="founder").must(201)
    assert last["state"] in {"queued", "running", "succeeded"}
    done = world.people.commander.wait(rollback["id"])
    assert done["state"] == "succeeded", told(done)
    assert {one["note"] for one in done["approvals"]["given"]} == {"Clients suffer", ""}


def test_a_rejection_ends_it(world: World) -> None:
    rollback = world.propose("only-hosting")
    world.vote(world.people.founder, rollback).must(201)
    said = world.vote(world.people.success, rollback, decision="reject", note="Not now").must(201)
    assert said["state"] == "rejected"
    refusal = world.vote(world.people.success, rollback).refused(409)
    assert refusal["state"] == "rejected"
    assert world.effects() == {}


def test_open_questions_are_listed_for_whom_they_wait(world: World) -> None:
    rollback = world.propose("only-hosting")
    mine = {one["plan_hash"]: one for one in world.people.founder.all("/approvals")}
    assert rollback["plan_hash"] in mine
    assert rollback["plan_hash"] not in {one["plan_hash"] for one in world.people.commander.all("/approvals")}
    question = mine[rollback["plan_hash"]]
    assert question["html_url"].startswith("http")
    body = {"decision": "approve", "plan_hash": rollback["plan_hash"]}
    world.people.founder.post(f"/approvals/{question['id']}/votes", {"decision": "approve"}).refused(422)
    world.people.founder.post(f"/approvals/{question['id']}/votes", body).must(201)
    world.people.success.post(f"/approvals/{question['id']}/votes", body).must(201)
    done = world.people.commander.wait(rollback["id"])
    assert done["state"] == "succeeded", told(done)
    assert world.effects() == {"hosting": [f"rollback {GOOD}"]}


def test_only_one_rollback_runs_in_an_environment(world: World) -> None:
    world.vercel.delay = 5
    first, second = world.propose("only-hosting"), world.propose("only-hosting")
    world.approve(first)
    world.vote(world.people.founder, second).must(201)
    refusal = world.vote(world.people.success, second).refused(409)
    assert refusal["state"] == "awaiting_approval"
    assert world.people.commander.wait(first["id"])["state"] == "succeeded"
    assert world.effects() == {"hosting": [f"rollback {GOOD}"]}


def test_what_production_became_meanwhile_makes_a_plan_stale(world: World) -> None:
    rollback = world.propose("only-hosting")
    newer = {"service": world.slug, "environment": "production", "reference": "dpl_HOTFIX", "version": "v2.31.1"}
    world.people.lead.post("/deployments", newer).must(201)
    world.vote(world.people.founder, rollback).refused(409)
    assert world.effects() == {}


@pytest.mark.parametrize("named", [["Sessions are lost"], ["Sessions are lost", "Orders since noon are lost"]])
def test_named_losses_must_be_accepted_and_the_service_typed(world: World, named: list[str]) -> None:
    newer = {
        "service": world.slug, "environment": "production", "reference": "dpl_LOSSY", "version": "v2.32.0",
        "losses": named, "deployed_at": None,
    }  # fmt: skip
    world.people.lead.post("/deployments", {key: value for key, value in newer.items() if value}).must(201)
    rollback = world.propose("only-flags", target=GOOD)
    assert rollback["losses"] == named
    founder, success = world.people.founder, world.people.success
    assert world.vote(founder, rollback).refused(422)["field"] == "accepts"
    assert world.vote(founder, rollback, accepts=named[:-1], confirm=world.slug).refused(422)["field"] == "accepts"
    assert world.vote(founder, rollback, accepts=named).refused(422)["field"] == "confirm"
    assert world.vote(founder, rollback, accepts=named, confirm="portal").refused(422)["field"] == "confirm"
    assert world.people.founder.rollback(rollback["id"])["approvals"]["given"] == []
    world.approve(rollback, accepts=named, confirm=world.slug)
    assert success.wait(rollback["id"])["state"] == "succeeded"


def test_emptying_a_cache_asks_for_the_service_s_name(world: World) -> None:
    rollback = world.propose("only-flush")
    accepts = rollback["losses"]
    assert world.vote(world.people.founder, rollback, accepts=accepts).refused(422)["field"] == "confirm"
    world.approve(rollback, accepts=accepts, confirm=world.slug)
    assert world.people.commander.wait(rollback["id"])["state"] == "succeeded"
    assert world.effects() == {"cache": ["flushed 12"]}


def test_going_forward_again_is_a_plan_of_its_own(new_world: Callable[[Look], World]) -> None:
    world = new_world(Look(site=True)).prepare()
    assert world.people.commander.wait(world.start("only-hosting"))["state"] == "succeeded"
    fixed = {"service": world.slug, "environment": "production", "reference": FIX, "version": VERSIONS[FIX]}
    world.people.lead.post("/deployments", fixed).must(201)
    rollback = world.propose("go-forward", target=FIX)
    assert rollback["previous"]["reference"] == GOOD, "What waits behind the pin is not live."
    world.vote(world.people.lead, rollback).must(201)
    done = world.people.commander.wait(rollback["id"])
    assert done["state"] == "succeeded", told(done)
    assert world.effects() == {"hosting": [f"rollback {GOOD}", f"promote {FIX}"]}
