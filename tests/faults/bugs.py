"""Fourteen bugs that an engine like this one might have, each switched on for the time of a block.

They show that the checker has teeth. Where two walls hold the same promise, a bug takes both down: with one of them
standing nothing can go wrong, and nothing would be tried.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import httpx
from django.conf import settings
from django.db import DatabaseError, connection, connections, transaction

from apps.providers import http, receiving
from apps.providers.base import Observation, Seen
from apps.rollbacks import engine, epoch, leases, lifecycle, reconciling, sending
from apps.rollbacks.held import HeldRun
from apps.rollbacks.states import ACTIVE, AttemptState
from apps.timeline import log, writing
from apps.timeline.answers import Refused
from tests.faults.surgery import replaced, rewritten, without_constraint, without_index, without_trigger

Switch = Callable[[], AbstractContextManager[None]]


@dataclass(frozen=True)
class Bug:
    """`database` is switched on once for all processes, `process` in each; `caught_by` must see it."""

    number: int
    name: str
    caught_by: frozenset[str]
    process: tuple[Switch, ...] = ()
    database: tuple[Switch, ...] = ()


BUGS: dict[str, Bug] = {}
BUG = "SEEDED_BUG"


@contextmanager
def seeded(name: str) -> Iterator[None]:
    """Switch a bug on in the database and in this process, and off again."""
    with ExitStack() as stack:
        for switch in (*BUGS[name].database, *BUGS[name].process):
            stack.enter_context(switch())
        yield


def seed_from_environment() -> None:
    """Switch on the process part of the bug that the environment names, for the life of this process."""
    if name := os.environ.get(BUG):
        for switch in BUGS[name].process:
            switch().__enter__()


def bug(number: int, name: str, *caught_by: str, process: Any = (), database: Any = ()) -> None:
    """Register a bug."""
    BUGS[name] = Bug(number, name, frozenset(caught_by), tuple(process), tuple(database))


def swap(owner: Any, name: str, value: Any) -> Switch:
    """Return the switch that puts `value` in the place of an attribute."""
    return lambda: replaced(owner, name, value)


def around(owner: Any, name: str, wrap: Callable[[Callable[..., Any]], Callable[..., Any]]) -> Switch:
    """Return the switch that puts a wrapper around whatever the attribute is when it is switched on."""
    return lambda: replaced(owner, name, wrap(getattr(owner, name)))


def _acquire_without_counting(rollback_id: UUID) -> leases.Lease | None:
    with connection.cursor() as cursor:
        cursor.execute(
            """UPDATE rollbacks_rollback SET lease_owner = %s, lease_epoch = %s,
                      lease_expires_at = clock_timestamp() + make_interval(secs => %s)
                WHERE id = %s AND state = ANY(%s)
                  AND (lease_expires_at IS NULL OR lease_expires_at < clock_timestamp())
            RETURNING organisation_id, fence""",
            [leases.owner(), epoch.SCHEMA_EPOCH, settings.ENGINE_LEASE_SECONDS, rollback_id, sorted(ACTIVE)],
        )
        row = cursor.fetchone()
    return leases.Lease(rollback_id, row[0], row[1], leases.owner()) if row else None


def _write_whatever_is_known(held: HeldRun, deed: Callable[..., Any], **_: Any) -> Any:
    with held.fenced() as run:
        return deed(run)


bug(
    1, "no-fence", "V10",
    process=[
        swap(engine, "acquire", _acquire_without_counting), swap(leases, "acquire", _acquire_without_counting),
        swap(HeldRun, "write", _write_whatever_is_known),
    ],
    database=[
        lambda: without_trigger("rollbacks_attempt", "fence_outcome"),
        lambda: without_constraint("rollbacks_logline", "one_log_line_per_number"),
    ],
)  # fmt: skip
bug(
    2, "two-open-attempts", "V1",
    database=[
        lambda: without_index("rollbacks_attempt", "one_open_attempt"),
        lambda: without_constraint("rollbacks_attempt", "one_attempt_per_number"),
    ],
)  # fmt: skip
bug(3, "two-effects", "V1", database=[lambda: without_index("rollbacks_attempt", "one_effect")])


def _unlooked(*_: Any) -> Observation:
    return Observation(Seen.OTHER, "Nobody has looked.")


def _not_applied(*_: Any) -> reconciling.Verdict:
    return reconciling.Verdict(AttemptState.RECONCILED_NOT_APPLIED, "No answer came, so it is sent again.")


bug(
    4, "retry-without-looking", "V1", "V10",
    process=[swap(reconciling, "judge", _not_applied), swap(sending, "observe", _unlooked)],
)  # fmt: skip


def _call_before_commit(attempt_once: Callable[..., None]) -> Callable[..., None]:
    def inside(*given: Any, **named: Any) -> None:
        with transaction.atomic():
            attempt_once(*given, **named)

    return inside


bug(5, "call-before-intent", "V2", process=[around(sending, "attempt_once", _call_before_commit)])

LATER = ThreadPoolExecutor(1, thread_name_prefix="answered-already")
PROMISED: list[Future[Any]] = []


def _answer_first(deed: Callable[..., Any], answer: Any = True) -> Callable[..., Any]:
    def done(*given: Any, **named: Any) -> None:
        try:
            deed(*given, **named)
        finally:
            connections.close_all()

    def promised(*given: Any, **named: Any) -> Any:
        PROMISED.append(LATER.submit(done, *given, **named))
        return answer

    return promised


bug(
    6, "answer-before-commit", "V9",
    process=[
        around(receiving, "receive", partial(_answer_first, answer=receiving.Taken(new=True))),
        around(lifecycle, "vote", _answer_first),
    ],
)  # fmt: skip
bug(
    7, "gate-ignores-freeze", "V4",
    database=[lambda: rewritten("gate_intent", ("IF stopped IS DISTINCT FROM false THEN", "IF false THEN"))],
)  # fmt: skip
bug(
    8, "votes-without-content", "V3",
    database=[
        lambda: rewritten(
            "consume_votes", (r" OR q\.content_hash <> content", ""), (r" AND v\.content_hash = content", "")
        ),
        lambda: without_constraint("rollbacks_rollback", "a_rollback_is_asked_by_its_plan"),
    ],
)  # fmt: skip
bug(
    9, "expired-votes-count", "V3",
    database=[
        lambda: rewritten(
            "consume_votes", (r"[\w()]+ >= q\.expires_at", "false"), (r" AND v\.expires_at > [\w()]+", "")
        )
    ],
)  # fmt: skip


def _three_tries(exchange: Callable[..., Any]) -> Callable[..., Any]:
    def tried(*given: Any) -> Any:
        for _ in range(3):
            try:
                return exchange(*given)
            except httpx.HTTPError:
                continue
        return exchange(*given)

    return tried


bug(10, "http-retries", "V1", "V15", process=[around(http, "_exchange", _three_tries)])


def _first_look(judge: Callable[..., reconciling.Verdict]) -> Callable[..., reconciling.Verdict]:
    return lambda *given: judge(*given) if judge(*given).state else _not_applied()


bug(11, "one-look", "V10", process=[around(reconciling, "judge", _first_look)])


def _write_later(event: Any, *, last: bool) -> None:
    transaction.on_commit(lambda: event.save(force_insert=True))


bug(
    12, "record-after-commit", "V10",
    process=[swap(log, "writing", SimpleNamespace(**{**vars(writing), "insert": _write_later}))],
    database=[lambda: rewritten("demand_event", ("IF NOT EXISTS", "IF false AND NOT EXISTS"))],
)  # fmt: skip


def _rolled_back(*_: Any) -> None:
    connection.close()
    raise sending.Gone


def _refuse_on_error(vote: Callable[..., Any]) -> Callable[..., Any]:
    def sure(*given: Any, **named: Any) -> Any:
        try:
            return vote(*given, **named)
        except DatabaseError:
            raise Refused("The database was not reached. Nothing was approved.") from None

    return sure


bug(
    13, "commit-error-is-rollback", "V9",
    process=[swap(sending, "_ask_whether_committed", _rolled_back), around(lifecycle, "vote", _refuse_on_error)],
)  # fmt: skip


def _for_ever(self: leases.Heartbeat, seconds: float) -> None:
    self.deadline = math.inf


bug(14, "heartbeat-without-progress", "V8", process=[swap(leases.Heartbeat, "phase", _for_ever)])
