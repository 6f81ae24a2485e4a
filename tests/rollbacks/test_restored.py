"""A database that is an older copy of itself sends nothing before people have looked."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.conf import settings

from apps.deployments.models import Freeze, FreezeSwitch
from apps.rollbacks import polling, restored, tasks
from apps.rollbacks.models import Ground
from apps.timeline import anchoring
from tests.accounts.factories import OrganisationFactory
from tests.rollbacks.test_outside import ONLY_HOSTING, attempts

EARLIER = "7000000000000000000/00000001"


def restore() -> None:
    """Let the rows say what they said before the cluster came to the timeline it has now."""
    Ground.objects.update_or_create(pk=1, defaults={"stands_on": EARLIER})


def test_the_same_database_is_left_alone(stage: Any) -> None:
    assert not restored.hold_after_restore()
    assert not restored.hold_after_restore()
    assert not Freeze.objects.exists()


def test_after_a_restore_rollbacks_are_frozen_everywhere(stage: Any) -> None:
    other = OrganisationFactory(slug="other")
    restore()
    assert restored.hold_after_restore()
    assert FreezeSwitch.objects.get(environment=stage.environment).frozen
    assert {freeze.organisation_id for freeze in Freeze.objects.all()} == {stage.organisation.pk, other.pk}
    assert "was restored or taken over" in Freeze.objects.all()[0].reason
    assert not restored.hold_after_restore()
    assert Freeze.objects.count() == 2


def test_a_copy_that_lacks_what_was_anchored_is_noticed_too(stage: Any) -> None:
    restored.hold_after_restore()
    assert anchoring.anchor_due()
    assert not restored.hold_after_restore()
    line = json.loads(settings.ANCHOR_FILE.read_text().splitlines()[-1])
    line["seq"] += 1000  # anchored after the copy was made
    with settings.ANCHOR_FILE.open("a") as file:
        file.write(json.dumps(line) + "\n")
    assert restored.hold_after_restore()
    assert FreezeSwitch.objects.get(environment=stage.environment).frozen
    assert not restored.hold_after_restore()


def test_a_run_under_way_waits_for_a_person_after_a_restore(stage: Any) -> None:
    rollback = stage.approve(stage.propose())
    rollback = stage.run(rollback, until=lambda run: run.steps.get(position=1).state == "succeeded")
    restore()
    assert restored.hold_after_restore()
    rollback.refresh_from_db()
    assert rollback.state == "needs_operator"
    assert "Compare the providers" in rollback.reason


def test_what_a_worker_that_died_left_half_done_is_done_by_the_next(stage: Any) -> None:
    restore()
    restored._freeze(restored.REASON.format(before=EARLIER, now=restored._ground()))
    assert restored.hold_after_restore()
    assert Freeze.objects.count() == 1


def test_a_hint_waits_until_the_poll_knows_the_database(stage: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    rollback = stage.approve(stage.propose(ONLY_HOSTING))
    poll = polling.Poll()
    monkeypatch.setattr(polling, "RUNNING", [poll])
    tasks.advance_rollback(str(rollback.pk))
    assert attempts(rollback) == []
    poll._stand()
    tasks.advance_rollback(str(rollback.pk))
    assert attempts(rollback) == ["succeeded"]
