"""The smallest campaign: every failpoint once for every kind of step, and every fault of a process or line once."""

from __future__ import annotations

import random
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from apps.rollbacks.failpoints import NAMES
from tests.faults import campaign, trouble
from tests.faults.clients import Clients
from tests.faults.deeds import DEEDS
from tests.faults.deeds.database import at_commit
from tests.faults.forking import Child
from tests.faults.history import History
from tests.faults.injecting import DIED_AT_FAILPOINT, Injector
from tests.faults.rig import WORKERS, Rig, Slot, running
from tests.faults.tally import Tally
from tests.faults.viewing import Viewers
from tests.faults.watching import Seen, Watch
from tests.faults.witnessing import Witness

# A playbook of one step for every class: A in one part, A in several, B, C, D.
KINDS = {"hosting": "vercel", "flags-off": "launchdarkly", "page": "pagerduty", "tell": "slack", "raw": "http"}
PAIRS = [(place, kind) for place in NAMES for kind in KINDS]
OVER = frozenset({"succeeded", "failed", "cancelled", "needs_operator"})
REST_WITHIN = 60.0
AT_ONCE = 12  # processes that wait for their death
VIEWERS = 10
SEED = 0
TEND_SECONDS, MOST_TRIES = 0.3, 40


@dataclass
class Result:
    """What came of it. `fired` are the failpoints that killed the worker of a run of that kind."""

    fired: set[tuple[str, str]] = field(default_factory=set)
    ends: dict[tuple[str, str], Seen | None] = field(default_factory=dict)
    deeds: dict[str, int] = field(default_factory=dict)
    ends_of_deeds: list[Seen | None] = field(default_factory=list)
    verdict: dict[str, Any] = field(default_factory=dict)
    odd: list[str] = field(default_factory=list)


def run() -> Result:
    """Do all of it on one rig and judge it once."""
    result = Result()
    with running(len(PAIRS), throwaway=True, workers=False) as rig:
        tally = Tally(History(rig.folder / "history" / "faults.jsonl", "campaign"))
        clients = Clients(rig.port, History(rig.folder / "history" / "clients.jsonl", "clients"))
        witness = rig.folder / "witness"
        with Watch(rig) as watch, Witness(rig, witness), Viewers(rig, witness, VIEWERS, SEED) as viewers:
            _die_everywhere(rig, clients, watch, tally, result)
            _break_everything(rig, clients, watch, tally, result)
            viewers.wait_until_shown(campaign.SHOWN_WITHIN)
        result.verdict, result.odd = campaign.judged(rig, tally), tally.odd
    return result


def started(clients: Clients, rig: Rig, slot: Slot, playbook: str, target: str = "v1.0") -> str:
    """Propose and let both agree; returns the run's id. Raises AssertionError when that is refused."""
    people = rig.people[slot.organisation]
    body = {"playbook": playbook, "target": target}
    said = clients.post("propose", people["commander"], f"/incidents/{slot.incident}/rollbacks", body)
    assert said.type == "ok", f"{playbook} in {slot.name}: {said}"
    rollback = str(said.body["id"])
    vote = {"decision": "approve", "plan_hash": said.body["plan_hash"]}
    for who in ("founder", "success"):
        clients.post("approve", people[who], f"/rollbacks/{rollback}/approvals", vote, rollback=rollback)
    return rollback


def _die_everywhere(rig: Rig, clients: Clients, watch: Watch, tally: Tally, result: Result) -> None:
    """Give every pair of failpoint and kind a run and a process of its own that dies there; then let workers go on."""
    places = dict(zip(PAIRS, rig.slots, strict=True))
    with ThreadPoolExecutor(4) as pool:
        runs = dict(zip(PAIRS, pool.map(lambda pair: started(clients, rig, places[pair], pair[1]), PAIRS), strict=True))
    trouble.inject(rig, [_unclear(places[place, kind], kind) for place, kind in PAIRS if place == "reconciled"])
    for some in batched(runs.items(), AT_ONCE):
        victims = {pair: _victim(rig, pair, rollback) for pair, rollback in some}
        for pair, victim in victims.items():
            victim.ended.wait(REST_WITHIN)
            if victim.code == DIED_AT_FAILPOINT:
                result.fired.add(pair)
                tally.fault("F2", pair[0], affected=[runs[pair]])
            victim.kill()
    for name in (*WORKERS, "beat"):
        rig.start(name)
    result.ends = dict(zip(runs, _ends(watch, runs.values()), strict=True))


