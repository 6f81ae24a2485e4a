"""Watch every run in the database itself, beside all links, so that waiting for one costs the product nothing."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import Any

import psycopg

from tests.faults.rig import Rig

EVERY_SECONDS = 0.15
RESTING = frozenset({"succeeded", "failed", "cancelled", "rejected", "expired", "needs_operator", "paused"})
RUNS = """SELECT id::text, state, reason, lease_owner,
                 (SELECT count(*) FROM rollbacks_attempt a WHERE a.rollback_id = r.id) AS attempts
            FROM rollbacks_rollback r WHERE id = ANY(%s::uuid[])"""


@dataclass(frozen=True)
class Seen:
    """How a run stood when it was last looked at."""

    state: str
    reason: str
    lease_owner: str
    attempts: int


class Watch:
    """One thread that reads all runs that somebody waits for. Use it as a context."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.seen: dict[str, Seen] = {}
        self._wanted: set[str] = set()
        self._news = threading.Condition()
        self._over = threading.Event()

    def __enter__(self) -> Watch:
        self._thread = threading.Thread(target=self._look, name="watch", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(10)

    def wait(
        self, rollback: str, within: float, *, until: Any = None, stop: threading.Event | None = None
    ) -> Seen | None:
        """Wait until the run rests, or `until(seen)` holds; returns how it stood at the end, None if never seen."""
        give_up_at = time.monotonic() + within
        done = until or (lambda seen: seen.state in RESTING)
        with self._news:
            self._wanted.add(rollback)
            while (left := give_up_at - time.monotonic()) > 0:
                seen = self.seen.get(rollback)
                if seen and done(seen):
                    break
                self._news.wait(min(left, 1.0))
            self._wanted.discard(rollback)
            return self.seen.pop(rollback, None)

    def held_by(self, pids: set[int]) -> list[str]:
        """Return the runs whose lease these processes hold, as far as is known now."""
        with self._news:
            return [key for key, seen in self.seen.items() if _pid(seen.lease_owner) in pids]

    def _look(self) -> None:
        connection: psycopg.Connection[Any] | None = None
        while not self._over.wait(EVERY_SECONDS):
            with self._news:
                wanted = list(self._wanted)
            if not wanted:
                continue
            try:
                if connection is None or connection.closed:
                    connection = self.rig.database()
                rows = connection.execute(RUNS, [wanted]).fetchall()
            except psycopg.Error:
                connection = None  # Postgres is being restarted; it is asked again
                continue
            with self._news:
                self.seen |= {row[0]: Seen(*row[1:]) for row in rows if row[0] in self._wanted}
                self._news.notify_all()
        if connection is not None:
            connection.close()


def _pid(owner: str) -> int:
    parts = owner.split("|")
    return int(parts[3]) if len(parts) == 5 else 0
