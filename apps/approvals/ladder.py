"""The ladder of a question: whom to call after how many minutes while nobody has decided (S5-51)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from apps.approvals.models import Question, Rung


def raise_ladder(question: Question, ladder: Sequence[Mapping[str, Any]], asked_at: datetime) -> None:
    """Write one rung per entry of `ladder` ({"minutes", "roles"}), counted from when the question was asked."""
    ordered = sorted(ladder, key=lambda each: each["minutes"])
    Rung.objects.bulk_create(
        Rung(
            organisation_id=question.organisation_id,
            question=question,
            position=position,
            roles=list(each["roles"]),
            at=asked_at + timedelta(minutes=each["minutes"]),
        )
        for position, each in enumerate(ordered, start=1)
    )
