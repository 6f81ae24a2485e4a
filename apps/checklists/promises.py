"""Items with a due time are promises that somebody has to keep."""

from __future__ import annotations

from uuid import UUID

from apps.accounts.places import place_of
from apps.checklists.models import Item
from apps.incidents.following import Promise

SHOWN = 10


def open_items(organisation_id: UUID) -> list[Promise]:
    """Return the open items that are due, the earliest first."""
    rows = Item.objects.filter(organisation_id=organisation_id, state="open", due_at__isnull=False)
    return [
        Promise(item.text, item.due_at, _for_whom(item), _address(item), place_of(item.checklist.incident))
        for item in rows.select_related("checklist__incident").order_by("due_at")[:SHOWN]
        if item.due_at
    ]


def _address(item: Item) -> str:
    return f"{item.checklist.incident.get_absolute_url()}#item-{item.pk}"


def _for_whom(item: Item) -> str:
    return f"{item.role} · {item.checklist.incident.reference}" if item.role else item.checklist.incident.reference
