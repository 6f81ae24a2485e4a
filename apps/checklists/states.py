"""What a tick makes of an item."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apps.timeline.answers import Unacceptable

if TYPE_CHECKING:
    from apps.checklists.models import Item

OPEN, DONE, NOT_APPLICABLE, UNDONE = "open", "done", "not_applicable", "undone"
BECOMES = {DONE: DONE, NOT_APPLICABLE: NOT_APPLICABLE, UNDONE: OPEN}  # result of a tick → state of the item


def move(item: Item, result: str) -> None:
    """Give the item the state that this result means; the caller saves it. Raises Unacceptable for an unknown one."""
    if result not in BECOMES:
        raise Unacceptable("The result is done, not_applicable or undone.", field="result")
    item.state = BECOMES[result]
