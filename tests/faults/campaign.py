"""A campaign: so many executions in many environments at once, while everything that can break does."""

from __future__ import annotations

import itertools
import json
import random
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psycopg

from tests.faults.clients import Clients
from tests.faults.clocks import CLOCKS, PRODUCTION_CLOCKS
from tests.faults.executions import Crew, Execution
from tests.faults.history import History
from tests.faults.injecting import Injector
from tests.faults.restoring import flaws, restored
from tests.faults.rig import Rig, Slot, running
from tests.faults.tally import Tally
from tests.faults.viewing import Viewers
from tests.faults.watching import Watch
from tests.faults.witnessing import Witness

TICK = 0.03  # seconds between two looks of the supervisor
SETTLE_SECONDS = 75.0
VIEWERS = 8
SHOWN_WITHIN = 20.0  # seconds that viewers get to catch up once all is still
GENTLER = 5.0  # so much rarer do parts break under production's clocks, under which everything takes longer
STILL_MOVING = "SELECT id, state FROM rollbacks_rollback WHERE state IN ('queued', 'running', 'cancelling')"


@dataclass(frozen=True)
class Wish:
    """What somebody ordered. `minutes` ends a campaign that takes longer; `per_second` is how often parts break.

    `production` is the share of the executions that run with production's clocks.
    """

    executions: int
    seed: int
    minutes: float = 60.0
    keep: Path | None = None
    slots: int = 24
    crowd: int = 48
    per_second: float = 1.0
    throwaway: bool = False
    production: float = 0.02
    restore: bool = True

    @property
    def parts(self) -> list[tuple[bool, range]]:
        """Whether with production's clocks, and which executions."""
        scaled = self.executions - round(self.executions * self.production)
        parts = [(False, range(scaled)), (True, range(scaled, self.executions))]
        return [(production, numbers) for production, numbers in parts if numbers]


@dataclass
class Outcome:
    """What came of it; `verdict` is what `judging.judge` returns."""

    wish: Wish
    tally: Tally
    verdict: dict[str, Any]
    seconds: float
    failpoints: dict[str, int]
    in_production: int = 0


def run(wish: Wish, say: Callable[[str], None]) -> Outcome:
    """Do it all, from empty folder to verdict. `say` is told how it goes, once a second or less."""
    began = time.monotonic()
    keep = wish.keep
    with running(wish.slots, throwaway=wish.throwaway, keep=keep, crowd=wish.crowd) as rig:
        say(f"Everything runs after {time.monotonic() - began:.0f} s. Evidence: {keep or rig.folder}")
        tally = Tally(History(rig.folder / "history" / "faults.jsonl", "campaign"))
        clients = Clients(rig.port, History(rig.folder / "history" / "clients.jsonl", "clients"))
        witness = rig.folder / "witness"
        with Watch(rig) as watch, Witness(rig, witness), Viewers(rig, witness, VIEWERS, wish.seed) as viewers:
            crew = Crew(rig, clients, watch, tally, wish.seed)
            scaled = 0
            for production, numbers in wish.parts:
                scaled = tally.executions if production else 0
                if time.monotonic() - began < wish.minutes * 60:
                    _part(wish, crew, production, numbers, say)
            viewers.wait_until_shown(SHOWN_WITHIN)
        for name in rig.children:  # what nobody writes any more is read as one picture
            rig.kill(name)
        verdict = judged(rig, tally, keep_evidence=keep is not None)
        if wish.restore:
            _restore(rig, clients, tally, verdict)
    failpoints = Counter(fault.what for fault in tally.faults if fault.kind == "F2")
    slow = tally.executions - scaled if rig.production_from else 0
    return Outcome(wish, tally, verdict, time.monotonic() - began, failpoints, slow)


def _restore(rig: Rig, clients: Clients, tally: Tally, verdict: dict[str, Any]) -> None:
    """F20, once the verdict is there: what a restored database has lost is no broken promise of the campaign."""
    began = time.time()
    found = flaws(restored(rig, clients))
    verdict["violations"] += [{"check": "F20", "subject": "restore", "what": what} for what in found]
    tally.fault("F20", "a backup restored", began=began)


def _part(wish: Wish, crew: Crew, production: bool, numbers: range, say: Callable[[str], None]) -> None:
    """Run some executions with one set of clocks."""
    per_second = wish.per_second / (GENTLER if production else 1.0)
    rng = random.Random(f"{wish.seed}/{'production' if production else 'parts'}")
    injector = Injector(crew.rig, crew.watch, crew.tally, rng, per_second)
    if production:
        say(f"{len(numbers)} executions follow with production's clocks.")
        crew.rig.use_production_clocks()
    crew.quiet.clear()
    _disturbed(wish, crew, injector, numbers, say)


