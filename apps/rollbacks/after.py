"""What begins when a run ends: the checklists of its playbook."""

from __future__ import annotations

from datetime import datetime, timedelta

from apps.checklists import lifecycle as checklists
from apps.playbooks.definition import ChecklistItem
from apps.playbooks.library import definition_of
from apps.rollbacks.models import Rollback
from apps.timeline.clock import database_now
from apps.timeline.log import SYSTEM


def open_checklists(run: Rollback) -> None:
    """Open every checklist that the run's own revision of the playbook names for afterwards, with due times."""
    definition = definition_of(run.revision)
    now = database_now()
    for checklist in definition.checklists:
        if checklist.when == "after":
            items = [
                {"text": item.text, "role": item.role, "due_at": _due(item, now), "hint": ""}
                for item in checklist.items
            ]
            checklists.open_for(run.incident, run.pk, checklist.title, items, by=SYSTEM)


def _due(item: ChecklistItem, now: datetime) -> datetime | None:
    if item.due_minutes:
        return now + timedelta(minutes=item.due_minutes)
    if item.due_business_days:
        return business_days_after(now, item.due_business_days)
    return None


def business_days_after(now: datetime, days: int) -> datetime:
    """Return the same time of day, `days` working days later (Monday to Friday)."""
    while days:
        now += timedelta(days=1)
        if now.weekday() < 5:
            days -= 1
    return now
