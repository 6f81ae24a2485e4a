"""Draws one fault of a part after another, heals them, and plays the supervisor; what each does is in `deeds`.

Started and healed by the main thread alone. Whatever has died comes back, a worker often with the next failpoint in it.
"""

from __future__ import annotations

import heapq
import itertools
import random
import time
from collections.abc import Callable

from apps.rollbacks.failpoints import NAMES
from tests.faults.deeds import DEEDS
from tests.faults.deeds.database import count_commits
from tests.faults.deeds.lines import PG_LINKS, VIEWERS
from tests.faults.rig import WORKERS, Rig
from tests.faults.tally import Tally
from tests.faults.watching import Watch

DIED_AT_FAILPOINT = 137


class Injector:
    """Draws one fault after another. `tend` must be called often, and only by the main thread."""

    def __init__(self, rig: Rig, watch: Watch, tally: Tally, rng: random.Random, per_second: float) -> None:
        self.rig, self.watch, self.tally, self.rng, self.per_second = rig, watch, tally, rng, per_second
        self.failpoint_chance = 0.75
        self._healing: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count()
        self._next_at = time.monotonic()
        self._failpoints: dict[int, str] = {}
        self.commits: dict[str, int] = dict.fromkeys(PG_LINKS, 0)
        self.busy: set[str] = set()
        self._visited = itertools.cycle(self.rng.sample(NAMES, len(NAMES)))

    # --- the loop --------------------------------------------------------------------------------

    def tend(self, *, quiet: bool = False) -> None:
        """Revive the dead, heal what is due, and, unless `quiet`, inject what is due."""
        self._revive(quiet)
        while self._healing and self._healing[0][0] <= time.monotonic():
            heapq.heappop(self._healing)[2]()
        if not quiet and self.per_second and time.monotonic() >= self._next_at:
            self._next_at = time.monotonic() + self.rng.expovariate(self.per_second)
            self.rng.choices(list(DEEDS), list(DEEDS.values()))[0](self)

    def heal_everything(self) -> None:
        """Heal at once whatever is still broken, and let every process be as it should be."""
        while self._healing:
            heapq.heappop(self._healing)[2]()
        for link in (*PG_LINKS, "broker", "provider", VIEWERS):
            self.rig.links.heal(link)
            self.rig.links.cut_after(link, 0)
        for link in PG_LINKS:
            count_commits(self, link)
            self.rig.links.at_commit(link, [])
        for name in WORKERS:  # without failpoints and with the true time
            self.rig.kill(name)
            self.rig.start(name)
        self._failpoints.clear()

    @property
    def under_way(self) -> int:
        """How many faults wait to be healed."""
        return len(self._healing)

    def later(self, seconds: float, heal: Callable[[], None]) -> None:
        """Do something after a while, or when everything is healed."""
        heapq.heappush(self._healing, (time.monotonic() + seconds, next(self._numbers), heal))

    def heal_after(
        self, key: str, seconds: float, kind: str, what: str, heal: Callable[[], None], *, hits: bool = True
    ) -> None:
        """Heal something after a while, and let nothing else of its `key` break meanwhile.

        The fault is counted when it is healed; one that `hits` with the runs that were held at either end.
        """
        began, held = time.time(), self.held(key) if hits else []
        self.busy.add(key)

        def healed() -> None:
            heal()
            self.busy.discard(key)
            self.tally.fault(kind, what, began=began, affected={*held, *(self.held(key) if hits else [])})

        self.later(seconds, healed)

    def held(self, key: str) -> list[str]:
        """Return the runs whose lease a worker holds; those of both when the key names no worker."""
        names = [name for name in WORKERS if key.startswith(name)] or list(WORKERS)
        return self.watch.held_by({self.rig.children[name].pid for name in names})

    def _revive(self, quiet: bool) -> None:
        for name in (*WORKERS, "web", "beat"):
            child = self.rig.children[name]
            if child.alive or name in self.busy:
                continue
            failpoint = self._failpoints.pop(child.pid, "")
            if failpoint and child.code == DIED_AT_FAILPOINT:
                self.tally.fault("F2", failpoint, affected=self.watch.held_by({child.pid}))
            env = {}
            if name in WORKERS and not quiet and self.rng.random() < self.failpoint_chance:
                place = next(self._visited)
                env = {"FAILPOINT": f"{place}:{self.rng.choice((1, 1, 2, 3, 5))}"}
            born = self.rig.start(name, env=env)
            if env:
                self._failpoints[born.pid] = env["FAILPOINT"].partition(":")[0]