def batched(pairs: Iterable[tuple[Any, Any]], size: int) -> Iterator[list[tuple[Any, Any]]]:
    """Yield the pairs in lists of `size`."""
    rest = iter(pairs)
    while some := list(islice(rest, size)):
        yield some


def _victim(rig: Rig, pair: tuple[str, str], rollback: str) -> Child:
    name = f"victim-{'-'.join(pair)}"
    return rig.zygote.fork(
        "call", name, env={"FAILPOINT": pair[0]}, function="tests.faults.victim:advance",
        arguments={"rollback": rollback, "within": REST_WITHIN / 2}, result=str(rig.folder / f"{name}.json"),
        database=rig.databases.through(rig.links.port["worker-1-pg"]),
    )  # fmt: skip


def _unclear(slot: Slot, kind: str) -> dict[str, Any]:
    """Trouble after which an attempt has to be cleared up."""
    slug = KINDS[kind]
    mark = trouble.MARKS.get(slug, "{slot}").replace("{slot}", slot.name)
    return {"kind": "reset_after", "slug": slug, "mark": mark}


def _ends(watch: Watch, runs: Iterable[str]) -> list[Seen | None]:
    """Wait for all of them at once; returns how each stood in the end."""
    keys = list(runs)
    with ThreadPoolExecutor(len(keys)) as pool:
        return list(pool.map(lambda key: watch.wait(key, REST_WITHIN, until=lambda seen: seen.state in OVER), keys))


def _break_everything(rig: Rig, clients: Clients, watch: Watch, tally: Tally, result: Result) -> None:
    """Let one run after another start while every deed of the injector is done once, some at the same time."""
    free = [slot for (_, kind), slot in zip(PAIRS, rig.slots, strict=True) if kind in {"hosting", "page", "tell"}]
    injector = Injector(rig, watch, tally, random.Random(SEED), per_second=0.0)
    injector.failpoint_chance = 0.0
    with ThreadPoolExecutor(len(DEEDS)) as pool:
        runs: list[Future[str]] = []
        result.deeds = _each_once(
            injector,
            tally,
            lambda: runs.append(pool.submit(started, clients, rig, free[len(runs)], "release-off", "v1.1")),
        )
        injector.heal_everything()
        while not all(one.done() for one in runs):
            injector.tend(quiet=True)
            time.sleep(campaign.TICK)
    keys = [one.result() for one in runs]
    result.ends_of_deeds = _ends(watch, keys)


def _each_once(injector: Injector, tally: Tally, start_run: Callable[[], None]) -> dict[str, int]:
    """Do every deed until it is counted or under way, and tend for a moment; returns how often each was tried.

    A run is started with each. One that finds its part broken already has to wait, and the others go first.
    """
    waiting, tries = deque(DEEDS), Counter[str]()
    while waiting:
        deed = waiting.popleft()
        if not tries[deed.__name__]:
            start_run()
        tries[deed.__name__] += 1
        before = tally.injected + injector.under_way
        deed(injector)
        until = time.monotonic() + TEND_SECONDS
        while time.monotonic() < until:
            injector.tend(quiet=True)
            time.sleep(campaign.TICK)
        if tally.injected + injector.under_way <= before and deed is not at_commit:
            if tries[deed.__name__] == MOST_TRIES:
                return {**tries, deed.__name__: 0}
            waiting.append(deed)
    return dict(tries)
