"""A backup is restored after a campaign (F20): the copy does not know what was sent, so nothing may be sent from it.

The copy is made when a run was agreed to and no worker has taken it. Then the run comes to its end, and the copy takes
the place of the database: in it the run is still to be begun.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import psycopg

from tests.faults.checks.record import ANCHORS
from tests.faults.clients import Clients
from tests.faults.collecting import journal_in
from tests.faults.rig import VERSIONS, WORKERS, Rig, Slot
from tests.faults.written import read_anchors

PATIENCE_SECONDS = 60.0
WATCHED_SECONDS = 6.0  # more than enough for a worker to take up a run that is due
THAWED = "SELECT count(*) FROM deployments_freezeswitch WHERE NOT frozen"
STATE = "SELECT state FROM rollbacks_rollback WHERE id = %s"
NEWEST = "SELECT organisation_id::text, max(seq) FROM timeline_event WHERE subject_id = %s GROUP BY 1"


@dataclass(frozen=True)
class Restored:
    """What was seen: how the run ended before, its requests before and after, and how many environments are open."""

    ended: str
    before: int
    after: int
    open_environments: int


def flaws(seen: Restored) -> Iterator[str]:
    """Yield a sentence for whatever is not as it must be after a restore."""
    if seen.ended != "succeeded" or not seen.before:
        yield f"The run before the restore ended {seen.ended} with {seen.before} requests: nothing was tried."
    if seen.after:
        yield f"After the restore {seen.after} requests were sent for a run that had been done already."
    if seen.open_environments:
        yield f"After the restore rollbacks are not frozen in {seen.open_environments} environments."


def restored(rig: Rig, clients: Clients) -> Restored:
    """Do it on a rig whose processes have all ended; leaves them ended. Raises TimeoutError when it takes too long."""
    rig.start("web")
    rig.wait_for_web()
    rollback = _agreed(rig, clients, rig.slots[0])
    rig.kill("web")
    before = _newest_request(rig)
    backup = rig.databases.copied()
    for name in WORKERS:
        rig.start(name)
    ended = _wait(lambda: _state(rig, rollback))
    _wait(lambda: _is_anchored(rig, rollback))
    _end_workers(rig)
    sent, then = _sent(rig, before), _newest_request(rig)
    rig.databases.put_back(backup)
    for name in WORKERS:
        rig.start(name)
    until = time.monotonic() + WATCHED_SECONDS
    while time.monotonic() < until:
        time.sleep(0.2)  # that nothing happens has to be waited for
    _end_workers(rig)
    with rig.database() as connection:
        thawed = connection.execute(THAWED).fetchall()[0][0]
    return Restored(ended, sent, _sent(rig, then), thawed)


def _agreed(rig: Rig, clients: Clients, slot: Slot) -> str:
    """Propose a message to the team and let both agree; returns the run's id."""
    people = rig.people[slot.organisation]
    for version in VERSIONS:  # one of them is live
        body = {"playbook": "tell", "target": version}
        said = clients.post("propose", people["commander"], f"/incidents/{slot.incident}/rollbacks", body)
        if said.type == "ok":
            break
    assert said.type == "ok", said
    rollback = str(said.body["id"])
    vote = {"decision": "approve", "plan_hash": said.body["plan_hash"]}
    for who in ("founder", "success"):
        clients.post("approve", people[who], f"/rollbacks/{rollback}/approvals", vote, rollback=rollback)
    return rollback


def _end_workers(rig: Rig) -> None:
    for name in WORKERS:
        rig.kill(name)


def _state(rig: Rig, rollback: str) -> str:
    """Return how the run ended, or an empty text."""
    with rig.database() as connection:
        state = str(connection.execute(STATE, [rollback]).fetchall()[0][0])
    return state if state in {"succeeded", "failed", "cancelled", "needs_operator"} else ""


def _is_anchored(rig: Rig, rollback: str) -> bool:
    with rig.database() as connection:
        organisation, newest = connection.execute(NEWEST, [rollback]).fetchall()[0]
    anchors = read_anchors(rig.folder / "data" / "anchors" / ANCHORS)
    return any(anchor.organisation == organisation and anchor.seq >= newest for anchor in anchors)


def _newest_request(rig: Rig) -> int:
    return max((entry["id"] for entry in journal_in(rig.folder / "simulators")), default=0)


def _sent(rig: Rig, after: int) -> int:
    """Return how many requests of attempts came after one; calls for votes may come again, and harm nobody."""
    with rig.database() as connection:
        attempts = {row[0] for row in connection.execute("SELECT id::text FROM rollbacks_attempt").fetchall()}
    journal = journal_in(rig.folder / "simulators")
    return sum(1 for entry in journal if entry["id"] > after and entry["attempt_id"] in attempts)


def _wait(found: Callable[[], Any]) -> Any:
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < give_up_at:
        try:
            if what := found():
                return what
        except psycopg.Error:
            pass  # it is just coming back
        time.sleep(0.2)  # other processes decide; there is nothing to wait on
    raise TimeoutError("The run before the restore did not come to its end, or was not anchored.")
