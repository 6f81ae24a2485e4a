"""The promises about a run, raced: many connections at once, judged by the committed rows and their order.

Every deed writes an event in its transaction. An event's number is given under the lock of its organisation's head,
which is held until the commit, so the numbers are the order of the commits. Takeovers and freezes are raced `ROUNDS`
times (300) against an outcome and an intent, cancellations a third of that, everything else `FEW` times; in two of
three rounds one of the two is made to wait in the middle of its transaction.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import psycopg
import pytest
from django.db import connection, transaction
from django.utils import timezone

from apps.deployments import freezing, lifting
from apps.providers.models import Connection
from apps.rollbacks import engine, events, leases, lifecycle
from apps.rollbacks.models import Attempt, Rollback, Step
from apps.rollbacks.moving import move
from apps.timeline.kinds import Kind
from apps.timeline.log import SYSTEM, record
from apps.timeline.models import Event
from tests.racing import Racers, racers, refusals

ROUNDS = 300
FEW = 8
CROWD = 8
WHERE = ("dbname", "user", "password", "host", "port")


@pytest.fixture(scope="module")
def crowd(django_db_setup: None, django_db_blocker: Any) -> Iterator[Racers]:
    with django_db_blocker.unblock(), racers(CROWD) as made:
        yield made


@pytest.fixture
def running(stage: Any) -> Rollback:
    """A run that holds a lease and has begun."""
    lease = leases.acquire(stage.approve(stage.propose()).pk)
    assert lease
    with leases.fenced(lease) as run:
        move(run, "running")
        Step.objects.filter(rollback=run).update(state="running")  # all of them: their order is what is raced
        say(events.BEGUN, run)
    return run


def say(kind: Kind, rollback: Rollback, by: Any = SYSTEM) -> UUID:
    """Record a deed in the open transaction; its number is the place of the transaction in the order of commits."""
    told = {"position": 1, "name": "x", "provider": "x", "number": 1, "message": "x", "title": "x", "reason": "x"}
    return record(kind, rollback, by=by, incident=rollback.incident_id, summary="x", **told).pk


def place(event: UUID) -> int:
    return Event.objects.values_list("seq", flat=True).get(pk=event) or 0


def speak_as(fence: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('app.fence', %s, true)", [str(fence)])


@transaction.atomic
def intend(rollback: Rollback, fence: int, number: int, position: int = 1, *, politely: bool = False) -> UUID:
    """Write an intent and its record. Politely is the engine's way: it locks the run first, the switch second."""
    if politely:
        Rollback.objects.select_for_update(no_key=True).get(pk=rollback.pk)
    speak_as(fence)
    Attempt.objects.create(
        organisation_id=rollback.organisation_id, rollback=rollback, number=number, position=position, fence=fence,
        step_id=Step.objects.values_list("pk", flat=True).get(rollback=rollback, position=position),
        idempotency_key="k", request_digest="d", intended_at=timezone.now(), send_before=timezone.now(),
    )  # fmt: skip
    return say(events.ATTEMPT_INTENDED, rollback)


@transaction.atomic
def end(rollback: Rollback, fence: int, number: int, state: str, position: int = 1) -> UUID | None:
    """Write what became of an attempt, and its record; None when the attempt is not there."""
    speak_as(fence)
    found = Attempt.objects.filter(rollback=rollback, position=position, number=number).update(state=state)
    return say(events.ATTEMPT_ENDED, rollback) if found else None


@transaction.atomic
def put(rollback: Rollback, kind: Kind = events.RESUMED, **columns: Any) -> UUID:
    """Write columns of the run past every rule of Python, and record it."""
    Rollback.objects.filter(pk=rollback.pk).update(**columns)
    return say(kind, rollback)


@transaction.atomic
def take_over(rollback: Rollback) -> tuple[int, UUID]:
    """Take the lease the way a worker does; return its fence and the event of it."""
    lease = leases.acquire(rollback.pk)
    assert lease
    return lease.fence, say(events.BEGUN, rollback)


def test_of_many_intents_at_once_one_is_written(crowd: Racers, running: Rollback) -> None:
    for number in range(1, FEW + 1):
        deeds = [partial(intend, running, running.fence, number * 100 + each) for each in range(CROWD)]
        answers = crowd.together(*deeds)
        assert (sum(map(bool, answers)), refusals(answers)) == (1, {"23505"})
        (open_one,) = Attempt.objects.filter(rollback=running, state="in_flight")
        end(running, running.fence, open_one.number, "not_sent")


def test_of_many_successes_at_once_one_counts(crowd: Racers, running: Rollback) -> None:
    @transaction.atomic
    def try_another(number: int) -> None:
        """Close the first as refused, send a second and call it a success, all in one transaction."""
        end(running, running.fence, 1, "rejected")
        intend(running, running.fence, number)
        end(running, running.fence, number, "succeeded")

    @transaction.atomic
    def once_more(number: int) -> None:
        intend(running, running.fence, number)
        end(running, running.fence, number, "succeeded")

    intend(running, running.fence, 1)
    first = [partial(end, running, running.fence, 1, "succeeded"), *(partial(try_another, n) for n in range(2, CROWD))]
    answers = crowd.together(*first)
    assert sum(map(bool, answers)) == 1
    assert refusals(answers) <= {"RG006", "23505"}
    answers = crowd.together(*(partial(once_more, 100 + n) for n in range(CROWD)))
    assert refusals(answers) == {"23505"}
    assert not any(answers)
    assert Attempt.objects.filter(rollback=running, state="succeeded").count() == 1


