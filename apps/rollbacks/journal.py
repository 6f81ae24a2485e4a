"""The numbered lines of a run: what was sent, answered and seen. Collected during a call, written with its result."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count

from django.db.models import Max

from apps.providers import http
from apps.rollbacks.models import LogLine, Rollback
from apps.timeline.writing import insert

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

    def write(self, rollback: Rollback, position: int, numbers: Iterator[int]) -> None:
        """Write the lines with the next of the run's numbers; the caller holds the rollback's row, so none lacks."""
        for at, direction, text in self.lines:
            insert(
                LogLine(
                    organisation_id=rollback.organisation_id,
                    rollback=rollback,
                    number=next(numbers),
                    position=position,
                    at=at,
                    direction=direction,
                    text=text[:2000],
                )
            )


def next_numbers(rollback: Rollback) -> Iterator[int]:
    """Return the numbers that come after the run's newest line."""
    newest = LogLine.objects.filter(rollback=rollback).aggregate(newest=Max("number"))["newest"] or 0
    return count(newest + 1)
