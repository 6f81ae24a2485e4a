"""What a fork of the zygote is for a while: one that advances a run until it rests or dies, or one that only burns."""

from __future__ import annotations

import time
from uuid import UUID

from django.db import OperationalError

from apps.rollbacks import engine
from apps.rollbacks.models import Rollback
from apps.timeline.clock import database_now

RESTING = frozenset({"succeeded", "failed", "cancelled", "needs_operator", "paused"})
NAP_SECONDS = 0.1


def burn(*, seconds: float) -> None:
    """Take a processor for so long."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        pass


def advance(*, rollback: str, within: float) -> str:
    """Advance a run to its rest; returns its state. Dies on the way where the environment's FAILPOINT says so."""
    give_up_at = time.monotonic() + within
    while time.monotonic() < give_up_at:
        try:
            engine.advance(UUID(rollback))
            run = Rollback.objects.get(pk=rollback)
        except OperationalError:  # a busy machine lets a connection wait too long; a poll would try again as well
            time.sleep(NAP_SECONDS)
            continue
        if run.state in RESTING:
            return str(run.state)
        rest = (run.wake_at - database_now()).total_seconds() if run.wake_at else NAP_SECONDS
        time.sleep(min(1.0, max(NAP_SECONDS, rest)))  # the run itself says when it is due
    return str(Rollback.objects.get(pk=rollback).state)
