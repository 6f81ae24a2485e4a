"""Named places where a fault run may kill the process, so that every crash between two beats can be tried.

`FAILPOINT=intent_committed:2` ends the process at the second visit of that place. Without the variable nothing happens.
"""

from __future__ import annotations

import os
from collections import Counter

NAMES = (
    "leased",
    "observed",
    "before_intent_commit",
    "intent_committed",
    "before_send",
    "answered",
    "before_outcome_commit",
    "outcome_committed",
    "reconciled",
    "verified",
    "finished",
    "released",
)
_visits: Counter[str] = Counter()


def failpoint(name: str) -> None:
    """Die here, at once and without cleaning up, when the environment says so."""
    wanted = os.environ.get("FAILPOINT", "")
    if not wanted:
        return
    place, _, count = wanted.partition(":")
    if place == name:
        _visits[name] += 1
        if _visits[name] == int(count or 1):
            os._exit(137)