def _disturbed(wish: Wish, crew: Crew, injector: Injector, numbers: range, say: Callable[[str], None]) -> None:
    """Let every slot run while the main thread breaks things; then heal, and wait until all has settled."""
    tickets = iter(numbers)
    taking, over = threading.Lock(), threading.Event()
    threads = [
        threading.Thread(target=_slot, args=(crew, slot, tickets, taking, over), name=slot.name, daemon=True)
        for slot in crew.rig.slots
    ]
    for thread in threads:
        thread.start()
    ends_at, began = time.monotonic() + wish.minutes * 60, time.monotonic()
    reports = itertools.count(1)
    told = next(reports)
    while any(thread.is_alive() for thread in threads):
        injector.tend(quiet=crew.quiet.is_set())
        if time.monotonic() > ends_at or (over.is_set() and not crew.quiet.is_set()):
            over.set()
            crew.quiet.set()
            injector.heal_everything()
            ends_at = float("inf")
        if time.monotonic() - began > told * 5:
            told = next(reports)
            say(_progress(crew, threads, time.monotonic() - began))
        time.sleep(TICK)
    crew.quiet.set()
    injector.heal_everything()
    _settle(crew.rig, injector)


def _slot(crew: Crew, slot: Slot, tickets: Any, taking: threading.Lock, over: threading.Event) -> None:
    while not over.is_set():
        with taking:
            ticket = next(tickets, None)
        if ticket is None:
            over.set()  # the others finish what they are at
            return
        try:
            Execution(crew, slot, ticket).run()
        except Exception:
            crew.tally.strange(f"Execution {ticket} in {slot.name}: {traceback.format_exc()}")


def _progress(crew: Crew, threads: list[threading.Thread], seconds: float) -> str:
    alive = sum(thread.is_alive() for thread in threads)
    ends = ", ".join(f"{count} {state}" for state, count in crew.tally.ends.most_common())
    return (
        f"{seconds:5.0f} s: {crew.tally.executions} executions ({ends}), {crew.tally.injected} faults, "
        f"{alive} environments at work"
    )


def _settle(rig: Rig, injector: Injector) -> None:
    """Wait until no run moves any more, or for as long as the engine may take to recover."""
    give_up_at, moving = time.monotonic() + SETTLE_SECONDS, []
    while time.monotonic() < give_up_at:
        injector.tend(quiet=True)
        try:
            with rig.database() as connection:
                moving = connection.execute(STILL_MOVING).fetchall()
            if not moving:
                return
        except psycopg.Error:
            pass  # Postgres is just coming back
        time.sleep(0.3)
    injector.tally.strange(f"Still moving after {SETTLE_SECONDS:.0f} s of peace: {moving}")


def judged(rig: Rig, tally: Tally, *, keep_evidence: bool = False) -> dict[str, Any]:
    """Collect everything and return what `judging.judge` says of it."""
    secrets = rig.databases.secrets
    canaries = {
        "the database's password": secrets["DATABASE_PASSWORD"],
        "the secret key": secrets["SECRET_KEY"],
        "a token of Vercel": f"vercel_simulated_{rig.slots[0].name}",
        "a token of Slack": f"xoxb-simulated-{rig.slots[0].name}",
        "a person's token": rig.people[rig.slots[0].organisation]["founder"].token,
    }
    witness = rig.folder / "witness"
    witness.mkdir(exist_ok=True)
    (witness / "outside.json").write_text(json.dumps({"vercel": rig.simulators.state("vercel")}))
    clocks = {"call_seconds": float(CLOCKS["ENGINE_CALL_SECONDS"])}
    if rig.production_from is not None:
        clocks["production_from"] = rig.production_from
        clocks["production_call_seconds"] = PRODUCTION_CLOCKS["ENGINE_CALL_SECONDS"]
    healed_at = max((fault.healed for fault in tally.faults), default=time.time())
    verdict: dict[str, Any] = rig.zygote.call(
        "tests.faults.judging:judge", rig.folder / "verdict.json", within=600,
        folder=str(rig.folder), faults=[asdict(fault) for fault in tally.faults], canaries=canaries,
        healed_at=healed_at, clocks=clocks, keep_evidence=keep_evidence,
    )  # fmt: skip
    return verdict
