"""Who must be told what was done without asking them, until each has acknowledged it."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError, transaction

from apps.approvals import events
from apps.approvals.models import Debt
from apps.timeline.clock import database_now
from apps.timeline.log import record


def test_postgres_keeps_a_debt_until_it_is_acknowledged(team: Any) -> None:
    (debt,) = team.ask({}, told_after=["founder"]).debts.all()
    changes: list[dict[str, Any]] = [{"person": team.cleo}, {"due_at": database_now()}, {"because": "x"}]
    for change in changes:
        with pytest.raises(DatabaseError) as caught, transaction.atomic():
            Debt.objects.filter(pk=debt.pk).update(**change)
        assert getattr(caught.value.__cause__, "sqlstate", "") == "RG011"
    with pytest.raises(DatabaseError), transaction.atomic():
        debt.delete()
    with pytest.raises(DatabaseError) as caught, transaction.atomic():
        Debt.objects.filter(pk=debt.pk).update(acknowledged_at=database_now())
    assert getattr(caught.value.__cause__, "sqlstate", "") == "RG012"
    with transaction.atomic():
        record(events.OWED, debt.question, by=team.ava, names="x", title="x")
        Debt.objects.filter(pk=debt.pk).update(acknowledged_at=database_now())
    with pytest.raises(DatabaseError), transaction.atomic():
        Debt.objects.filter(pk=debt.pk).update(acknowledged_at=None)
