"""Other kinds of steps and other shapes of accounts: unobservable calls, compensation, checks, many keys, notes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.acceptance.agreeing import agree
from tests.acceptance.client import told
from tests.acceptance.foreign import Hook
from tests.acceptance.world import BAD, GOOD, Look, World

SWITCHED = ["POST /switch {'to': 'old'}"]


def _with_hook(world: World) -> Hook:
    """Give the environment a connection to somebody's own endpoint, in the role of the code's host."""
    hook = Hook(world.product.lines.get(), token=f"hook-{world.number}", prefix="/v1")
    body = {
        "name": f"hook {world.number}", "provider": "http", "base_url": hook.url, "settings": {},
        "credentials": {"headers": {"X-Hook-Token": hook.token}},
    }  # fmt: skip
    world.connections["code"] = world.people.admin.post("/connections", body).must(201)["id"]
    return hook


@pytest.fixture
def hooked(new_world: Callable[[Look], World]) -> Any:
    """A world with such a connection."""
    world = new_world(Look())
    hook = _with_hook(world)
    world.prepare("flags")
    yield world, hook
    hook.stop()
    world.close()


def test_an_unobservable_call_is_made_once(hooked: tuple[World, Hook]) -> None:
    world, hook = hooked
    done = world.people.commander.wait(world.start("unobservable"))
    assert done["state"] == "succeeded", told(done)
    assert hook.effects == SWITCHED


@pytest.mark.parametrize("kind", ["reset_after", "500_after", "garbage_after", "reset"])
def test_an_unobservable_call_without_a_clear_answer_is_never_repeated(hooked: tuple[World, Hook], kind: str) -> None:
    world, hook = hooked
    hook.breaks(kind)
    key, people = world.start("unobservable"), world.people
    if kind == "garbage_after":  # any 2xx is this endpoint's yes
        assert people.commander.wait(key)["state"] == "succeeded"
        assert len(hook.writes) == 1
        return
    stuck = people.commander.wait(key, "needs_operator")
    assert stuck["steps"][0]["attempts"][0]["state"] == "conflict", told(stuck)
    again = people.commander.post(f"/rollbacks/{key}/steps/1/retry", {"reason": "Once more"}).must(202)["approval"]
    people.commander.post(f"/approvals/{again}/votes", {"decision": "approve"}).refused(403)
    body = {"reason": "It has switched", "evidence": "Its own log"}
    asked = people.commander.post(f"/rollbacks/{key}/steps/1/adoption", body).must(202)
    people.lead.post(f"/approvals/{asked['approval']}/votes", {"decision": "approve"}).must(201)
    done = people.commander.wait(key)
    assert done["state"] == "succeeded", told(done)
    assert len(hook.writes) == 1
    agree_with_hook = [one for one in done["steps"][0]["attempts"] if one["sent_at"]]
    assert len(agree_with_hook) == 1


def test_a_failed_step_puts_back_what_was_changed_where_the_plan_says_so(world: World) -> None:
    world.vercel.breaks("403", times=9)
    done = world.people.commander.wait(world.start("put-back"))
    assert done["state"] == "failed", told(done)
    assert done["compensated"] == [1]
    assert world.effects() == {
        "flags": ["new-share-links off", "milestone-drag off", "milestone-drag on", "new-share-links on"]
    } or sorted(world.flags.effects[2:]) == ["milestone-drag on", "new-share-links on"]
    assert world.flags.flags == {"new-share-links": True, "milestone-drag": True, "unrelated": True}
    kinds = {one["kind"] for one in done["steps"][0]["attempts"]}
    assert kinds == {"apply", "compensate"}
    assert "Put back: 1" in str(world.people.commander.timeline(world.incident))


def test_success_means_that_the_checks_passed(new_world: Callable[[Look], World]) -> None:
    world = new_world(Look(site=True)).prepare()
    assert world.site
    world.site.bad.add(GOOD)
    done = world.people.commander.wait(world.start("checked"))
    assert done["state"] == "failed", told(done)
    assert [step["state"] for step in done["steps"]] == ["succeeded", "failed", "pending"]
    assert world.effects() == {"hosting": [f"rollback {GOOD}"]}
    assert "500" in done["steps"][1]["message"], told(done)
    agree(world, done)
    world.close()


@pytest.mark.parametrize("kind", ["", "reset_after", "500"])
def test_many_keys_are_deleted_batch_by_batch(world: World, kind: str) -> None:
    many = [f"share:{number}" for number in range(1300)]
    with world.cache.lock:
        world.cache.keys |= dict.fromkeys(many, "1")
    rollback = world.propose("only-cache")
    if kind:
        seen: list[Any] = []
        world.cache.breaks(kind, lambda entry: world.cache.is_write(entry) and (seen.append(1) or len(seen) == 2))
    world.approve(rollback)
    done = world.people.commander.wait(rollback["id"])
    assert done["state"] == "succeeded", told(done)
    assert sorted(world.cache.keys) == ["milestone:7", "session:1", "sharex"]
    gone = [key for effect in world.cache.effects for key in effect.removeprefix("deleted ").split()]
    assert len(gone) == len(set(gone)) == 1300


def test_a_release_without_flags_turns_none_off(new_world: Callable[[Look], World]) -> None:
    world = new_world(Look()).prepare("flags", flags=[])
    done = world.people.commander.wait(world.start("only-flags"))
    assert done["state"] == "succeeded", told(done)
    assert world.flags.writes == []
    world.close()


def test_a_flag_that_is_off_already_is_left_alone(world: World) -> None:
    world.flags.flags["new-share-links"] = False
    done = world.people.commander.wait(world.start("only-flags"))
    assert done["state"] == "succeeded", told(done)
    assert world.effects() == {"flags": ["milestone-drag off"]}
    assert len(world.flags.writes) == 1


@pytest.mark.parametrize("secret", ["routing_key", "api_token"])
def test_either_secret_is_enough_to_page(new_world: Callable[[Look], World], secret: str) -> None:
    world = new_world(Look())
    body = world.bodies()["paging"]
    alone = body | {"name": f"paging by {secret} {world.number}", "credentials": {secret: body["credentials"][secret]}}
    world.connections["paging"] = world.people.admin.post("/connections", alone).must(201)["id"]
    world.prepare("flags")
    world.pagerduty.breaks("reset_after")
    done = world.people.commander.wait(world.start("only-page"))
    assert done["steps"][0]["state"] == "succeeded", told(done)
    assert world.effects() == {"paging": ["opened Rollback of v2.31.0"]}
    world.close()


@pytest.mark.parametrize("kind", ["", "reset_after", "500"])
def test_a_note_is_written_once(world: World, kind: str) -> None:
    assert world.people.commander.wait(world.start("only-page"))["state"] == "succeeded"
    rollback = world.propose("noted")
    if kind:
        world.pagerduty.breaks(kind)
    world.approve(rollback)
    done = world.people.commander.wait(rollback["id"])
    assert done["steps"][0]["state"] == "succeeded", told(done)
    (note,) = [effect for effect in world.pagerduty.effects if effect.startswith("noted")]
    assert "Going back" in note


def test_a_step_that_people_do_waits_for_their_word(world: World) -> None:
    key, people = world.start("by-hand"), world.people
    waiting = people.commander.wait(key, "needs_operator")
    assert waiting["steps"][0]["attempts"] == []
    body = {"reason": "Called", "evidence": "Ms Lee answered"}
    answer = people.commander.post(f"/rollbacks/{key}/steps/1/adoption", body).must(202)
    assert "approval" not in answer
    done = people.commander.wait(key)
    assert done["state"] == "succeeded", told(done)
    assert world.effects() == {}


def test_what_is_live_already_and_what_was_never_good_are_no_targets(new_world: Callable[[Look], World]) -> None:
    world = new_world(Look())
    world.connect("hosting")
    only = {"service": world.slug, "environment": "production", "reference": BAD, "version": "v2.31.0"}
    world.people.lead.post("/deployments", only).must(201)
    world.declare()
    refusal = world.people.commander.post(f"/incidents/{world.incident}/rollbacks", {"playbook": "only-hosting"})
    assert refusal.refused(422)["field"] == "target"
    world.people.commander.post("/deployments", only).refused(409)
    world.close()
