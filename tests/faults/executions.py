"""One execution after another in one slot: propose, agree, disturb, wait, and clear up what needs a person."""

from __future__ import annotations

import random
import threading
import time
from typing import Any

from tests.faults import playbooks, trouble
from tests.faults.clients import Clients, Said, User
from tests.faults.hints import Hints
from tests.faults.rig import VERSIONS, Rig, Slot
from tests.faults.tally import Tally
from tests.faults.watching import Seen, Watch

CLEAR_UP_TRIES = 6
# A step whose effect somebody else undid is looked at for three minutes before a person is asked.
WAIT_SECONDS, PRODUCTION_WAIT_SECONDS = 300.0, 600.0
FINAL = frozenset({"succeeded", "failed", "cancelled", "rejected", "expired"})
# What is tidied away cannot be found again: more is kept than comes while a message waits for its next look.
KEPT_OUTSIDE = 100  # messages and incidents of a slot that the simulated providers keep


class Crew:
    """What every slot's thread needs. `seed` and an execution's number decide everything that is left to chance."""

    def __init__(self, rig: Rig, clients: Clients, watch: Watch, tally: Tally, seed: int) -> None:
        self.rig, self.clients, self.watch, self.tally, self.seed = rig, clients, watch, tally, seed
        self.hints = Hints(rig)
        self.quiet = threading.Event()  # no more trouble: the campaign is coming to its end

    def rng(self, ticket: int) -> random.Random:
        """The chance of one execution."""
        return random.Random(f"{self.seed}/{ticket}")


