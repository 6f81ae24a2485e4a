"""Who may tick, with the reason when not."""

from __future__ import annotations

from typing import Any

from apps.accounts.permissions import may
from apps.accounts.rights import TICK
from apps.checklists.models import Item
from apps.timeline.answers import Answer


def may_tick(by: Any, item: Item) -> Answer:
    """Answer whether `by` may tick the item; roles named on items say whose job it is, not who may help."""
    return may(by, TICK, item)
