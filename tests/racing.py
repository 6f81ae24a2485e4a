"""Races: threads with a database connection of their own each, started together, and what each of them was answered.

A deadlock, a lock that did not come and a statement that took too long are never an answer: they fail the test.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from threading import Barrier, Event
from typing import Any

from django.db import DatabaseError, connection, connections, transaction
from django.db.backends.postgresql.base import DatabaseWrapper

from apps.timeline.answers import Refused

NO_ANSWER = {"40P01": "a deadlock", "55P03": "a lock that did not come", "57014": "a statement that took too long"}
LIMITS = "-c lock_timeout=4000 -c statement_timeout=10000 -c timezone=UTC"
PATIENCE = 15.0  # seconds after which somebody who was awaited will not come any more

Deed = Callable[[], Any]


@dataclass(frozen=True)
class Answer:
    """What a deed returned, or the code it was refused with: an error code of the database, or a refusal's own."""

    value: Any = None
    refused: str = ""

    def __bool__(self) -> bool:
        return not self.refused


class Racers:
    """Up to `size` threads that keep their connections from race to race: opening one costs more than most races."""

    def __init__(self, size: int) -> None:
        described = deepcopy(connection.settings_dict)
        described["OPTIONS"] = {**described["OPTIONS"], "options": LIMITS}
        described["OPTIONS"].pop("pool", None)  # the pool has eight; fifty racers need fifty
        self.opened: list[DatabaseWrapper] = []

        def connect() -> None:
            connections["default"] = mine = DatabaseWrapper(described, "default")
            mine.inc_thread_sharing()
            self.opened.append(mine)

        self.threads = ThreadPoolExecutor(size, thread_name_prefix="racer", initializer=connect)

    def together(self, *deeds: Deed) -> list[Answer]:
        """Start the deeds at the same moment and return their answers in their order."""
        start = Barrier(len(deeds))

        def run(deed: Deed) -> Answer:
            connection.ensure_connection()
            start.wait(PATIENCE)
            return _answer(deed)

        return list(self.threads.map(run, deeds))

    def overlapping(self, first: Deed, second: Deed, then: Deed | None = None) -> list[Answer]:
        """Start `second` when `first` has done its deed, and let `first` commit when `second` waits for it or is done.

        The order in which two transactions are least likely to meet by chance, and most likely to do harm. `then` is
        what the first still does before it commits; its value is the answer.
        """
        begun, ended = Event(), Event()

        def hold() -> Answer:
            def deed() -> Any:
                with transaction.atomic():
                    try:
                        value = first()
                    finally:
                        begun.set()
                    _until_somebody_waits_for_me(ended)
                    return then() if then else value

            return _answer(deed)

        def follow() -> Answer:
            connection.ensure_connection()
            assert begun.wait(PATIENCE)
            try:
                return _answer(second)
            finally:
                ended.set()

        held, followed = self.threads.submit(hold), self.threads.submit(follow)
        return [held.result(), followed.result()]

    def meet(self, how: int, first: Deed, second: Deed) -> list[Answer]:
        """Let two deeds meet in one of three ways, and return their answers in this order: whoever counts rounds
        gives the number of the round."""
        if how % 3 == 0:
            return self.together(first, second)
        if how % 3 == 1:
            return self.overlapping(first, second)
        return self.overlapping(second, first)[::-1]

    def close(self) -> None:
        """Send the racers home."""
        self.threads.shutdown()
        for each in self.opened:
            each.close()


@contextmanager
def racers(size: int) -> Iterator[Racers]:
    """Racers for as long as the block lasts."""
    made = Racers(size)
    try:
        yield made
    finally:
        made.close()


def refusals(answers: Sequence[Answer]) -> set[str]:
    """Return the codes that the refused were given."""
    return {answer.refused for answer in answers if answer.refused}


def _answer(deed: Deed) -> Answer:
    try:
        return Answer(deed())
    except Refused as refusal:
        return Answer(refused=refusal.code)
    except DatabaseError as error:
        code = getattr(error.__cause__, "sqlstate", None)
        if code is None or code in NO_ANSWER:
            raise AssertionError(f"{NO_ANSWER.get(code, 'no code')}: {error}") from error
        return Answer(refused=code)


def _until_somebody_waits_for_me(ended: Event) -> None:
    """Return as soon as another connection waits for a lock of this one, or `ended` is set."""
    assert connection.connection is not None
    me = connection.connection.info.backend_pid
    for _ in range(int(PATIENCE / 0.002)):
        if ended.wait(0.002):
            return
        with connection.cursor() as cursor:
            cursor.execute("SELECT true FROM pg_locks WHERE NOT granted AND %s = ANY (pg_blocking_pids(pid))", [me])
            if cursor.fetchone():
                return
    raise AssertionError("The other neither ended nor waited.")
