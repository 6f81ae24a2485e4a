"""Hints from the broker: whatever they say, nothing happens that the rows do not allow."""

from __future__ import annotations

from typing import Any

import pytest

from apps.rollbacks import tasks
from apps.rollbacks.models import Attempt
from tests.rollbacks.test_outside import ONLY_HOSTING

NOBODYS = "0192c0de-0000-7000-8000-000000000000"


@pytest.mark.parametrize("said", ["no id", "", None, 7, {"$": 1}, "'; --", NOBODYS], ids=repr)
def test_a_forged_hint_ends_in_silence(db: None, said: Any) -> None:
    tasks.advance_rollback(said)


def test_a_hint_for_an_unapproved_rollback_sends_nothing(stage: Any) -> None:
    rollback = stage.propose(ONLY_HOSTING)
    tasks.advance_rollback(str(rollback.pk))
    assert not Attempt.objects.filter(rollback=rollback).exists()
    rollback.refresh_from_db()
    assert rollback.state == "awaiting_approval"
