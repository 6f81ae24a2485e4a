"""Messages to the broker that nobody of the product sent: doubled, late, forged and broken ones (F13)."""

from __future__ import annotations

import random
import uuid

from celery import Celery
from kombu.exceptions import OperationalError

from rollback_portal.environment import celery_broker
from tests.faults.rig import Rig

ADVANCE = "apps.rollbacks.tasks.advance_rollback"


class Hints:
    """Publishes directly, beside every link."""

    def __init__(self, rig: Rig) -> None:
        broker = celery_broker(rig.databases.addresses()["REDIS_URL"])
        self.app = Celery("forger", broker=broker, set_as_current=False)
        self.app.conf.task_serializer = "json"

    def repeat(self, rollback: str, times: int) -> int:
        """Publish the hint for a run so many times; returns how many got through."""
        return sum(self._send(ADVANCE, [rollback]) for _ in range(times))

    def forge(self, rng: random.Random) -> int:
        """Publish a hint for a run that does not exist, or one that is nonsense."""
        nonsense: list[object] = [str(uuid.UUID(int=rng.getrandbits(128))), "no id", {"$": 1}, None, "'; --"]
        return self._send(ADVANCE, [rng.choice(nonsense)])

    def _send(self, task: str, arguments: list[object]) -> int:
        try:
            self.app.send_task(task, args=arguments, queue="rollback", retry=False)
        except (OperationalError, OSError):
            return 0  # the broker is away just now
        return 1
