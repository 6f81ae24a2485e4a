"""Hear what providers report by themselves: a run that uses the connection looks at once instead of a little later."""

from __future__ import annotations

from typing import Any

from apps.providers.models import Connection
from apps.rollbacks import waking
from apps.rollbacks.approved import steps_of
from apps.rollbacks.models import Rollback
from apps.rollbacks.states import RollbackState
from apps.timeline.clock import database_now

LISTENING = (RollbackState.RUNNING, RollbackState.CANCELLING)


def hear(sender: Any, *, connection: Connection, **_: Any) -> None:
    """Wake the runs whose plan uses this connection, in the transaction that takes the report.

    A run whose row is locked is being advanced just now and looks anyway: it gets only the hint.
    """
    runs = Rollback.objects.filter(organisation_id=connection.organisation_id, state__in=LISTENING)
    concerned = [run for run in runs.select_related("plan") if _uses(run, connection)]
    free = Rollback.objects.select_for_update(no_key=True, skip_locked=True).order_by("pk")
    for run in free.filter(pk__in=[each.pk for each in concerned]):
        run.wake_at = database_now()
        run.save(update_fields=["wake_at"])
    for run in concerned:
        waking.wake(run)


def _uses(run: Rollback, connection: Connection) -> bool:
    planned = (step.said.get("connection") or {} for step in steps_of(run).values())
    return any(each.get("id") == str(connection.pk) for each in planned)
