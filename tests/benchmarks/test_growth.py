"""How reading grows with the record: a timeline page and a stream's catch-up beside a small record, as ratios.

`pytest tests/benchmarks -s` prints them. Nothing here asserts a time; the number of queries and of rows is asserted.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.incidents import lifecycle, live
from apps.timeline.models import Event
from apps.timeline.verifying import verify
from tests.deployments.factories import EnvironmentFactory

SMALL, LARGE = 200, 20_000
ROUNDS = 15


@pytest.fixture
def incident(transactional_db: None) -> Any:
    """An incident with nothing but its declaration."""
    environment = EnvironmentFactory()
    from tests.accounts.factories import PersonFactory

    rae = PersonFactory(organisation=environment.organisation, roles=["incident-commander"])
    return lifecycle.declare(
        environment.organisation,
        by=rae,
        title="Slow",
        severity="P2",
        service=environment.service,
        environment=environment,
    )


def fill(incident: Any, count: int) -> None:
    """Append events until the incident has `count`."""
    missing = count - Event.objects.of_incident(incident.pk).count()
    now = timezone.now()
    for start in range(0, missing, 1000):
        with transaction.atomic():
            Event.objects.bulk_create(
                Event(
                    organisation_id=incident.organisation_id, kind="test.noted", text=f"Line {number}",
                    actor_name="Rae", subject_kind="incident", subject_id=str(incident.pk), incident=incident,
                    occurred_at=now,
                )
                for number in range(start, min(start + 1000, missing))
            )  # fmt: skip


def cost(work: Callable[[], Any]) -> tuple[float, int]:
    """Return the median milliseconds of a reading and its number of queries."""
    with CaptureQueriesContext(connection) as queries:
        work()
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        work()
        times.append((time.perf_counter() - began) * 1000)
    return median(times), len(queries)


def test_a_page_of_the_timeline_costs_the_same_at_any_size(incident: Any) -> None:
    readings: dict[str, Callable[[], Any]] = {
        "newest page": lambda: list(live.events_of(incident.pk, live.INSIDE).order_by("-seq")[:50]),
        "page from the middle": lambda: list(live.events_of(incident.pk, live.INSIDE).after(middle)[:50]),
        "what is new": lambda: list(live.events_of(incident.pk, live.INSIDE).after(newest)[:50]),
    }
    found: dict[str, list[float]] = {name: [] for name in readings}
    for size in (SMALL, LARGE):
        fill(incident, size)
        newest = Event.objects.of_incident(incident.pk).order_by("-seq").values_list("seq", flat=True)[0]
        middle = newest - size // 2
        for name, reading in readings.items():
            milliseconds, queries = cost(reading)
            assert queries == 1
            found[name].append(milliseconds)
    for name, (small, large) in found.items():
        print(f"\n{name}: {large / small:.2f} times as long with {LARGE // SMALL} times the events", end="")
    began = time.perf_counter()
    checked, fault = verify(incident.organisation_id)
    assert fault is None
    assert checked >= LARGE
    print(f"\nrecord verified: {checked / (time.perf_counter() - began):.0f} entries a second")
