"""After the end of a run: what changes behind its back is told once, what is meant to change is not."""

from __future__ import annotations

from typing import Any

from apps.rollbacks.models import Rollback
from apps.rollbacks.watching import watch_finished
from apps.timeline.models import Event
from tests.rollbacks.test_outside import ONLY_HOSTING


def told(rollback: Rollback) -> list[str]:
    events = Event.objects.filter(kind="rollback.drifted", subject_id=str(rollback.pk))
    return list(events.values_list("text", flat=True))


def somebody_moves_production(stage: Any) -> None:
    stage.outside.do("vercel", "move", project="prj_portal", deployment=stage.bad.reference)
    stage.outside.advance(30)


def test_what_stays_as_it_was_proven_is_not_told(stage: Any) -> None:
    rollback = stage.run(stage.approve(stage.propose()))
    assert rollback.state == "succeeded"
    assert watch_finished() == 0
    assert told(rollback) == []


def test_a_change_behind_its_back_is_told_once(stage: Any) -> None:
    rollback = stage.run(stage.approve(stage.propose(ONLY_HOSTING)))
    somebody_moves_production(stage)
    assert watch_finished() == 1
    assert watch_finished() == 0
    assert len(told(rollback)) == 1
    assert "what step 1 changed is different now" in told(rollback)[0]


def test_a_later_run_of_the_environment_changes_it_on_purpose(stage: Any) -> None:
    first = stage.run(stage.approve(stage.propose(ONLY_HOSTING)))
    stage.incident.environment.refresh_from_db()
    stage.approve(stage.propose(ONLY_HOSTING.replace("only-hosting", "again"), target=stage.bad))
    somebody_moves_production(stage)
    watch_finished()
    assert told(first) == []


def test_a_provider_that_cannot_be_asked_is_no_change(stage: Any) -> None:
    rollback = stage.run(stage.approve(stage.propose(ONLY_HOSTING)))
    somebody_moves_production(stage)
    stage.outside.fault(kind="status", slug="vercel", status=503, reads=True, times=9)
    assert watch_finished() == 0
    assert told(rollback) == []