class Execution:
    """One run in one slot."""

    def __init__(self, crew: Crew, slot: Slot, ticket: int) -> None:
        self.crew, self.slot, self.ticket = crew, slot, ticket
        self.rng = crew.rng(ticket)
        self.people = crew.rig.people[slot.organisation]
        self.rollback = self.target = ""

    def run(self) -> None:
        """Do all of it. Whatever the campaign itself did not expect is told, not raised."""
        proposed = self._propose(*self._choice())
        if proposed is None:
            return
        self.rollback = proposed["id"]
        trouble.inject(self.crew.rig, [] if self.crew.quiet.is_set() else trouble.script(self.rng, self.slot))
        if self._agree(proposed):
            self._disturb()
        seen = self._to_the_end()
        self._count_trouble()
        self.crew.tally.end(seen.state if seen else "unknown")
        if seen is None or seen.state not in FINAL:
            self.crew.tally.strange(f"{self.rollback} rests as {seen}.")

    # --- before it starts ------------------------------------------------------------------------

    def _choice(self) -> tuple[str, list[str]]:
        """Choose what to run from how the outside is now, and the targets that would move it."""
        simulators, name = self.crew.rig.simulators, self.slot.name
        if self.ticket % 8 == 0:
            simulators.do("slack", "tidy", organisation=name, keep=KEPT_OUTSIDE)
            simulators.do("pagerduty", "tidy", organisation=name, keep=KEPT_OUTSIDE)
        live = simulators.do("vercel", "look", project=f"prj_{name}")["live"]
        flags = simulators.do("launchdarkly", "look", organisation=name)
        fitting = playbooks.WHEN_ON if any(flags.values()) else playbooks.WHEN_OFF
        menu = playbooks.ANY_TIME | fitting
        playbook = self.rng.choices(list(menu), list(menu.values()))[0]
        others = [version for number, version in enumerate(VERSIONS) if live != f"dpl_{name}{number}"]
        return playbook, self.rng.sample(others, len(others))

    def _propose(self, playbook: str, targets: list[str]) -> dict[str, Any] | None:
        """Propose; when the portal says that the target is live already, another one is taken."""
        path = f"/incidents/{self.slot.incident}/rollbacks"
        for wanted in targets:
            said = self._ask("propose", "commander", path, {"playbook": playbook, "target": wanted})
            if said.type == "ok":
                self.target = wanted
                found: dict[str, Any] = said.body
                return found
            if said.type == "fail" and said.status != 422:
                break
        self.crew.tally.strange(f"{playbook} could not be proposed in {self.slot.name}: {said.status} {said.body}")
        return None

    def _agree(self, proposed: dict[str, Any]) -> bool:
        """Let both agree, sometimes in a crowd, sometimes while the web process dies. Returns whether it started."""
        crowd = self.crew.rig.crowd
        if crowd and self.slot.organisation == "acme" and self.rng.random() < 0.02 and not self.crew.quiet.is_set():
            self._crowd(proposed, crowd)
        back = threading.Thread(target=self._take_back, args=("founder", proposed, self.rng.uniform(0, 0.3)))
        for who in ("founder", "success"):
            if who == "success" and self.rng.random() < 0.06 and not self.crew.quiet.is_set():
                back.start()
            if self.rng.random() < 0.015 and not self.crew.quiet.is_set():
                threading.Timer(self.rng.uniform(0, 0.08), self._kill_web, ["approve"]).start()
            self._insist_on_vote(self.people[who], proposed)
        if back.ident is not None:
            back.join()
            self._insist_on_vote(self.people["founder"], proposed)  # refused when it has started meanwhile
        seen = self.crew.watch.wait(self.rollback, 10.0, until=lambda seen: seen.state != "awaiting_approval")
        return seen is not None and seen.state not in {"awaiting_approval", "rejected"}

    def _insist_on_vote(self, user: User, proposed: dict[str, Any]) -> None:
        """Vote; whoever does not know whether their vote was heard votes again, and is refused if it was."""
        for _ in range(3):
            said = self._vote(user, proposed)
            if said.type == "ok" or (said.status == 409 and (said.body or {}).get("code") != "in_flight"):
                return

    def _take_back(self, who: str, proposed: dict[str, Any], after: float) -> None:
        """Take a vote back (F18) while somebody else votes: either it was early enough, or it stays."""
        time.sleep(after)  # a person takes their time
        path = f"/approvals/{proposed['question']}/votes/mine"
        post, user = self.crew.clients.post, self.people[who]
        if post("withdraw", user, path, None, method="DELETE", rollback=self.rollback).type == "ok":
            self.crew.tally.fault("F18", "a vote is taken back", affected=[self.rollback])

    def _vote(self, user: User, proposed: dict[str, Any], decision: str = "approve") -> Said:
        body = {"decision": decision, "plan_hash": proposed["plan_hash"]}
        path = f"/rollbacks/{self.rollback}/approvals"
        return self.crew.clients.post(decision, user, path, body, rollback=self.rollback)

    def _crowd(self, proposed: dict[str, Any], crowd: list[User]) -> None:
        """Fifty people at once (F18): most approve, one may reject or cancel."""
        began = time.time()
        threads = []
        for number, user in enumerate(crowd):
            chance = self.rng.random()
            decision = "reject" if chance < 0.01 else "approve"
            if number == 0 and chance < 0.2:
                args: tuple[Any, ...] = ("cancel", "commander", f"/rollbacks/{self.rollback}/cancellation")
                threads.append(threading.Thread(target=self._ask, args=(*args, {"reason": "Race"})))
            threads.append(threading.Thread(target=self._vote, args=(user, proposed, decision)))
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.crew.tally.fault("F18", f"{len(threads)} people at once", began=began, times=len(threads))

    # --- while it runs ---------------------------------------------------------------------------

    def _disturb(self) -> None:
        """What people, hints and strangers do to a run that has started."""
        if self.crew.quiet.is_set():
            return
        chance = self.rng.random()
        if chance < 0.25:
            sent = self.crew.hints.repeat(self.rollback, self.rng.choice((2, 2, 3, 5, 50)))
            self.crew.tally.fault("F13", "doubled hints", times=min(sent, 5))
            self.crew.tally.fault("F13", "forged hints", times=self.crew.hints.forge(self.rng))
        elif chance < 0.32:
            self._pause_and_resume()
        elif chance < 0.39:
            self._later("cancel", "cancellation", 2.0)
        elif chance < 0.42:
            self._freeze_and_lift()
        elif chance < 0.45:
            time.sleep(self.rng.uniform(0, 0.5))
            trouble.drift(self.crew.rig, self.slot, self.rng, self.target)
            self.crew.tally.fault("F12", f"production of {self.slot.name} moved", affected=[self.rollback])

    def _later(self, f: str, verb: str, at_most: float) -> Said:
        time.sleep(self.rng.uniform(0, at_most))  # a person takes their time
        if self.rng.random() < 0.1:
            threading.Timer(self.rng.uniform(0, 0.05), self._kill_web, [f]).start()
        return self._ask(f, "commander", f"/rollbacks/{self.rollback}/{verb}", {"reason": "By the campaign"})

    def _pause_and_resume(self) -> None:
        if self._later("pause", "pause", 1.0).type == "fail":
            return
        self._later("resume", "resume", 1.5)

    def _freeze_and_lift(self) -> None:
        began = time.time()
        body = {"stops": "rollbacks", "scope": "environment", "service": self.slot.name, "environment": "production"}
        time.sleep(self.rng.uniform(0, 1.0))
        said = self._ask("freeze", "founder", "/freezes", body | {"reason": "By the campaign"})
        if said.type != "ok":
            self.crew.tally.strange(f"{self.slot.name} could not be frozen: {said.status} {said.body}")
            return
        time.sleep(self.rng.uniform(0.2, 2.5))
        self._lift(said.body["id"])
        self.crew.tally.fault("freeze", self.slot.name, began=began, affected=[self.rollback])

    def _lift(self, freeze: str) -> None:
        """Ask for the lifting and let a second person agree, until it is lifted."""
        asked = self._ask("ask_to_lift", "commander", f"/freezes/{freeze}/lifting", {"reason": "All clear"})
        question = (asked.body or {}).get("approval") if isinstance(asked.body, dict) else None
        if not question:
            self.crew.tally.strange(f"Freeze {freeze} could not be lifted: {asked.status} {asked.body}")
            return
        body = {"decision": "approve"}
        said = self._ask("lift", "lead", f"/approvals/{question}/votes", body, freeze=freeze)
        if said.type == "fail":
            self.crew.tally.strange(f"Freeze {freeze}: the second person was refused: {said.status} {said.body}")

    def _kill_web(self, during: str) -> None:
        self.crew.rig.children["web"].kill()
        self.crew.tally.fault("F4", f"web killed during {during}")

    # --- its end ---------------------------------------------------------------------------------

    def _to_the_end(self) -> Seen | None:
        """Wait; what needs a person gets one: try again, else cancel. A paused run is resumed."""
        within = PRODUCTION_WAIT_SECONDS if self.crew.rig.production_from else WAIT_SECONDS
        until, tries = time.monotonic() + within, 0
        while True:
            seen = self.crew.watch.wait(self.rollback, max(1.0, until - time.monotonic()))
            if seen is None or time.monotonic() > until:
                return seen
            if seen.state == "paused":
                self._ask("resume", "commander", f"/rollbacks/{self.rollback}/resume", {"reason": "Go on"})
            elif seen.state == "needs_operator" and tries < CLEAR_UP_TRIES:
                self._clear_up(tries > 0)
                tries += 1
            else:
                return seen
            self.crew.watch.wait(self.rollback, 2.0, until=lambda now, before=seen.state: now.state != before)

    def _clear_up(self, tried: bool) -> None:
        if not tried and self.rng.random() < 0.5:
            about = self.crew.clients.get(self.people["commander"], f"/rollbacks/{self.rollback}")
            steps = about.body["steps"] if about.type == "ok" else []
            waiting = [step["position"] for step in steps if step["state"] not in {"succeeded", "skipped"}]
            if waiting:
                path = f"/rollbacks/{self.rollback}/steps/{waiting[0]}/retry"
                if self._ask("retry", "commander", path, {"reason": "Try again"}).type == "ok":
                    return
        self._ask("cancel", "commander", f"/rollbacks/{self.rollback}/cancellation", {"reason": "Give it up"})

    def _count_trouble(self) -> None:
        for line in trouble.taken_back(self.crew.rig, self.slot):
            if line["hits"]:
                kind = "F11" if line["kind"] == "stale" else "F10"
                what = f"{line['slug']} {line['kind']}{' (reads)' if line['reads'] else ''}"
                self.crew.tally.fault(kind, what, times=line["hits"], affected=[self.rollback])

    def _ask(self, f: str, who: str, path: str, body: dict[str, Any], **value: Any) -> Said:
        told = {"rollback": self.rollback, **value} if self.rollback else value
        return self.crew.clients.post(f, self.people[who], path, body, **told)
