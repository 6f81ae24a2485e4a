"""An outside witness of the database: again and again it writes down the end of each record and how every run stands.

It reads beside every link. What it wrote is held against the database in the end: a record that has lost what was once
there, a run that has left its end, a lease that old code has taken.
"""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from typing import Any

import psycopg

from tests.faults.rig import Rig

EVERY_SECONDS = 0.5
HEADS = "SELECT organisation_id::text, seq, encode(hash, 'hex') FROM timeline_head WHERE seq > 0"
# An epoch that has changed is news of the runs that are not over: whoever takes them now must know it.
RUNS = """SELECT id::text, state, fence, lease_epoch, CASE WHEN finished_at IS NULL THEN rollbacks_schema_epoch() END
            FROM rollbacks_rollback"""


class Witness:
    """One thread with two files in `folder`: `heads.jsonl` and `runs.jsonl`. Use it as a context."""

    def __init__(self, rig: Rig, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.rig = rig
        self.heads, self.runs = (folder / "heads.jsonl").open("a"), (folder / "runs.jsonl").open("a")
        self._known: dict[str, tuple[Any, ...]] = {}
        self._over = threading.Event()

    def __enter__(self) -> Witness:
        self._thread = threading.Thread(target=self._watch, name="witness", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(10)
        self.heads.close()
        self.runs.close()

    def _watch(self) -> None:
        connection: psycopg.Connection[Any] | None = None
        while not self._over.wait(EVERY_SECONDS):
            try:
                if connection is None or connection.closed:
                    connection = self.rig.database()
                self._look(connection)
            except psycopg.Error:
                connection = None  # Postgres is being restarted
        if connection is not None:
            connection.close()

    def _look(self, connection: psycopg.Connection[Any]) -> None:
        for organisation, seq, link in connection.execute(HEADS).fetchall():
            if self._is_news(organisation, (seq, link)):
                self.heads.write(json.dumps({"organisation": organisation, "seq": seq, "hash": link}) + "\n")
        for rollback, state, fence, epoch, wanted in connection.execute(RUNS).fetchall():
            if self._is_news(rollback, (state, fence, epoch, wanted)):
                said = {"rollback": rollback, "state": state, "fence": fence, "code": epoch, "wanted": wanted}
                self.runs.write(json.dumps(said | {"at": time.time()}) + "\n")

    def _is_news(self, key: str, now: tuple[Any, ...]) -> bool:
        before = self._known.get(key)
        self._known[key] = now
        return before != now
