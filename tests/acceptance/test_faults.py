"""What goes wrong at a provider: the effect happens exactly once, and what is said of it is true."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.acceptance.agreeing import agree
from tests.acceptance.client import told
from tests.acceptance.foreign import Entry
from tests.acceptance.waiting import until
from tests.acceptance.world import CALL_FOR_VOTES, GOOD, Look, World

AT_ONCE = 10
APPLIED, AGAIN, REFUSED, ASKS = "reconciled_applied", "reconciled_not_applied", "rejected", "needs_operator"
SHARES = f"deleted {' '.join(f'share:{number}' for number in range(9))}"
STEPS = {
    "hosting": ("only-hosting", [f"rollback {GOOD}"]),
    "flags": ("only-flags", ["new-share-links off", "milestone-drag off"]),
    "cache": ("only-cache", [SHARES]),
    "chat": ("only-chat", ["posted Going back from v2.31.0"]),
    "paging": ("only-page", ["opened Rollback of v2.31.0"]),
}


@dataclass(frozen=True)
class Case:
    """A fault at one provider's first change, and how the first attempt and the run must end."""

    role: str
    kind: str
    first: str
    state: str = "succeeded"
    happens: bool = True
    more: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.role}-{self.kind}"


def _cases() -> list[Case]:
    found = []
    for role in STEPS:
        found.append(Case(role, "429", REFUSED, more={"retry_after": "2"}))
        found += [Case(role, kind, AGAIN) for kind in ("500", "reset", "garbage")]
        found += [Case(role, f"{kind}_after", APPLIED) for kind in ("500", "reset", "garbage", "half")]
        # A message that cannot be sent never stops a rollback.
        state = "succeeded" if role in {"chat", "paging"} else "failed"
        found += [Case(role, "403", REFUSED, state, happens=False, more={"times": 99})]
    found += [Case(role, "hang", AGAIN) for role in ("hosting", "chat")]
    found += [Case(role, "hang_after", APPLIED) for role in ("hosting", "chat", "cache")]
    return found


CASES = _cases()


@dataclass
class Ending:
    """How a case ended."""

    world: World
    rollback: dict[str, Any]


@pytest.fixture(scope="module")
def campaign(new_world: Callable[[Look], World]) -> dict[str, Future[Ending]]:
    """Every case, several at once; each in a world of its own."""
    pool = ThreadPoolExecutor(AT_ONCE)
    return {str(case): pool.submit(_run, case, new_world) for case in CASES}


def _run(case: Case, new_world: Callable[[Look], World]) -> Ending:
    world = new_world(Look()).prepare(case.role)
    playbook, _ = STEPS[case.role]
    rollback = world.propose(playbook)
    foreign = world.foreigners[case.role]
    foreign.breaks(case.kind, lambda entry: foreign.is_write(entry) and not _calls_for_votes(entry), **case.more)
    world.approve(rollback)
    ended = world.people.commander.wait(rollback["id"], "succeeded", "failed", "needs_operator", within=100)
    world.close()
    return Ending(world, ended)


def _calls_for_votes(entry: Entry) -> bool:
    body = entry.body if isinstance(entry.body, dict) else {}
    return str(body.get("text", "")).startswith(CALL_FOR_VOTES.removeprefix("posted "))


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_fault_never_makes_a_change_twice_or_hides_it(campaign: dict[str, Future[Ending]], case: Case) -> None:
    ending = campaign[str(case)].result(180)
    world, done = ending.world, ending.rollback
    assert done["state"] == case.state, told(done)
    assert world.effects() == ({case.role: STEPS[case.role][1]} if case.happens else {}), told(done)
    (step,) = done["steps"]
    assert step["state"] == ("succeeded" if case.happens else "failed"), told(done)
    assert step["attempts"][0]["state"] == case.first, told(done)
    assert step["attempts"][0]["message"], told(done)
    agree(world, done)


def test_a_retry_after_is_waited_for(campaign: dict[str, Future[Ending]]) -> None:
    for role in STEPS:
        world = campaign[f"{role}-429"].result(180).world
        foreign = world.foreigners[role]
        tries = [entry for entry in foreign.writes if not _calls_for_votes(entry)]
        assert tries[1].at - tries[0].at >= 2.0, (role, [str(entry) for entry in tries])


def test_a_provider_that_is_away_is_called_again(new_world: Callable[[Look], World]) -> None:
    world = new_world(Look()).prepare()
    rollback = world.propose("only-page")
    world.pagerduty.stop()
    world.approve(rollback)
    waited = until(lambda: _first_attempt(world, rollback["id"]), lambda one: one.get("state") == "not_sent")
    assert waited["sent_at"] is None
    world.pagerduty.come_back()
    done = world.people.commander.wait(rollback["id"], within=60)
    assert done["state"] == "succeeded", told(done)
    assert world.effects() == {"paging": STEPS["paging"][1]}


def _first_attempt(world: World, key: str) -> dict[str, Any]:
    attempts = world.people.commander.rollback(key)["steps"][0]["attempts"]
    return attempts[0] if attempts else {}


def test_a_change_that_somebody_else_has_made_is_not_made_again(world: World) -> None:
    rollback = world.propose("only-hosting")
    world.vercel.live = GOOD
    world.approve(rollback)
    done = world.people.commander.wait(rollback["id"])
    assert done["state"] == "succeeded", told(done)
    assert world.effects() == {}
    assert world.vercel.writes == []


def test_another_state_than_the_plan_s_is_a_question_for_a_person(world: World) -> None:
    rollback = world.propose("only-hosting")
    world.vercel.live = "dpl_OLD0001"
    world.approve(rollback)
    done = world.people.commander.wait(rollback["id"], "needs_operator")
    assert world.vercel.writes == [], told(done)
    assert done["reason"]


def test_an_accepted_job_that_fails_is_no_success(world: World) -> None:
    world.vercel.next_job_fails = True
    key = world.start("only-hosting")
    done = world.people.commander.wait(key, "failed", "needs_operator", within=90)
    assert done["steps"][0]["state"] in {"failed", "unknown"}, told(done)
    assert world.effects() == {"hosting": [f"rollback {GOOD}"]}
    agree(world, done)


def test_flags_that_need_an_approval_there_are_told_as_such(world: World) -> None:
    rollback = world.propose("only-flags")
    world.flags.needs_approval = True
    world.approve(rollback)
    done = world.people.commander.wait(rollback["id"], "failed", "needs_operator")
    assert "approval" in told(done).lower()
    assert world.effects() == {}
    assert len(world.flags.writes) == 1, "Asking again never helps."
