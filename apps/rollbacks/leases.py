"""Who advances a rollback now: a lease with a fence, both in the row, both by the database's clock.

A lease is never proof; the fence is. Whoever holds an older fence can write nothing (migration 0002).
"""

from __future__ import annotations

import os
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
from django.db import DatabaseError, connection, transaction

from apps.rollbacks.models import Rollback
from apps.rollbacks.states import ACTIVE


class LeaseLost(Exception):
    """Somebody else advances this rollback now: stop, and write nothing more."""


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
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""


def is_proved_dead(other: str) -> bool:
    """Say whether the owner `other` lived on this host, boot and namespace and is certainly gone."""
    mine, theirs = owner().split("|"), other.split("|")
    if len(theirs) != 5 or theirs[:3] != mine[:3] or "unknown" in theirs[1] or "unknown" in theirs[2]:
        return False
    return start_time(int(theirs[3])) != theirs[4]


def acquire(rollback_id: UUID) -> Lease | None:
    """Take the lease in one statement, with a new fence; None when somebody holds it or there is nothing to advance."""
    with connection.cursor() as cursor:
        cursor.execute(
            """UPDATE rollbacks_rollback
                  SET fence = fence + 1, lease_owner = %s,
                      lease_expires_at = clock_timestamp() + make_interval(secs => %s)
                WHERE id = %s AND state = ANY(%s)
                  AND (lease_expires_at IS NULL OR lease_expires_at < clock_timestamp())
            RETURNING organisation_id, fence""",
            [owner(), settings.ENGINE_LEASE_SECONDS, rollback_id, sorted(ACTIVE)],
        )
        row = cursor.fetchone()
    return Lease(rollback_id, row[0], row[1], owner()) if row else None


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
    """Give the lease back. `wake_in_seconds` says when the rollback is due again; None: only when somebody wakes it."""
    with connection.cursor() as cursor:
        cursor.execute(
            """UPDATE rollbacks_rollback
                  SET lease_owner = '', lease_expires_at = NULL,
                      wake_at = CASE WHEN %s::float8 IS NULL THEN NULL
                                     ELSE clock_timestamp() + make_interval(secs => %s::float8) END
                WHERE id = %s AND fence = %s""",
            [wake_in_seconds, wake_in_seconds, lease.rollback_id, lease.fence],
        )


def free_the_dead() -> int:
    """End the leases of owners that are proved dead, so that their runs go on at once. Returns how many."""
    held = Rollback.objects.active().exclude(lease_owner="").values_list("pk", "lease_owner")
    freed = 0
    for rollback_id, other in held:
        if is_proved_dead(other):
            freed += Rollback.objects.filter(pk=rollback_id, lease_owner=other).update(
                lease_expires_at=None, lease_owner=""
            )
    return freed


@contextmanager
def fenced(lease: Lease) -> Iterator[Rollback]:
    """A transaction that may write for this lease: the row is locked and the fence compared, or LeaseLost."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('app.fence', %s, true)", [str(lease.fence)])
        rollback = Rollback.objects.select_for_update(no_key=True).get(pk=lease.rollback_id)
        if rollback.fence != lease.fence:
            raise LeaseLost
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
        self.thread.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self.stop.set()
        self.thread.join(5)

    def phase(self, seconds: float) -> None:
        """Promise that the next phase takes no longer than `seconds`."""
        self.deadline = time.monotonic() + seconds

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
