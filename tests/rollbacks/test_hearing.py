"""What a provider reports by itself wakes the runs that use its connection, and no others."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from apps.providers import lifecycle
from apps.providers.models import Connection
from apps.rollbacks.models import Rollback
from apps.timeline.log import SYSTEM
from tests.providers.test_hooks import SECRET, connected, send
from tests.rollbacks.test_outside import ONLY_HOSTING


def test_a_run_that_uses_the_connection_looks_at_once(stage: Any) -> None:
    hosting = Connection.objects.get(organisation=stage.organisation, provider="vercel")
    credentials = {**stage.outside.describe()["vercel"]["credentials"], "webhook_secret": SECRET}
    lifecycle.replace_credentials(hosting, by=SYSTEM, credentials=credentials)
    unused = connected(organisation=stage.organisation, name="Unused")
    rollback = stage.approve(stage.propose(ONLY_HOSTING))
    stage.run(rollback, until=lambda run: run.steps.filter(state="verifying").exists())
    later = timezone.now() + timedelta(minutes=5)
    Rollback.objects.filter(pk=rollback.pk).update(wake_at=later)

    assert send(unused).json() == {"taken": True}
    rollback.refresh_from_db()
    assert rollback.wake_at == later

    assert send(hosting).json() == {"taken": True}
    rollback.refresh_from_db()
    assert rollback.wake_at
    assert rollback.wake_at < later - timedelta(minutes=4)
    assert stage.run(rollback).state == "succeeded"


def test_a_run_that_waits_for_a_person_is_left_alone(stage: Any) -> None:
    hosting = Connection.objects.get(organisation=stage.organisation, provider="vercel")
    credentials = {**stage.outside.describe()["vercel"]["credentials"], "webhook_secret": SECRET}
    lifecycle.replace_credentials(hosting, by=SYSTEM, credentials=credentials)
    rollback = stage.propose(ONLY_HOSTING)
    before = rollback.wake_at
    assert send(hosting).json() == {"taken": True}
    rollback.refresh_from_db()
    assert (rollback.state, rollback.wake_at) == ("awaiting_approval", before)
