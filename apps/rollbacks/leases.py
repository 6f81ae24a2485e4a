"""Who advances a rollback now: a lease with a fence, both in the row, both by the database's clock.

A lease is never proof; the fence is. Whoever holds an older fence can write nothing (migration 0002).
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.models import Func, TextField, Value
from django.db.models.functions import Now

from apps.rollbacks.epoch import SCHEMA_EPOCH
from apps.rollbacks.models import Rollback
from apps.rollbacks.states import ACTIVE
from apps.timeline.clock import clock_timestamp, standing_at
from apps.timeline.writing import committed_together

logger = logging.getLogger(__name__)


class LeaseLost(Exception):
    """Somebody else advances this rollback now: stop, and write nothing more."""


class Exhausted(Exception):
    """This machine cannot give what a run needs, such as one more thread; nothing was looked at or sent."""


@dataclass(frozen=True)
class Lease:
    """The right to advance one rollback. `until` is on this process's monotonic clock and errs on the early side."""

    rollback_id: UUID
    organisation_id: UUID
    fence: int
    owner: str


@cache
def owner() -> str:
    """Return what identifies this process for ever: host, boot, pid namespace, pid and start time."""
    return "|".join((socket.gethostname(), _boot_id(), _namespace(), str(os.getpid()), start_time(os.getpid())))


os.register_at_fork(after_in_child=lambda: owner.cache_clear())


def _boot_id() -> str:
    path = Path("/proc/sys/kernel/random/boot_id")
    return path.read_text().strip() if path.exists() else "unknown-boot"


def _namespace() -> str:
    try:
        return os.readlink("/proc/self/ns/pid")
    except OSError:
        return "unknown-namespace"


def start_time(pid: int) -> str:
    """Return the start time of a process in clock ticks since boot, or an empty text when there is none."""
    return _of_process(pid)[1]


def _of_process(pid: int) -> tuple[str, str]:
    """The state letter and the start time that the kernel tells of a process; empty when there is none (proc(5))."""
    try:
        facts = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return ("", "") if facts[0] in "ZX" else (facts[0], facts[19])
    except (OSError, IndexError):
        return "", ""


def _lived_here(other: str) -> bool:
    mine, theirs = owner().split("|"), other.split("|")
    known = len(theirs) == 5 and "unknown" not in theirs[1] and "unknown" not in theirs[2]
    return known and theirs[:3] == mine[:3]


def is_proved_dead(other: str) -> bool:
    """Say whether the owner `other` lived on this host, boot and namespace and is certainly gone."""
    if not _lived_here(other):
        return False
    _, _, _, pid, started = other.split("|")
    return start_time(int(pid)) != started


def end_if_stopped(other: str) -> bool:
    """End the process of an owner that is stopped on this host (SIGSTOP), and say whether it was.

    It could be woken between its last check and its request, and then send what somebody else is clearing up.
    """
    if not other or other == owner() or not _lived_here(other):
        return False
    _, _, _, pid, started = other.split("|")
    if _of_process(int(pid)) not in {("T", started), ("t", started)}:
        return False
    try:
        os.kill(int(pid), signal.SIGKILL)
    except ProcessLookupError:
        return True
    except PermissionError:
        logger.warning("The worker %s is stopped and belongs to another user: it cannot be ended.", pid)
        return False
    logger.warning("The worker %s was stopped while it held a run; it was ended before its run is taken over.", pid)
    return True


def acquire(rollback_id: UUID) -> Lease | None:
    """Take the lease in one statement, with a new fence; None when somebody holds it or there is nothing to advance.

    None as well when the database is of another schema epoch than this code: newer code has to take it.
    """
    try:
        row = _take(rollback_id)
    except DatabaseError as refused:
        if getattr(refused.__cause__, "sqlstate", "") != "RG014":
            raise
        _tell_of_the_epoch()
        return None
    if row is None:
        return None
    organisation_id, fence, before = row
    end_if_stopped(before)
    return Lease(rollback_id, organisation_id, fence, owner())


@cache
def _tell_of_the_epoch() -> None:
    """Once for each process: the poll asks every second."""
    logger.error(
        "This worker's code is of schema epoch %s and the database is of another. It takes no rollback. Restart it "
        "with the code that the database was migrated for.",
        SCHEMA_EPOCH,
    )


