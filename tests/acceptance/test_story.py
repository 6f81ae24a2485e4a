"""The whole story, driven only by the contract, against endpoints that are not ours."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from tests.acceptance.agreeing import agree
from tests.acceptance.client import told
from tests.acceptance.playbooks import RELEASE
from tests.acceptance.world import BAD, GOOD, OLD, Look, World

LOOKS = {
    "full": Look(site=True),
    "minimal": Look(variant="minimal", hosting="minimal", chat="blind", site=True),
    "behind-a-prefix": Look(prefix="/gateway/eu", team="team_1", hosting="aliases_only", serving="header", site=True),
    "slow": Look(delay=8.0, site=True),
    "with-a-slash-at-the-end": Look(prefix="/p", hosting="bare", site=True, slash=True, channel="#incidents"),
}
EVERYTHING = {
    "flags": ["new-share-links off", "milestone-drag off"],
    "hosting": [f"rollback {GOOD}"],
    "cache": [f"deleted {' '.join(f'share:{number}' for number in range(9))}"],
    "chat": ["posted Rollback initiated for release v2.31.0 due to Share links fail."],
}


@pytest.fixture(scope="module")
def told_stories(new_world: Callable[[Look], World]) -> dict[str, Future[tuple[World, dict[str, Any]]]]:
    """The same story against every kind of endpoint, all at once."""
    with ThreadPoolExecutor(len(LOOKS)) as pool:
        return {name: pool.submit(_whole_story, new_world(look)) for name, look in LOOKS.items()}


def _whole_story(world: World) -> tuple[World, dict[str, Any]]:
    world.prepare()
    rollback = world.propose("portal-release-rollback")
    assert rollback["state"] == "awaiting_approval", told(rollback)
    assert world.effects() == {}, "Something was changed before anybody had agreed."
    world.approve(rollback)
    return world, world.people.commander.wait(rollback["id"])


@pytest.mark.parametrize("look", LOOKS)
def test_each_approved_change_is_made_exactly_once(told_stories: Any, look: str) -> None:
    world, done = told_stories[look].result()
    assert done["state"] == "succeeded", told(done)
    assert world.effects() == EVERYTHING
    assert world.vercel.serving == GOOD
    assert world.flags.flags == {"new-share-links": False, "milestone-drag": False, "unrelated": True}
    assert sorted(world.cache.keys) == ["milestone:7", "session:1", "sharex"]
    assert [step["state"] for step in done["steps"]] == ["succeeded"] * 5
    assert [step["position"] for step in done["steps"]] == [1, 2, 3, 4, 5]
    agree(world, done)


@pytest.mark.parametrize("look", LOOKS)
def test_the_approvers_are_called_once(told_stories: Any, look: str) -> None:
    world, done = told_stories[look].result()
    (call,) = world.calls_for_votes
    assert done["html_url"] in call


def test_the_steps_happen_in_the_order_of_the_plan(told_stories: Any) -> None:
    world, done = told_stories["slow"].result()
    last = {role: world.foreigners[role].writes[-1].at for role in EVERYTHING}
    assert sorted(last, key=lambda role: last[role]) == ["flags", "hosting", "cache", "chat"]
    converged = world.vercel.job.done_at if world.vercel.job else 0
    assert last["cache"] >= converged, "The cache was cleared before the old version served."


def test_the_plan_is_the_bytes_that_the_hash_names(world: World) -> None:
    rollback = world.propose("portal-release-rollback")
    plan = world.people.founder.get(f"/rollbacks/{rollback['id']}/plan")
    plan.must(200)
    assert hashlib.sha256(plan.raw).hexdigest() == rollback["plan_hash"]
    assert len(rollback["plan_hash"]) == 64
    said = json.loads(plan.raw)
    assert plan.raw == json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    assert [step["name"] for step in said["steps"]] == [step["name"] for step in rollback["steps"]]
    for secret in (world.vercel.token, world.flags.token, world.cache.token, world.slack.token):
        assert secret.encode() not in plan.raw


def test_the_contract_s_playbook_is_taken_word_for_word(playbooks: dict[str, Any], world: World) -> None:
    revision = world.people.reliability.get("/playbooks/portal-release-rollback/revisions/1").must(200)
    assert revision["content"] == RELEASE
    assert playbooks["portal-release-rollback"]["state"] == "published"


def test_the_checks_of_connections_find_nothing_wrong(world: World) -> None:
    for role, key in world.connections.items():
        answer = world.people.admin.post(f"/connections/{key}/checks").body
        assert answer["ok"] is True, (role, answer)
        assert isinstance(answer["findings"], list)
    assert world.effects() == {}


def test_a_wrong_secret_is_found_by_the_check(world: World) -> None:
    for role, body in world.bodies().items():
        wrong = dict.fromkeys(body["credentials"], "wrong-" + "0" * 32)
        wrong_body = body | {"name": f"wrong {body['name']}", "credentials": wrong}
        key = world.people.admin.post("/connections", wrong_body).must(201)["id"]
        answer = world.people.admin.post(f"/connections/{key}/checks").body
        assert answer["ok"] is False, (role, answer)
        assert answer["findings"], role


@pytest.mark.parametrize(
    ("given", "reference"), [(OLD, OLD), ("v2.30.3", OLD), (None, GOOD)], ids=["reference", "version", "newest good"]
)
def test_the_target_can_be_named_or_left_out(world: World, given: str | None, reference: str) -> None:
    rollback = world.propose("only-hosting", **({"target": given} if given else {}))
    assert rollback["target"]["reference"] == reference
    by_id = world.propose("only-hosting", target=rollback["target"]["id"])
    assert by_id["target"] == rollback["target"]


def test_what_cannot_be_a_target_is_refused(world: World) -> None:
    propose = f"/incidents/{world.incident}/rollbacks"
    for target in ("dpl_NOWHERE", "v9.9.9", "0" * 36):
        body = {"playbook": "only-hosting", "target": target}
        world.people.commander.post(propose, body).refused(422, "unknown_reference")
    world.people.commander.post(propose, {"playbook": "only-hosting", "target": BAD}).refused(422)
    world.people.commander.post(propose, {"playbook": "no-such"}).refused(422, "unknown_reference")


def test_an_ambiguous_version_is_refused(world: World) -> None:
    twin = {"service": world.slug, "environment": "production", "reference": "dpl_TWIN", "version": "v2.30.3"}
    world.people.lead.post("/deployments", twin | {"good": True}).must(201)
    body = {"playbook": "only-hosting", "target": "v2.30.3"}
    world.people.commander.post(f"/incidents/{world.incident}/rollbacks", body).refused(422)


def test_the_environment_knows_what_is_live_afterwards(told_stories: Any) -> None:
    world, done = told_stories["full"].result()
    service = world.people.commander.get(f"/services/{world.slug}").must(200)
    (environment,) = service["environments"]
    assert GOOD in json.dumps(environment), environment
    incident = world.people.commander.get(f"/incidents/{world.incident}").must(200)
    assert incident["html_url"].startswith("http")
    resolved = world.people.commander.post(f"/incidents/{world.incident}/resolution", {"note": "Went back"}).must(201)
    assert resolved["state"] == "resolved"
