"""What the end of a run means for its incident: it can always be resolved, or rolled back again."""

from __future__ import annotations

from typing import Any

import pytest

from apps.incidents import lifecycle as incidents
from apps.rollbacks import lifecycle

ONLY_HOSTING = """
version: 1
slug: only-hosting
name: Only the application
approvals: {all_of: [founder, client-success-lead]}
steps:
  - {name: Put the previous version back, use: hosting.rollback, with: {deployment: "{target.reference}"}}
"""


def test_a_failed_rollback_gives_the_incident_back_to_people(stage: Any) -> None:
    rollback = stage.approve(stage.propose(ONLY_HOSTING))
    stage.outside.fault(kind="status", slug="vercel", status=422, times=9)
    assert stage.run(rollback).state == "failed"
    stage.incident.refresh_from_db()
    assert stage.incident.state == "identified"
    assert incidents.resolve(stage.incident, by=stage.rae).state == "resolved"


@pytest.mark.parametrize("begun", [False, True], ids=["queued", "paused"])
def test_a_cancelled_rollback_gives_the_incident_back_to_people(stage: Any, begun: bool) -> None:
    rollback = stage.approve(stage.propose(ONLY_HOSTING))
    stage.incident.refresh_from_db()
    assert stage.incident.state == "rolling_back"
    if begun:
        lifecycle.pause(rollback, by=stage.rae, reason="Look first")
        rollback = stage.run(rollback)
    lifecycle.cancel(rollback, by=stage.rae, reason="The fix is out")
    assert stage.run(rollback).state == "cancelled"
    stage.incident.refresh_from_db()
    assert stage.incident.state == "identified"