def test_no_outcome_of_an_older_fence_is_written_after_a_takeover(crowd: Racers, running: Rollback) -> None:
    fence, met = running.fence, {"before": 0, "refused": 0}
    for number in range(1, ROUNDS + 1):
        intend(running, fence, number)
        Rollback.objects.filter(pk=running.pk).update(lease_expires_at=None)
        told, taken = crowd.meet(
            number, partial(end, running, fence, number, "rejected"), partial(take_over, running)
        )  # fmt: skip
        newest, event = taken.value
        assert newest == fence + 1
        if told:
            assert place(told.value) < place(event), "a zombie wrote after the takeover"
            met["before"] += 1
        else:
            assert told.refused == "RG002"
            end(running, newest, number, "not_sent")
            met["refused"] += 1
        fence = newest
    assert min(met.values()) >= ROUNDS // 4, met
    states = dict(Attempt.objects.filter(rollback=running).values_list("number", "state"))
    assert list(states.values()).count("rejected") == met["before"]
    assert list(states.values()).count("not_sent") == met["refused"]


def test_no_intent_of_an_older_fence_is_written_after_a_takeover(crowd: Racers, running: Rollback) -> None:
    fence = running.fence
    for number in range(1, FEW * 3 + 1):
        Rollback.objects.filter(pk=running.pk).update(lease_expires_at=None)
        told, taken = crowd.meet(number, partial(intend, running, fence, number), partial(take_over, running))
        newest, event = taken.value
        if told:
            assert place(told.value) < place(event)
            end(running, newest, number, "not_sent")
        else:
            assert told.refused == "RG002"
        fence = newest


def test_a_fence_only_grows_whoever_writes_it(crowd: Racers, running: Rollback) -> None:
    @transaction.atomic
    def write(fence: int) -> tuple[int, UUID]:
        Rollback.objects.filter(pk=running.pk).update(fence=fence)
        return fence, say(events.BEGUN, running)

    start = running.fence
    for number in range(FEW):
        base = start + number * 10
        wanted = [base + (3 * each) % CROWD for each in range(CROWD)]
        answers = crowd.together(*(partial(write, fence) for fence in wanted))
        assert refusals(answers) <= {"RG008"}
        written = [fence for _, fence in sorted((place(a.value[1]), a.value[0]) for a in answers if a)]
        assert written == sorted(written)
        running.refresh_from_db()
        assert running.fence == written[-1] == max(wanted)


def test_no_intent_is_written_after_a_freeze(crowd: Racers, stage: Any, running: Rollback) -> None:
    freeze = partial(
        freezing.freeze, stage.organisation, by=SYSTEM, stops="rollbacks", scope="environment", reason="Wait",
        environment=stage.environment,
    )  # fmt: skip
    met = {"before": 0, "refused": 0}
    for number in range(1, ROUNDS + 1):
        told, stopped = crowd.meet(
            number, partial(intend, running, running.fence, number, politely=number % 2 == 0), freeze
        )  # fmt: skip
        made = Event.objects.get(kind="freeze.made", subject_id=str(stopped.value.pk))
        if told:
            assert place(told.value) < (made.seq or 0), "an intent was committed after the freeze"
            end(running, running.fence, number, "not_sent")
            met["before"] += 1
        else:
            assert told.refused == "RG001"
            met["refused"] += 1
        lifting.lift(stopped.value, by=SYSTEM)
    assert min(met.values()) >= ROUNDS // 4, met


