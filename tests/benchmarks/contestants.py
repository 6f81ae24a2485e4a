"""Who runs N steps that do nothing, each in a process of its own: our engine, DBOS, a bare Celery chain, a bare loop.

`python -m tests.benchmarks.contestants NAME` makes itself ready, says so, and then answers every number of steps on its
input with the seconds they took, and how many of them this process was at work itself.
"""

from __future__ import annotations

import os
import sys
import time
import uuid
from collections.abc import Callable


class Watch:
    """Takes the time of a block: `wall` on the clock, `own` at work in this process."""

    def __enter__(self) -> Watch:
        self.wall, self.own = time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *_: object) -> None:
        self.wall, self.own = time.perf_counter() - self.wall, time.process_time() - self.own


Run = Callable[[int], Watch]


def engine() -> Run:
    """The product: an approved rollback, advanced as a worker does. Planning and approval are not part of the time."""
    import django

    django.setup()
    from apps.rollbacks import engine as product
    from tests.benchmarks import noop
    from tests.benchmarks.world import Team

    noop.register()
    team = Team.make()
    revisions = {}

    def run(steps: int) -> Watch:
        revision = revisions.get(steps) or revisions.setdefault(steps, team.playbook(steps))
        rollback = team.propose(revision)
        team.approve(rollback)
        with Watch() as took:
            while rollback.state not in {"succeeded", "failed", "needs_operator"}:
                product.advance(rollback.pk)
                rollback.refresh_from_db(fields=["state"])
        assert rollback.state == "succeeded", rollback.state
        assert rollback.attempts.filter(state="succeeded").count() == steps
        return took

    return run


def dbos() -> Run:
    """DBOS: a workflow of N steps, each of whose results is kept before the next begins."""
    from dbos import DBOS

    DBOS(
        config={
            "name": "benchmark",
            "system_database_url": os.environ["BENCH_OWNER_URL"].replace("postgresql:", "postgresql+psycopg:"),
            "log_level": "ERROR",
            "run_admin_server": False,
        }
    )

    @DBOS.step()
    def nothing(number: int) -> int:
        return number

    @DBOS.workflow()
    def chain(steps: int) -> int:
        return sum(nothing(number) for number in range(steps))

    DBOS.launch()

    def run(steps: int) -> Watch:
        with Watch() as took:
            assert chain(steps) == steps * (steps - 1) // 2
        return took

    return run


def celery() -> Run:
    """A bare Celery chain through Valkey and a worker of its own; keeps nothing. The last task rings a bell."""
    import redis
    from celery import chain

    from tests.benchmarks.bare_celery import nothing, ring

    bell = redis.Redis.from_url(os.environ["REDIS_URL"])

    def run(steps: int) -> Watch:
        name = f"bell-{uuid.uuid4()}"
        with Watch() as took:
            chain(*(nothing.si() for _ in range(steps - 1)), ring.si(name)).apply_async()
            assert bell.blpop([name], timeout=60), "the chain did not end within a minute"
        return took

    run(2)  # the worker is there
    return run


def loop() -> Run:
    """The least that is durable: what is about to be done is committed, then what became of it."""
    import psycopg

    line = psycopg.connect(os.environ["BENCH_OWNER_URL"], autocommit=True)
    line.execute("CREATE TABLE bare_loop (run uuid, step int, state text, PRIMARY KEY (run, step))")

    def run(steps: int) -> Watch:
        name = uuid.uuid4()
        with Watch() as took:
            for step in range(steps):
                line.execute("INSERT INTO bare_loop VALUES (%s, %s, 'intended')", [name, step])
                line.execute("UPDATE bare_loop SET state = 'done' WHERE run = %s AND step = %s", [name, step])
        return took

    return run


CONTESTANTS: dict[str, Callable[[], Run]] = {"engine": engine, "dbos": dbos, "celery": celery, "loop": loop}


def main(name: str) -> None:
    """Answer until the input ends."""
    run = CONTESTANTS[name]()
    answers, sys.stdout = sys.stdout, sys.stderr  # whatever else is printed is no answer
    print("ready", file=answers, flush=True)
    for asked in sys.stdin:
        took = run(int(asked))
        print(took.wall, took.own, file=answers, flush=True)
    answers.flush()
    os._exit(0)  # their threads need not be waited for


if __name__ == "__main__":
    main(sys.argv[1])
