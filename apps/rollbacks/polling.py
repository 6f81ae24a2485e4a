"""What every worker does by itself, with Postgres alone: beat its heart, find what is due, and do the chores.

It goes on with the broker gone, and nothing depends on beat.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError, connections, transaction
from django.db.models import Q
from django.db.models.functions import Now

from apps.approvals import overdue
from apps.checks import probing
from apps.deployments import probing as targets
from apps.providers import anchor_webhooks
from apps.rollbacks import engine, leases, restored, spool, watching
from apps.rollbacks.epoch import SCHEMA_EPOCH
from apps.rollbacks.events import CANCELLED, EXPIRED, FAILED, REJECTED, SUCCEEDED
from apps.rollbacks.models import Rollback, Worker
from apps.timeline import anchoring, checking
from apps.timeline.clock import database_now

logger = logging.getLogger(__name__)

AT_ONCE = 8
FRESH_SECONDS = 15


@dataclass(frozen=True)
class Chore:
    """Something every worker does now and then in a thread of its own. Safe to do twice or at the same time."""

    name: str
    every_seconds: float
    do: Callable[[], Any]


CHORES: list[Chore] = []


def every(seconds: float, name: str, do: Callable[[], Any]) -> None:
    """Register a chore; called from an app's ready()."""
    CHORES.append(Chore(name, seconds, do))


def due() -> list[UUID]:
    """Return the rollbacks that somebody should advance now, the longest waiting first."""
    free = Q(lease_expires_at=None) | Q(lease_expires_at__lt=Now())
    lapsed = Q(lease_expires_at__lt=Now())
    waiting = Rollback.objects.active().filter(free).filter(Q(wake_at__lte=Now()) | lapsed)
    return list(waiting.order_by("wake_at").values_list("pk", flat=True)[:100])


def advance_due() -> int:
    """Advance everything that is due, one after the other. Returns how many were really advanced."""
    leases.free_the_dead()
    return sum(engine.advance(rollback_id) for rollback_id in due())


def beat(details: dict[str, Any] | None = None) -> None:
    """Write that this process is alive."""
    now = database_now()
    Worker.objects.update_or_create(
        owner=leases.owner(),
        defaults={"beat_at": now, "schema_epoch": SCHEMA_EPOCH, "details": details or {}},
        create_defaults={
            "started_at": now,
            "beat_at": now,
            "schema_epoch": SCHEMA_EPOCH,
            "details": details or {},
        },
    )
    with transaction.atomic():
        Worker.objects.filter(beat_at__lt=Now() - timedelta(days=1)).delete()


def workers_alive() -> int:
    """Return how many worker processes have beaten lately."""
    return Worker.objects.filter(beat_at__gt=Now() - timedelta(seconds=FRESH_SECONDS)).count()


class Poll:
    """The loop of one worker process. `start` returns at once; `stop` waits for what is under way."""

    def __init__(self) -> None:
        self.stopping = threading.Event()
        self.threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="poll")
        self.busy: set[UUID] = set()
        self.lock = threading.Lock()
        self.standing = False
        self.loops = [threading.Thread(target=self._run, name="poll", daemon=True)]
        self.loops += [
            threading.Thread(target=self._chore, args=[chore], name=chore.name, daemon=True) for chore in CHORES
        ]

    def start(self) -> None:
        """Begin polling."""
        RUNNING.append(self)
        for loop in self.loops:
            loop.start()

    def stop(self) -> None:
        """Take no new work, and wait for what is under way."""
        self.stopping.set()
        RUNNING.remove(self)
        self.threads.shutdown(wait=True, cancel_futures=True)

    def _run(self) -> None:
        while not self.stopping.is_set():
            began = time.monotonic()
            try:
                beat()
                self._stand()
                leases.free_the_dead()
                for rollback_id in due():
                    self._advance(rollback_id)
            except DatabaseError as away:
                self.standing = False
                logger.warning("The poll could not read (%s); it goes on.", type(away).__name__)
            finally:
                connections.close_all()
            self.stopping.wait(max(0.05, settings.ENGINE_POLL_SECONDS - (time.monotonic() - began)))

    def _stand(self) -> None:
        """Before anything is advanced, and whenever Postgres was away: is it still the database we know?"""
        if not self.standing:
            restored.hold_after_restore()
            self.standing = True

    def _advance(self, rollback_id: UUID) -> None:
        with self.lock:
            if rollback_id in self.busy:
                return
            self.busy.add(rollback_id)
        self.threads.submit(self._advance_one, rollback_id)

    def _advance_one(self, rollback_id: UUID) -> None:
        try:
            engine.advance(rollback_id)
        except DatabaseError as away:
            logger.warning("Postgres is away (%s); the poll tries again.", type(away).__name__)
        finally:
            with self.lock:
                self.busy.discard(rollback_id)
            connections.close_all()

    def _chore(self, chore: Chore) -> None:
        while not self.stopping.is_set():
            try:
                chore.do()
            except Exception:
                logger.exception("The chore “%s” failed; it is done again in %s s.", chore.name, chore.every_seconds)
            finally:
                connections.close_all()
            self.stopping.wait(chore.every_seconds)


RUNNING: list[Poll] = []


def is_standing() -> bool:
    """Say whether the polls of this process know the database they work on."""
    return all(poll.standing for poll in RUNNING)


def stop_all() -> None:
    """Stop every poll of this process."""
    for poll in list(RUNNING):
        poll.stop()


every(5, "overdue questions", overdue.close_overdue)
every(5, "outside probe", probing.probe_due)
every(15, "known-good targets", targets.probe_due)
every(5, "spool", spool.bring_in)
every(30, "finished runs", watching.watch_finished)
every(
    anchoring.TICK_SECONDS,
    "anchors",
    partial(anchoring.anchor_due, [kind.name for kind in (SUCCEEDED, FAILED, CANCELLED, REJECTED, EXPIRED)]),
)
every(anchoring.TICK_SECONDS, "anchors for webhooks", anchor_webhooks.hand_on_anchors)
every(600, "daily check of the record", checking.check_daily)
