"""One person acts alone: rarely, briefly, in one environment, and not twice without a review."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from apps.accounts.models import Organisation
from apps.approvals import events
from apps.approvals.models import BreakGlass
from apps.timeline.clock import database_now
from apps.timeline.log import record


def code(caught: Any) -> str:
    return getattr(caught.value.__cause__, "sqlstate", "")


@transaction.atomic
def write(team: Any, **more: Any) -> BreakGlass:
    """Write a row past every rule of Python, and record it."""
    now = database_now()
    record(events.OWED, team.environment, by=team.rae, names="x", title="x")
    told = {"opened_at": now - timedelta(days=1), "ends_at": now + timedelta(days=1), "reason": "Down", **more}
    row = BreakGlass.objects.create(
        organisation=team.organisation, person=team.rae, environment=team.environment, **told
    )  # fmt: skip
    row.refresh_from_db()
    return row


def change(team: Any, row: BreakGlass, **changes: Any) -> None:
    """Change a row past every rule of Python, and record it."""
    with transaction.atomic():
        record(events.OWED, team.environment, by=team.rae, names="x", title="x")
        BreakGlass.objects.filter(pk=row.pk).update(**changes)


@pytest.fixture
def allowed(team: Any) -> Any:
    """A team that allows it."""
    Organisation.objects.filter(pk=team.organisation.pk).update(break_glass_allowed=True)
    team.organisation.refresh_from_db()
    return team


def test_postgres_refuses_it_where_the_organisation_does_not_allow_it(team: Any) -> None:
    with pytest.raises(DatabaseError) as caught:
        write(team)
    assert code(caught) == "RG015"


def test_postgres_lets_it_last_thirty_minutes_whatever_was_written(allowed: Any) -> None:
    before = database_now()
    row = write(allowed)
    assert before <= row.opened_at <= database_now()
    assert row.ends_at - row.opened_at == timedelta(minutes=30)


def test_postgres_lets_nothing_be_changed_but_an_earlier_end_and_a_review(allowed: Any) -> None:
    row = write(allowed)
    for changes in ({"reason": "x"}, {"ends_at": row.ends_at + timedelta(seconds=1)}, {"person": allowed.ava}):
        with pytest.raises(DatabaseError) as caught:
            change(allowed, row, **changes)
        assert code(caught) == "RG011"
    with pytest.raises(DatabaseError) as caught, transaction.atomic():
        row.delete()
    assert code(caught) == "RG011"
    with pytest.raises(DatabaseError) as caught:
        change(allowed, row, reviewed_at=database_now(), reviewed_by=allowed.ava)
    assert code(caught) == "RG015"
    change(allowed, row, ends_at=row.opened_at + timedelta(minutes=1))


def test_postgres_lets_it_be_used_again_only_after_somebody_else_has_reviewed_it(allowed: Any) -> None:
    row = write(allowed)
    with pytest.raises(IntegrityError):
        write(allowed)
    with pytest.raises(IntegrityError):
        change(allowed, row, reviewed_at=database_now(), reviewed_by=allowed.rae, review="Fine")
    change(allowed, row, reviewed_at=database_now(), reviewed_by=allowed.ava, review="Fine")
    write(allowed)