def _take(rollback_id: UUID) -> tuple[UUID, int, str] | None:
    with connection.cursor() as cursor:
        cursor.execute(
            """UPDATE rollbacks_rollback
                  SET fence = fence + 1, lease_owner = %s, lease_epoch = %s, wake_at = NULL,
                      lease_expires_at = clock_timestamp() + make_interval(secs => %s)
                WHERE id = %s AND state = ANY(%s)
                  AND (lease_expires_at IS NULL OR lease_expires_at < clock_timestamp())
            RETURNING organisation_id, fence, old.lease_owner""",
            [owner(), SCHEMA_EPOCH, settings.ENGINE_LEASE_SECONDS, rollback_id, sorted(ACTIVE)],
        )
        return cursor.fetchone()


def renew(lease: Lease) -> bool:
    """Make the lease last again; False when the fence has moved on."""
    with connection.cursor() as cursor:
        cursor.execute(
            """UPDATE rollbacks_rollback SET lease_expires_at = clock_timestamp() + make_interval(secs => %s)
                WHERE id = %s AND fence = %s AND lease_owner = %s""",
            [settings.ENGINE_LEASE_SECONDS, lease.rollback_id, lease.fence, lease.owner],
        )
        return cursor.rowcount == 1


def release(lease: Lease, wake_in_seconds: float | None) -> None:
    """Give the lease back. `wake_in_seconds` says when the rollback is due again; None: only when somebody wakes it.

    Whoever woke it while the lease was held is not forgotten: the earlier moment counts (LEAST leaves out NULL).
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """UPDATE rollbacks_rollback
                  SET lease_owner = '', lease_expires_at = NULL,
                      wake_at = LEAST(wake_at, clock_timestamp() + make_interval(secs => %s::float8))
                WHERE id = %s AND fence = %s""",
            [wake_in_seconds, lease.rollback_id, lease.fence],
        )


def free_the_dead() -> int:
    """End the leases of owners that are proved dead, so that their runs go on at once. Returns how many."""
    held = Rollback.objects.active().exclude(lease_owner="").values_list("pk", "lease_owner")
    freed = 0
    for rollback_id, other in held:
        if is_proved_dead(other):
            freed += Rollback.objects.filter(pk=rollback_id, lease_owner=other).update(
                lease_expires_at=None, lease_owner="", wake_at=Now()
            )
    return freed


@contextmanager
def fenced(lease: Lease) -> Iterator[Rollback]:
    """A transaction that may write for this lease: the row is locked and the fence compared, or LeaseLost."""
    said = Func(
        Value("app.fence"), Value(str(lease.fence)), Value(True), function="set_config", output_field=TextField()
    )
    rows = Rollback.objects.select_for_update(no_key=True).annotate(said_fence=said, now=clock_timestamp())
    with committed_together():
        rollback = rows.get(pk=lease.rollback_id)
        if rollback.fence != lease.fence:
            raise LeaseLost
        with standing_at(rollback.now):
            yield rollback


class Heartbeat:
    """Renews a lease from a thread, but only while the work shows progress: each phase has its own deadline."""

    def __init__(self, lease: Lease) -> None:
        self.lease = lease
        self.deadline = time.monotonic() + settings.ENGINE_CALL_SECONDS
        self.lease_until = time.monotonic() + settings.ENGINE_LEASE_SECONDS
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self._beat, name=f"heartbeat-{lease.rollback_id}", daemon=True)

    def __enter__(self) -> Heartbeat:
        try:
            self.thread.start()
        except RuntimeError as error:  # "can't start new thread": the machine's or the container's limit is reached
            raise Exhausted(str(error)) from error
        return self

    def __exit__(self, *_: Any) -> None:
        self.stop.set()
        self.thread.join(5)

    def phase(self, seconds: float) -> None:
        """Promise that the next phase takes no longer than `seconds`."""
        self.deadline = time.monotonic() + seconds

    def secure(self, seconds: float) -> None:
        """Make sure that the lease lasts for `seconds`, or for most of its length. Raises LeaseLost."""
        if self.covers(min(seconds, settings.ENGINE_LEASE_SECONDS * 5 / 6)):
            return
        begun = time.monotonic()
        if not renew(self.lease):
            raise LeaseLost
        self.lease_until = begun + settings.ENGINE_LEASE_SECONDS

    def covers(self, seconds: float) -> bool:
        """Say whether the lease certainly lasts for `seconds` more."""
        return time.monotonic() + seconds < self.lease_until

    def _beat(self) -> None:
        while not self.stop.wait(settings.ENGINE_HEARTBEAT_SECONDS):
            begun = time.monotonic()
            if begun > self.deadline:
                return
            try:
                if not renew(self.lease):
                    return
                self.lease_until = begun + settings.ENGINE_LEASE_SECONDS
            except DatabaseError:
                continue  # the lease runs out by itself when Postgres stays away
            finally:
                connection.close()
