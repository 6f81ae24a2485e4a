"""The numbered lines of a run: what was sent, answered and seen. Collected during a call, written with its result."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from django.db.models import Subquery, Value
from django.db.models.functions import Coalesce

from apps.providers import http
from apps.rollbacks.models import LogLine, Rollback

Line = tuple[datetime, str, str]
MARKS = ("→", "←", "✕")


class Journal:
    """Lines of one phase, without secrets: the HTTP module has redacted them already."""

    def __init__(self) -> None:
        self.lines: list[Line] = []

    def note(self, text: str) -> None:
        """Add a line; a leading arrow becomes its direction."""
        direction = text[0] if text.startswith(MARKS) else ""
        self.lines.append((datetime.now(UTC), direction, text[2:] if direction else text))

    @contextmanager
    def listening(self) -> Iterator[Callable[[str], None]]:
        """Collect every exchange with the outside in the block."""
        with http.listening(self.note):
            yield self.note

    def write(self, rollback: Rollback, position: int) -> None:
        """Number the lines and write them; the caller holds the rollback's row, so numbers have no gap."""
        if not self.lines:
            return
        newest = LogLine.objects.filter(rollback=rollback).order_by("-number").values("number")[:1]
        LogLine.objects.bulk_create(
            LogLine(
                organisation_id=rollback.organisation_id,
                rollback=rollback,
                number=Coalesce(Subquery(newest), 0) + Value(number),
                position=position,
                at=at,
                direction=direction,
                text=text[:2000],
            )
            for number, (at, direction, text) in enumerate(self.lines, start=1)
        )
        self.lines.clear()
