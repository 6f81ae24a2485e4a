"""People with programs who follow incidents over their streams, lose their lines, and go on where they were.

Each writes down every whole event that it was shown; a half one is no event, and is asked for again.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import random
import socket
import threading
import time
from pathlib import Path
from typing import Any

import psycopg

from tests.faults.rig import Rig, Slot

SILENCE_SECONDS = 10.0  # two heartbeats have not come: the line is dead
PAUSE_SECONDS = 0.2
NEWEST = "SELECT coalesce(max(seq), 0) FROM timeline_event WHERE incident_id = %s"


class Viewer(threading.Thread):
    """One program that follows one incident; `newest` is the number of the last event that it was shown."""

    def __init__(self, rig: Rig, slot: Slot, name: str, history: Any, rng: random.Random) -> None:
        super().__init__(name=name, daemon=True)
        self.rig, self.slot, self.history, self.rng = rig, slot, history, rng
        self.newest = self.connections = 0
        self.over = threading.Event()
        self.socket: socket.socket | None = None

    def run(self) -> None:
        """Follow the stream over as many lines as it takes."""
        while not self.over.is_set():
            self.connections += 1
            line = http.client.HTTPConnection("127.0.0.1", self.rig.links.port["viewers"], timeout=SILENCE_SECONDS)
            try:
                self._follow(line)
            except (OSError, http.client.HTTPException, ValueError):
                pass  # that is what it is here for: it comes back, and asks for what it has not seen
            finally:
                line.close()
            self.over.wait(PAUSE_SECONDS)

    def _follow(self, line: http.client.HTTPConnection) -> None:
        token = self.rig.people[self.slot.organisation]["commander"].token
        headers = {"Authorization": f"Bearer {token}", "Accept": "text/event-stream"}
        if self.newest:
            headers["Last-Event-ID"] = str(self.newest)
        line.connect()
        self.socket = line.sock
        line.request("GET", f"/api/v1/incidents/{self.slot.incident}/stream", headers=headers)
        answer = line.getresponse()
        leaves_at = time.monotonic() + self.rng.uniform(3.0, 60.0)  # people also leave by themselves
        said: dict[str, str] = {}
        while answer.status == 200 and not self.over.is_set() and time.monotonic() < leaves_at:
            text = answer.readline().decode()
            if not text.endswith("\n"):
                return
            name, _, value = text.rstrip("\n").partition(": ")
            if name:
                said[name] = value
                continue
            if "id" in said:
                self._shown(said)
            said = {}

    def _shown(self, said: dict[str, str]) -> None:
        item = json.loads(said["data"])
        self.newest = int(said["id"])
        self._tell(seq=self.newest, kind=item["kind"], subject=item["subject"]["id"])

    def leave(self) -> None:
        """Go, and write down when: what was recorded long before must have been shown."""
        self.over.set()
        self._tell(left=time.time())
        if self.socket is not None:
            with contextlib.suppress(OSError):  # it has just lost its line
                self.socket.shutdown(socket.SHUT_RDWR)  # nobody waits for a heartbeat any more

    def _tell(self, **what: Any) -> None:
        about = {"viewer": self.name, "incident": self.slot.incident, "connection": self.connections}
        self.history.write(json.dumps(about | what) + "\n")


class Viewers:
    """All of them, on different incidents. Use it as a context; at its end everybody has had time to catch up."""

    def __init__(self, rig: Rig, folder: Path, count: int, seed: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.rig = rig
        self.history = (folder / "viewers.jsonl").open("a", buffering=1)
        slots = rig.slots[:: max(1, len(rig.slots) // count)][:count]
        self.each = [
            Viewer(rig, slot, f"viewer-{slot.name}", self.history, random.Random(f"{seed}/{slot.name}"))
            for slot in slots
        ]

    def __enter__(self) -> Viewers:
        for viewer in self.each:
            viewer.start()
        return self

    def __exit__(self, *_: object) -> None:
        for viewer in self.each:
            viewer.leave()
        for viewer in self.each:
            viewer.join(SILENCE_SECONDS + 5)
        self.history.close()

    def wait_until_shown(self, within: float) -> None:
        """Wait until all have been shown what stands in the database now, at most so long."""
        give_up_at = time.monotonic() + within
        while time.monotonic() < give_up_at and not self._are_shown():
            time.sleep(PAUSE_SECONDS)

    def _are_shown(self) -> bool:
        try:
            with self.rig.database() as connection:
                return all(
                    connection.execute(NEWEST, [viewer.slot.incident]).fetchall()[0][0] <= viewer.newest
                    for viewer in self.each
                )
        except psycopg.Error:
            return False
