"""What happens to a checklist: it is opened, and people tick its items. Every tick is kept; the newest one counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import transaction

from apps.accounts.models import Person
from apps.checklists import events
from apps.checklists.models import Checklist, Item, Tick
from apps.checklists.permissions import may_tick
from apps.checklists.states import DONE, NOT_APPLICABLE, UNDONE, move
from apps.incidents.models import Incident
from apps.incidents.texts import plain
from apps.timeline.answers import Unacceptable
from apps.timeline.log import record

TEXT_LIMIT = 4000  # characters of a note, and of evidence
SAID = {DONE: events.DONE, NOT_APPLICABLE: events.NOT_APPLICABLE, UNDONE: events.UNDONE}


@transaction.atomic
def open_for(
    incident: Incident, rollback_id: UUID | None, title: str, items: Sequence[Mapping[str, Any]], *, by: Any
) -> Checklist:
    """Open a list for an incident, usually when its rollback ends. Items are `{text, role?, due_at?, hint?}`.

    Opening the same title for the same rollback again returns the first one: a repeated wake-up opens no second.
    """
    Incident.objects.select_for_update(no_key=True).get(pk=incident.pk)
    if again := Checklist.objects.filter(incident=incident, rollback_id=rollback_id, title=title).first():
        return again
    checklist = Checklist.objects.create(
        organisation_id=incident.organisation_id,
        incident=incident,
        rollback_id=rollback_id,
        title=title,
        position=incident.checklists.count() + 1,
    )
    Item.objects.bulk_create(
        Item(
            organisation_id=incident.organisation_id,
            checklist=checklist,
            position=position,
            text=item["text"],
            hint=item.get("hint") or "",
            role=item.get("role") or "",
            due_at=item.get("due_at"),
        )
        for position, item in enumerate(items, start=1)
    )
    count = f"{len(items)} item" + ("" if len(items) == 1 else "s")
    record(events.OPENED, checklist, by=by, incident=incident, title=title, count=count)
    return checklist


@transaction.atomic
def tick(item: Item, *, by: Person, result: str, note: str = "", evidence: str = "") -> Tick:
    """Say that an item is done, does not apply, or is open again after all. Raises Forbidden or Unacceptable.

    A press without words on an item that is so already changes nothing: a double press is one tick, and of two people
    at once the first one has ticked it.
    """
    item = Item.objects.select_for_update(of=("self",)).select_related("checklist").get(pk=item.pk)
    may_tick(by, item).or_refuse()
    note = plain(note, "note", limit=TEXT_LIMIT, required=False)
    evidence = plain(evidence, "evidence", limit=TEXT_LIMIT, required=False)
    if (newest := item.ticks.first()) and _same(newest, by, result, note, evidence):
        return newest
    if newest is None and result == UNDONE:
        raise Unacceptable("Nobody has ticked this item yet, so there is nothing to take back.", field="result")
    move(item, result)
    item.save(update_fields=["state"])
    ticked = Tick.objects.create(
        organisation_id=item.organisation_id,
        item=item,
        person=by,
        result=result,
        note=note,
        evidence=evidence,
    )
    record(
        SAID[result],
        item,
        by=by,
        incident=item.checklist.incident_id,
        text=item.text,
        note=f" – {note}" if note else "",
        evidence=evidence,
        checklist=item.checklist.title,
    )
    return ticked


def _same(tick: Tick, by: Person, result: str, note: str, evidence: str) -> bool:
    if tick.result != result:
        return False
    return not (note or evidence) or (tick.person_id, tick.note, tick.evidence) == (by.pk, note, evidence)
