"""What a campaign has done so far: faults by kind with their times, and how executions ended."""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any

from tests.faults.history import History


@dataclass
class Fault:
    """One injection. Times in seconds since 1970; `affected` are runs whose worker it certainly hit."""

    kind: str
    what: str
    began: float
    healed: float
    affected: list[str] = field(default_factory=list)


class Tally:
    """Counts, and writes every fault into a history of its own. Safe to use from many threads."""

    def __init__(self, history: History) -> None:
        self.history = history
        self.kinds: Counter[str] = Counter()
        self.ends: Counter[str] = Counter()
        self.faults: list[Fault] = []
        self.odd: list[str] = []
        self._lock = threading.Lock()

    def fault(self, kind: str, what: str, *, times: int = 1, began: float = 0.0, affected: Any = ()) -> None:
        """Count a fault that has just been healed, or needs no healing."""
        now = time.time()
        one = Fault(kind, what, began or now, now, list(affected))
        with self._lock:
            self.kinds[kind] += times
            self.faults.append(one)
        self.history.note("fault", **asdict(one), times=times)

    def end(self, state: str) -> None:
        """Count how an execution ended."""
        with self._lock:
            self.ends[state] += 1

    def strange(self, what: str) -> None:
        """Keep a sentence about something that the campaign did not expect."""
        with self._lock:
            self.odd.append(what)

    @property
    def executions(self) -> int:
        """How many executions have ended."""
        return sum(self.ends.values())

    @property
    def injected(self) -> int:
        """How many faults were injected."""
        return sum(self.kinds.values())
