"""What code takes a run: only code that knows what its rows mean now."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from tests.faults.evidence import Evidence, Violation


def v16_only_current_code(evidence: Evidence) -> Iterator[Violation]:
    """Hold: after a migration that gives rows another meaning, no older code takes a run that it has not had before."""
    for rollback, seen in evidence.sightings_of.items():
        for before, after in pairwise(seen):
            if before.wanted is not None and after.fence > before.fence and after.code < before.wanted:
                what = f"Code of epoch {after.code} took it after the database was of epoch {before.wanted}."
                yield Violation("V16", rollback, what)