def test_no_intent_is_written_after_a_cancellation(crowd: Racers, stage: Any, running: Rollback) -> None:
    met = {"before": 0, "refused": 0}
    for number in range(1, ROUNDS // 3 + 1):
        told, stopped = crowd.meet(
            number,
            partial(intend, running, running.fence, number, politely=number % 2 == 0),
            partial(lifecycle.cancel, running, by=stage.rae, reason="Enough"),
        )
        assert stopped.value.state == "cancelling"
        asked = Event.objects.filter(kind="rollback.cancellation_asked").order_by("-seq").first()
        assert asked
        if told:
            assert place(told.value) < (asked.seq or 0), "an intent was committed after the cancellation"
            end(running, running.fence, number, "not_sent")
            met["before"] += 1
        else:
            assert told.refused == "RG003"
            met["refused"] += 1
        put(running, state="running", cancel_requested=False)
    assert min(met.values()) >= ROUNDS // 12, met


def test_steps_go_in_order_when_all_are_asked_for_at_once(crowd: Racers, running: Rollback) -> None:
    for number in range(1, FEW + 1):
        positions = [1, 2, 3, 4, 5]
        answers = crowd.together(*(partial(intend, running, running.fence, number, each) for each in positions))
        assert [bool(answer) for answer in answers] == [True, False, False, False, False]
        assert refusals(answers) == {"RG004"}
        end(running, running.fence, number, "not_sent")


def test_a_step_waits_for_the_commit_of_the_one_before(crowd: Racers, running: Rollback) -> None:
    first = Step.objects.get(rollback=running, position=1)

    @transaction.atomic
    def done(state: str) -> UUID:
        Step.objects.filter(pk=first.pk).update(state=state)
        return say(events.STEP_SUCCEEDED, running)

    for number in range(1, FEW * 3 + 1):
        told, finished = crowd.meet(
            number, partial(intend, running, running.fence, number, 2), partial(done, "succeeded")
        )  # fmt: skip
        if told:
            assert place(told.value) > place(finished.value)
            end(running, running.fence, number, "not_sent", position=2)
        else:
            assert told.refused == "RG004"
        done("running")


def test_an_attempt_keeps_its_identity_whoever_writes_at_once(crowd: Racers, running: Rollback) -> None:
    @transaction.atomic
    def forge(**columns: Any) -> None:
        speak_as(running.fence)
        Attempt.objects.filter(rollback=running).update(**columns)
        say(events.ATTEMPT_ENDED, running)

    @transaction.atomic
    def erase() -> None:
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM rollbacks_attempt WHERE rollback_id = %s", [running.pk])

    intend(running, running.fence, 1)
    before = Attempt.objects.values("pk", "number", "kind", "part", "idempotency_key", "request_digest", "fence").get()
    forgeries = [
        {"number": 7},
        {"kind": "compensate"},
        {"part": "other"},
        {"idempotency_key": "other"},
        {"fence": 1000},
    ]
    answers = crowd.together(
        partial(end, running, running.fence, 1, "succeeded"), erase, erase, *(partial(forge, **f) for f in forgeries)
    )  # fmt: skip
    assert [answer.refused for answer in answers] == ["", "RG011", "RG011", *["RG007"] * len(forgeries)]
    after = Attempt.objects.get()
    assert after.state == "succeeded"
    assert {name: getattr(after, name) for name in before} == before


def test_the_first_final_state_of_a_run_stays(crowd: Racers, running: Rollback) -> None:
    wanted = ["succeeded", "failed", "cancelled", "running", "needs_operator", "paused", "succeeded", "failed"]
    answers = crowd.together(*(partial(put, running, state=state) for state in wanted))
    assert refusals(answers) == {"RG013"}
    order = [state for _, state in sorted((place(a.value), s) for a, s in zip(answers, wanted, strict=True) if a)]
    finals = [state for state in order if state in {"succeeded", "failed", "cancelled"}]
    running.refresh_from_db()
    assert set(finals) == {running.state}
    assert set(order[order.index(running.state) :]) == {running.state}
    for _ in range(FEW):
        answers = crowd.together(*(partial(put, running, state=state) for state in set(wanted) - {running.state}))
        assert refusals(answers) == {"RG013"}
        assert not any(answers)


class Watched(BaseHTTPRequestHandler):
    """Passes every request on to a simulator; of one that changes something it first asks Postgres for its intent."""

    behind: str
    database: str
    seen: list[tuple[str, int]]

    def pass_on(self) -> None:
        if self.command != "GET":
            with psycopg.connect(self.database) as mine:
                found = mine.execute("SELECT count(*) FROM rollbacks_attempt WHERE state = 'in_flight'").fetchone()
            self.seen.append((self.path, found[0] if found else 0))
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        address = urlsplit(self.behind)
        outside = HTTPConnection(address.hostname or "", address.port, timeout=10)
        headers = {name: value for name, value in self.headers.items() if name.lower() != "host"}
        outside.request(self.command, address.path + self.path, body, headers)
        answer = outside.getresponse()
        told = answer.read()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in {"transfer-encoding", "content-length", "connection"}:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(told)))
        self.end_headers()
        self.wfile.write(told)
        outside.close()

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = pass_on

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def watched(stage: Any) -> Iterator[type[Watched]]:
    """The hosting behind somebody who looks at the database whenever a request arrives."""
    hosting = Connection.objects.get(provider="vercel")
    known = connection.get_connection_params()
    address = psycopg.conninfo.make_conninfo(**{k: known[k] for k in WHERE if known.get(k)})
    watching = type("Watching", (Watched,), {"behind": hosting.base_url, "database": address, "seen": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), watching)
    Thread(target=server.serve_forever, daemon=True).start()
    Connection.objects.filter(pk=hosting.pk).update(base_url=f"http://127.0.0.1:{server.server_port}")
    yield watching
    server.shutdown()
    server.server_close()


def test_the_outside_sees_nothing_before_everybody_can_see_its_intent(
    crowd: Racers, stage: Any, watched: type[Watched]
) -> None:
    rollback = stage.approve(stage.propose())

    def at_the_hosting(run: Rollback) -> bool:
        crowd.together(*[partial(engine.advance, run.pk)] * 4)
        run.refresh_from_db()
        return bool(watched.seen)

    stage.run(rollback, until=at_the_hosting)
    assert watched.seen
    assert [found for _, found in watched.seen] == [1] * len(watched.seen)
