"""How verifying grows with the record: by `audit verify` and by the stand-alone script, as time for each entry.

`pytest tests/benchmarks/test_record.py -s` prints them. Nothing here asserts a time, only that the time for an entry
does not grow with their number.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.db import transaction
from django.utils import timezone

from apps.timeline import anchors, signing
from apps.timeline.anchoring import anchor_due
from apps.timeline.models import Event
from apps.timeline.verifying import verify
from tests.accounts.factories import OrganisationFactory

SMALL, LARGE = 2_000, 8_000
ROUNDS = 5
SCRIPT = Path(__file__).resolve().parents[2] / "bin" / "verify-record"


def fill(organisation: Any, count: int) -> None:
    """Append events, as large as those of a run, until the organisation has `count`."""
    missing = count - Event.objects.filter(organisation=organisation).count()
    now = timezone.now()
    for start in range(0, missing, 500):
        with transaction.atomic():
            Event.objects.bulk_create(
                Event(
                    organisation_id=organisation.pk, kind="rollback.attempt_ended", actor_name="Rollback Portal",
                    text=f"Step {number}: Vercel took the deployment back and answered in 412 ms.",
                    details={"position": number, "provider": "vercel", "message": "Taken back", "number": 1},
                    subject_kind="rollback", subject_id=str(organisation.pk), occurred_at=now,
                )
                for number in range(start, min(start + 500, missing))
            )  # fmt: skip


def quickest(work: Callable[[], Any]) -> float:
    """Return the seconds of the quickest of some rounds: the others waited for somebody else."""
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return min(times)


def by_database(organisation: Any, settings: Any) -> int:
    """Verify as `audit verify` does; returns how many entries were whole."""
    found = anchors.read(settings.ANCHOR_FILE, signing.keys())
    checked, fault = verify(organisation.pk, found.of[str(organisation.pk)])
    assert fault is None
    return checked


def by_script(export: Path, settings: Any) -> str:
    """Verify as a stranger does; returns what is said."""
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(SCRIPT), str(export), "--anchors", str(settings.ANCHOR_FILE)],
        capture_output=True, text=True, check=True, env={},
    )  # fmt: skip
    return done.stdout


def test_verifying_an_entry_costs_the_same_at_any_size(transactional_db: None, tmp_path: Path, settings: Any) -> None:
    organisation = OrganisationFactory()
    each: dict[str, list[float]] = {"audit verify": [], "bin/verify-record": []}
    for size in (SMALL, LARGE):
        fill(organisation, size)
        settings.ANCHOR_FILE.unlink(missing_ok=True)
        anchor_due()
        export = tmp_path / f"{size}.jsonl"
        call_command("audit", "export", "--output", str(export))
        assert by_database(organisation, settings) == size
        assert f" {size} records" in by_script(export, settings)
        each["audit verify"].append(quickest(partial(by_database, organisation, settings)) / size)
        each["bin/verify-record"].append(quickest(partial(by_script, export, settings)) / size)
    for way, (small, large) in each.items():
        print(f"\n{way}: {1 / large:.0f} entries a second; {large / small:.2f} times as long each in {LARGE // SMALL}×")
        assert large < 2 * small, way
