"""Where nobody has to agree, to propose is to start: so the page asks again who is there before it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from apps.rollbacks.models import Rollback
from tests.accounts.conftest import sign_in
from tests.accounts.factories import PASSWORD
from tests.rollbacks.conftest import Stage
from tests.rollbacks.test_who_must_agree import DERRIMUT, derrimut, greta, helena

__all__ = ["derrimut", "greta", "helena"]


def filled_in(stage: Stage, severity: str) -> dict[str, Any]:
    """Publish the playbook, set the severity, and return the form of a proposal."""
    stage.publish(DERRIMUT)
    stage.incident.severity = severity
    stage.incident.save(update_fields=["severity"])
    return {"incident": str(stage.incident.pk), "playbook": "derrimut-rollback", "target": str(stage.good.pk)}


@pytest.mark.parametrize(("severity", "asked"), [("P0", True), ("P1", False)])
def test_an_old_sign_in_is_asked_again_only_where_it_would_start(derrimut: Stage, severity: str, asked: bool) -> None:
    form, browser = filled_in(derrimut, severity), sign_in(derrimut.rae)
    with time_machine.travel(timezone.now() + timedelta(minutes=6), tick=True):
        answer = browser.post("/rollbacks/new/", form)
        assert answer.status_code == 302
        assert answer["Location"].startswith("/accounts/reauthenticate/") is asked
        assert Rollback.objects.exists() is not asked


def test_afterwards_the_form_is_as_it_was_left_and_it_starts(derrimut: Stage) -> None:
    form, browser = filled_in(derrimut, "P0"), sign_in(derrimut.rae)
    with time_machine.travel(timezone.now() + timedelta(minutes=6), tick=True):
        asked = browser.post("/rollbacks/new/", form)
        back = browser.post(asked["Location"], {"password": PASSWORD})
        page = browser.get(back["Location"])
        assert page.status_code == 200
        assert page.context["wanted"] == form["target"]
        assert not Rollback.objects.exists()
        browser.post("/rollbacks/new/", form)
        assert Rollback.objects.get().state == "queued"
