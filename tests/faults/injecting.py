"""Faults of processes, servers and lines (F1 to F9, F14), started and healed by the main thread alone.

The main thread also plays the supervisor: whatever has died comes back, a worker often with the next failpoint in it.
"""

from __future__ import annotations

import heapq
import itertools
import random
import signal
import time
from collections.abc import Callable

import psycopg
import redis

from apps.rollbacks.failpoints import NAMES
from tests.faults.rig import LEASE_SECONDS, WORKERS, Rig
from tests.faults.tally import Tally
from tests.faults.watching import Watch

DIED_AT_FAILPOINT = 137
PG_LINKS = (*(f"{name}-pg" for name in WORKERS), "web-pg")
DEEDS = {
    "kill_worker": 10, "freeze_worker": 6, "skew_clock": 2, "kill_beat": 1, "second_beat": 1, "kill_web": 1,
    "flush_broker": 2, "kill_broker": 2, "freeze_broker": 2, "cut_broker_clients": 2, "slow_broker": 1,
    "end_backends": 5, "at_commit": 14, "restart_postgres": 1.2, "crash_postgres": 1.2, "partition": 8, "one_way": 6,
    "slow_line": 4, "reset_lines": 6, "cut_after_bytes": 5,
}  # fmt: skip


class Injector:
    """Draws one fault after another. `tend` must be called often, and only by the main thread."""

    def __init__(self, rig: Rig, watch: Watch, tally: Tally, rng: random.Random, per_second: float) -> None:
        self.rig, self.watch, self.tally, self.rng, self.per_second = rig, watch, tally, rng, per_second
        self.failpoint_chance = 0.75
        self._healing: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count()
        self._next_at = time.monotonic()
        self._failpoints: dict[int, str] = {}
        self._commits: dict[str, int] = dict.fromkeys(PG_LINKS, 0)
        self._busy: set[str] = set()
        self._visited = itertools.cycle(self.rng.sample(NAMES, len(NAMES)))

    # --- the loop --------------------------------------------------------------------------------

    def tend(self, *, quiet: bool = False) -> None:
        """Revive the dead, heal what is due, and, unless `quiet`, inject what is due."""
        self._revive(quiet)
        while self._healing and self._healing[0][0] <= time.monotonic():
            heapq.heappop(self._healing)[2]()
        if not quiet and self.per_second and time.monotonic() >= self._next_at:
            self._next_at = time.monotonic() + self.rng.expovariate(self.per_second)
            getattr(self, self.rng.choices(list(DEEDS), list(DEEDS.values()))[0])()

    def heal_everything(self) -> None:
        """Heal at once whatever is still broken, and let every process be as it should be."""
        while self._healing:
            heapq.heappop(self._healing)[2]()
        for link in (*PG_LINKS, "broker", "provider"):
            self.rig.links.heal(link)
            self.rig.links.cut_after(link, 0)
        for link in PG_LINKS:
            self._count_commits(link)
            self.rig.links.at_commit(link, [])
        for name in WORKERS:  # without failpoints and with the true time
            self.rig.kill(name)
            self.rig.start(name)
        self._failpoints.clear()

    @property
    def under_way(self) -> int:
        """How many faults wait to be healed."""
        return len(self._healing)

    def _later(self, seconds: float, heal: Callable[[], None]) -> None:
        heapq.heappush(self._healing, (time.monotonic() + seconds, next(self._numbers), heal))

    def _for(self, key: str, seconds: float, kind: str, what: str, heal: Callable[[], None]) -> None:
        """Heal something after a while; the fault is counted then, with the runs it held at either end."""
        began, held = time.time(), self._held(key)
        self._busy.add(key)

        def healed() -> None:
            heal()
            self._busy.discard(key)
            self.tally.fault(kind, what, began=began, affected={*held, *self._held(key)})

        self._later(seconds, healed)

    def _held(self, key: str) -> list[str]:
        names = [name for name in WORKERS if key.startswith(name)] or list(WORKERS)
        return self.watch.held_by({self.rig.children[name].pid for name in names})

    def _revive(self, quiet: bool) -> None:
        for name in (*WORKERS, "web", "beat"):
            child = self.rig.children[name]
            if child.alive or name in self._busy:
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

    # --- processes -------------------------------------------------------------------------------

    def kill_worker(self) -> None:
        """F1."""
        name = self.rng.choice(WORKERS)
        held = self._held(name)
        self.rig.kill(name)
        self.tally.fault("F1", name, affected=held)

    def freeze_worker(self) -> None:
        """F3: a zombie wakes up after its lease has run out."""
        name = self.rng.choice(WORKERS)
        if name in self._busy:
            return
        child = self.rig.children[name]
        child.signal(signal.SIGSTOP)
        seconds = self.rng.uniform(0.5, 3.0) * LEASE_SECONDS
        self._for(name, seconds, "F3", f"{name} frozen for {seconds:.1f} s", lambda: child.signal(signal.SIGCONT))

    def skew_clock(self) -> None:
        """F14: the worker (or the web process) comes back in another time."""
        name = self.rng.choice((*WORKERS, *WORKERS, "web"))
        if name in self._busy:
            return
        ahead, rate = self.rng.choice(((5, 1), (-5, 1), (3600, 1), (-3600, 1), (0, 10)))
        self.rig.kill(name)
        self.rig.start(name, clock={"ahead": float(ahead), "rate": float(rate)})
        self.tally.fault("F14", f"{name} {ahead:+d} s, {rate} times as fast")

    def kill_beat(self) -> None:
        """F5."""
        self.rig.kill("beat")
        self.tally.fault("F5", "beat killed")

    def second_beat(self) -> None:
        """F5."""
        if "beat-2" in self._busy:
            return
        child = self.rig.start("beat-2")
        self._for("beat-2", 5.0, "F5", "two beats", child.kill)

    def kill_web(self) -> None:
        """F4."""
        self.rig.kill("web")
        self.tally.fault("F4", "web killed")

    # --- the broker ------------------------------------------------------------------------------

    def _broker(self) -> redis.Redis:
        return redis.Redis.from_url(self.rig.databases.addresses()["REDIS_URL"], socket_timeout=2)

    def flush_broker(self) -> None:
        """F6."""
        self._tell_broker("FLUSHALL")

    def cut_broker_clients(self) -> None:
        """F6."""
        self._tell_broker("CLIENT", "KILL", "TYPE", "normal")

    def slow_broker(self) -> None:
        """F6."""
        self._tell_broker("DEBUG", "SLEEP", "1")

    def _tell_broker(self, *words: str) -> None:
        if "broker" in self._busy:
            return
        try:
            self._broker().execute_command(*words)
        except redis.exceptions.TimeoutError:
            return
        except redis.exceptions.ConnectionError:
            if words[0] != "CLIENT":  # which may end the very line that asked for it
                return
        self.tally.fault("F6", " ".join(words))

    def kill_broker(self) -> None:
        """F6: gone for a while."""
        if "broker" in self._busy:
            return
        self.rig.databases.valkey.stop(signal.SIGKILL)
        self._for("broker", self.rng.uniform(0.5, 8.0), "F6", "broker killed", self.rig.databases.valkey.start)

    def freeze_broker(self) -> None:
        """F6: there, and says nothing."""
        if "broker" in self._busy:
            return
        self.rig.databases.valkey.signal(signal.SIGSTOP)
        thaw = self.rig.databases.valkey.signal
        self._for("broker", self.rng.uniform(0.5, 6.0), "F6", "broker frozen", lambda: thaw(signal.SIGCONT))

    # --- the database ----------------------------------------------------------------------------

    def end_backends(self) -> None:
        """F7: one connection of the application, or every one."""
        held, most = self._held("postgres"), self.rng.choice((1, 1, 2, 100))
        ending = """SELECT count(pg_terminate_backend(pid)) FROM (SELECT pid FROM pg_stat_activity
            WHERE usename = current_user AND pid <> pg_backend_pid() ORDER BY random() LIMIT %s) AS found"""
        try:
            with self.rig.database() as connection:
                row = connection.execute(ending, [most]).fetchone()
        except psycopg.Error:
            return  # it is away just now
        if row and row[0]:
            self.tally.fault("F7", f"{row[0]} backends ended", affected=held)

    def at_commit(self) -> None:
        """F7: the next commits of a link lose their answer, or their backend."""
        link = self.rng.choice((*PG_LINKS, *PG_LINKS[:2]))
        self._count_commits(link)
        how = self.rng.choices(("cut", "end", "end-first"), (5, 3, 2), k=self.rng.choice((1, 1, 2)))
        self.rig.links.at_commit(link, how)

    def _count_commits(self, link: str) -> None:
        met = self.rig.links.at_commit(link, [])
        if met > self._commits[link]:
            held = self._held(link.removesuffix("-pg")) if link != "web-pg" else []
            self.tally.fault("F7", f"{link} at COMMIT", times=met - self._commits[link], affected=held)
            self._commits[link] = met

    def restart_postgres(self) -> None:
        """F8."""
        self._restart(signal.SIGINT, "restarted fast")

    def crash_postgres(self) -> None:
        """F8: it has to recover."""
        self._restart(signal.SIGQUIT, "restarted at once")

    def _restart(self, how: signal.Signals, what: str) -> None:
        began, held = time.time(), self._held("postgres")
        self.rig.databases.postgres.stop(how)
        self.rig.databases.postgres.start()
        self.rig.databases.postgres.wait()
        self.tally.fault("F8", f"Postgres {what}", began=began, affected=held)

    # --- the lines -------------------------------------------------------------------------------

    def _link(self) -> str | None:
        link = self.rng.choice((*PG_LINKS, *PG_LINKS[:2], "broker", "provider"))
        return None if link in self._busy else link

    def partition(self) -> None:
        """F9: nothing gets through."""
        if link := self._link():
            self.rig.links.silence(link)
            self._for(link, self._while(link), "F9", f"{link} silent", lambda: self.rig.links.heal(link))

    def one_way(self) -> None:
        """F9: only questions or only answers get through."""
        if link := self._link():
            up = self.rng.random() < 0.5
            self.rig.links.silence(link, up=up, down=not up)
            what = f"{link} only {'out' if up else 'in'}"
            self._for(link, self._while(link), "F9", what, lambda: self.rig.links.heal(link))

    def slow_line(self) -> None:
        """F9: everything takes longer."""
        if link := self._link():
            self.rig.links.slow(link, self.rng.uniform(0.005, 0.15))
            self._for(link, self._while(link), "F9", f"{link} slow", lambda: self.rig.links.heal(link))

    def reset_lines(self) -> None:
        """F9: every connection breaks."""
        if link := self._link():
            held = self._held(link.removesuffix("-pg"))
            if self.rig.links.reset(link):
                self.tally.fault("F9", f"{link} reset", affected=held)

    def cut_after_bytes(self) -> None:
        """F9: the next connection breaks in the middle."""
        link = self.rng.choice((*PG_LINKS, "provider"))
        self.rig.links.cut_after(link, self.rng.randint(1, 4000))
        self.tally.fault("F9", f"{link} cut after some bytes")

    def _while(self, link: str) -> float:
        longest = 1.0 if link == "web-pg" else 5.0  # through the web every environment waits
        return min(longest, self.rng.choice((0.3, 0.6, 1.0, 1.0, 2.0, 3.0, 5.0)))
