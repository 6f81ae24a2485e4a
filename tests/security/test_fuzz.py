"""Nothing breaks and nothing is undocumented, whatever is sent: a short hunt; `tests.security.fuzz` is a long one."""

from __future__ import annotations

import os
import time

from tests.security import fuzzing
from tests.security.acting import Actor
from tests.security.world import PARTS

SECONDS = float(os.environ.get("FUZZ_SECONDS", "50"))
ROLE = os.environ.get("FUZZ_ROLE", "")
FIRST = "everything"


def test_whatever_is_sent_nothing_breaks_and_nothing_is_undocumented(db: None, with_tokens: dict[str, Actor]) -> None:
    others = [part for part in PARTS if part not in {FIRST, "removed"}]
    hunt, operations = fuzzing.Hunt(time.monotonic() + SECONDS), fuzzing.operations()
    for number in range(1000):
        for at, operation in enumerate(operations):
            # Whoever may do everything gets farthest; beside them everybody else has their turn at each operation.
            for role in [ROLE] if ROLE else [FIRST, others[(at + number) % len(others)]]:
                if not hunt.is_over:
                    fuzzing.throw(hunt, operation, with_tokens[role], 5 if number else 1, number)
    print(f"{sum(hunt.tried.values())} requests to {len(hunt.tried)} of {len(operations)} operations")
    print(dict(hunt.answered.most_common()))
    assert not hunt.faults, "\n\n".join(hunt.faults.values())
    assert sum(hunt.tried.values()) > 50
    assert ROLE or len(hunt.actors) > len(others) / 2, "everybody takes part"
    assert {200, 404, 422} <= set(hunt.answered), "most was refused at the door, so nothing was tried"
    assert 401 not in hunt.answered
