"""What the holder of a run takes for granted when it writes without asking first, and how Postgres checks it."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

from django.db import DatabaseError, connection

from apps.rollbacks.models import Rollback

T = TypeVar("T")
Deed = Callable[[Rollback], T]
Lost = Callable[[], object]

# What others may change while we hold the lease.
CHANGING = ("state", "fence", "pause_requested", "cancel_requested", "compensating", "first_call_at", "decisions")
COLUMNS = ", ".join(CHANGING)
READ = f"SELECT clock_timestamp(), {COLUMNS} FROM rollbacks_rollback WHERE id = %s"  # nosec B608 # only names of ours are put in
LOCK = f"""SELECT clock_timestamp(), {COLUMNS}, set_config('app.fence', %s, true)
             FROM rollbacks_rollback WHERE id = %s FOR NO KEY UPDATE"""  # nosec B608 # only names of ours are put in
# Locks the row like LOCK, and refuses (RG020) when the row or the time is not what we take it for.
KNOWN = f"""WITH run AS (
    SELECT FROM rollbacks_rollback
     WHERE id = %s AND {" AND ".join(f"{name} IS NOT DISTINCT FROM %s" for name in CHANGING)} FOR NO KEY UPDATE
  )
  SELECT clock_timestamp(), set_config('app.fence', %s, true), set_config('app.chain_at_once', 'on', true),
         demand_as_known(EXISTS (SELECT FROM run) AND extract(epoch FROM clock_timestamp() - %s) BETWEEN 0 AND %s)"""  # nosec B608 # only names of ours are put in
CLOCKS_APART = 0.2  # seconds
NOT_AS_KNOWN = "RG020"


class LookAgain(Exception):
    """What was sent without asking was refused, for the rows are not as they were known: decide anew."""


class Asks(Exception):
    """A deed that was to write only wants to ask Postgres something."""


class Clock:
    """The database's time, reckoned by our own clock since Postgres told it last; never ahead of it."""

    def __init__(self) -> None:
        self._zero: datetime | None = None  # the database's time when our own clock began, or a little before

    @property
    def is_known(self) -> bool:
        """Say whether Postgres has told the time yet."""
        return self._zero is not None

    def now(self) -> datetime:
        """Return the time. Nobody relies on it alone: Postgres compares it when it is written."""
        assert self._zero
        return self._zero + timedelta(seconds=time.monotonic())

    def told(self, moment: datetime) -> None:
        """Take the time from an answer, which always comes a little after it was read."""
        zero = moment - timedelta(seconds=time.monotonic())
        self._zero = max(self._zero, zero) if self._zero else zero


def is_stale(error: DatabaseError) -> bool:
    """Say whether Postgres refused because something is not as it was known."""
    return getattr(error.__cause__, "sqlstate", "") == NOT_AS_KNOWN


def give_up(lost: Lost) -> None:
    """Part from a connection of which nobody knows what it has written."""
    connection.close()
    lost()
