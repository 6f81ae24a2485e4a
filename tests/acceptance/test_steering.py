"""Pause, resume, cancel; and what people decide about a step: try again, leave out, take as done."""

from __future__ import annotations

from tests.acceptance.agreeing import agree
from tests.acceptance.client import told
from tests.acceptance.waiting import until
from tests.acceptance.world import GOOD, World

FLAGS_OFF = ["new-share-links off", "milestone-drag off"]


def _paused_in_the_middle(world: World) -> str:
    """Start flags then cache, and pause while the first flag's request is on its way."""
    rollback = world.propose("flags-then-cache")
    world.flags.pace = 0.7
    world.approve(rollback)
    until(lambda: world.flags.journal and any(entry.method == "PATCH" for entry in world.flags.journal))
    path = f"/rollbacks/{rollback['id']}/pause"
    world.people.commander.post(path, {"reason": "Let me look"}).must(201)
    world.flags.pace = 0
    world.people.commander.wait(rollback["id"], "paused")
    return str(rollback["id"])


def test_a_paused_run_sends_nothing_and_goes_on_where_it_stopped(world: World) -> None:
    key, commander = _paused_in_the_middle(world), world.people.commander
    before = world.effects()
    assert before == {"flags": FLAGS_OFF[:1]}
    assert commander.rollback(key)["state"] == "paused"
    commander.post(f"/rollbacks/{key}/pause", {"reason": "Again"}).refused(409)
    commander.post(f"/rollbacks/{key}/resume", {"reason": "Fine"}).must(201)
    done = commander.wait(key)
    assert done["state"] == "succeeded", told(done)
    assert world.effects()["flags"] == FLAGS_OFF
    agree(world, done)


def test_a_cancelled_run_names_what_was_applied(world: World) -> None:
    key, commander = _paused_in_the_middle(world), world.people.commander
    commander.post(f"/rollbacks/{key}/cancellation", {}).refused(422)
    commander.post(f"/rollbacks/{key}/cancellation", {"reason": "A fix is out"}).must(201)
    done = commander.wait(key, "cancelled")
    assert world.effects() == {"flags": FLAGS_OFF[:1]}
    assert done["reason"]
    refusal = commander.post(f"/rollbacks/{key}/resume", {"reason": "No"}).refused(409)
    assert refusal["state"] == "cancelled"
    agree(world, done)


def test_a_proposal_can_be_taken_back(world: World) -> None:
    rollback = world.propose("only-hosting")
    path = f"/rollbacks/{rollback['id']}/cancellation"
    assert world.people.commander.post(path, {"reason": "Not needed"}).must(201)["state"] == "cancelled"
    assert world.vote(world.people.founder, rollback).refused(409)["state"]
    assert world.effects() == {}


def test_who_does_not_operate_cannot_steer(world: World) -> None:
    rollback = world.propose("only-hosting")
    for deed in ("pause", "resume", "cancellation"):
        world.people.success.post(f"/rollbacks/{rollback['id']}/{deed}", {"reason": "I wish"}).refused(403)
        world.people.stakeholder.post(f"/rollbacks/{rollback['id']}/{deed}", {"reason": "I wish"}).refused(403)


def _stuck(world: World) -> str:
    """Bring a run to a step that needs a person: production is not what the plan was made for."""
    rollback = world.propose("only-hosting")
    world.vercel.live = "dpl_OLD0001"
    world.approve(rollback)
    world.people.commander.wait(rollback["id"], "needs_operator")
    return str(rollback["id"])


def test_a_retry_looks_again_first(world: World) -> None:
    key = _stuck(world)
    world.vercel.live = "dpl_BAD0003"
    body = {"reason": "Put back by the provider"}
    world.people.commander.post(f"/rollbacks/{key}/steps/1/retry", body).must(202)
    done = world.people.commander.wait(key)
    assert done["state"] == "succeeded", told(done)
    assert world.effects() == {"hosting": [f"rollback {GOOD}"]}


def test_leaving_a_step_out_needs_those_who_approved(world: World) -> None:
    key, people = _stuck(world), world.people
    asked = people.commander.post(f"/rollbacks/{key}/steps/1/skip", {"reason": "Done by hand"}).must(202)
    path = f"/approvals/{asked['approval']}/votes"
    people.commander.post(path, {"decision": "approve"}).refused(403)
    people.lead.post(path, {"decision": "approve"}).refused(403)
    people.founder.post(path, {"decision": "approve"}).must(201)
    assert people.founder.rollback(key)["state"] == "needs_operator"
    people.success.post(path, {"decision": "approve"}).must(201)
    done = people.commander.wait(key)
    assert done["steps"][0]["state"] == "skipped", told(done)
    assert world.effects() == {}
    agree(world, done)


def test_taking_a_step_as_done_needs_evidence_and_a_second_person(world: World) -> None:
    key, people = _stuck(world), world.people
    path = f"/rollbacks/{key}/steps/1/adoption"
    people.commander.post(path, {"reason": "Done by hand"}).refused(422)
    body = {"reason": "Done by hand", "evidence": "The dashboard shows v2.30.4"}
    asked = people.commander.post(path, body).must(202)
    people.commander.post(f"/approvals/{asked['approval']}/votes", {"decision": "approve"}).refused(403)
    people.lead.post(f"/approvals/{asked['approval']}/votes", {"decision": "approve"}).must(201)
    done = people.commander.wait(key)
    assert done["state"] == "succeeded", told(done)
    assert "word" in done["steps"][0]["message"]
    assert world.effects() == {}


def test_a_step_that_is_not_stuck_cannot_be_decided_about(world: World) -> None:
    key, commander = world.start("only-hosting"), world.people.commander
    commander.wait(key)
    for deed in ("retry", "skip", "adoption"):
        body = {"reason": "Why not", "evidence": "None"} if deed == "adoption" else {"reason": "Why not"}
        assert commander.post(f"/rollbacks/{key}/steps/1/{deed}", body).refused(409)["state"]
        commander.post(f"/rollbacks/{key}/steps/9/{deed}", body).refused(404)
        commander.post(f"/rollbacks/{key}/steps/one/{deed}", body).refused(404)
