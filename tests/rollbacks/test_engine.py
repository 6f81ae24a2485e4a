"""A rollback from proposal to proof, on the simulated outside."""

from __future__ import annotations

from typing import Any

from apps.rollbacks.models import Attempt
from apps.timeline.models import Event


def test_an_approved_rollback_changes_each_thing_once_and_proves_it(stage: Any) -> None:
    rollback = stage.propose()
    assert rollback.state == "awaiting_approval"
    assert stage.outside.effects() == []

    rollback = stage.run(stage.approve(rollback))

    assert rollback.state == "succeeded", [(s.position, s.state, s.message) for s in rollback.steps.all()]
    assert [step.state for step in rollback.steps.all()] == ["succeeded"] * 5
    states = set(Attempt.objects.filter(rollback=rollback).values_list("state", flat=True))
    assert states <= {"succeeded", "reconciled_applied"}
    stage.environment.refresh_from_db()
    assert stage.environment.live == stage.good
    seqs = list(Event.objects.filter(organisation=stage.organisation).order_by("seq").values_list("seq", flat=True))
    assert seqs == list(range(1, len(seqs) + 1))
