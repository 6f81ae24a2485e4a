"""Where a step's time goes: statements, transactions and commits by phase of the engine, and Python's own profile.

`python -m tests.benchmarks profile` prints it. A phase is the innermost function of apps/rollbacks that asked or wrote;
what it sends without waiting costs it only the sending.
"""

from __future__ import annotations

import cProfile
import io
import os
import pstats
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.db import connection

from apps.timeline.posting import Post
from apps.timeline.writing import Batch, Statement

STEPS = 30


class Cost:
    """Counts what the engine asks of Postgres, each statement under the function that asked."""

    def __init__(self) -> None:
        self.statements: Counter[str] = Counter()
        self.commits: Counter[str] = Counter()
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self.commit_seconds: defaultdict[str, float] = defaultdict(float)
        self.rules_seconds: defaultdict[str, float] = defaultdict(float)  # triggers that wait for the commit
        self.texts: Counter[str] = Counter()
        self.text_seconds: defaultdict[str, float] = defaultdict(float)

    def __call__(self, execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        """Time one statement; one outside a transaction that writes is a commit too."""
        phase, began = _phase(), time.perf_counter()
        try:
            return execute(sql, *rest)
        finally:
            took = time.perf_counter() - began
            self.statements[phase] += 1
            self.seconds[phase] += took
            self.texts[_short(sql)] += 1
            self.text_seconds[_short(sql)] += took
            if not connection.in_atomic_block and sql.lstrip()[:6].upper() in {"UPDATE", "INSERT", "DELETE"}:
                self.commits[f"{phase} (autocommit)"] += 1

    @contextmanager
    def counting(self) -> Iterator[None]:
        """Count statements and commits in the block."""
        commit = connection._commit

        def timed() -> None:
            phase, began = _phase(), time.perf_counter()
            connection.connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
            judged = time.perf_counter()
            commit()
            self.commits[phase] += 1
            self.rules_seconds[phase] += judged - began
            self.commit_seconds[phase] += time.perf_counter() - judged

        send = Post.send

        def sent(post: Post, first: Statement, batch: Batch, *told: Any) -> None:
            phase, began = _phase(), time.perf_counter()
            send(post, first, batch, *told)
            texts = [first[0], *(sql for sql, _ in batch.statements())]
            self.statements[phase] += len(texts)
            self.texts.update(map(_short, texts))
            self.seconds[phase] += time.perf_counter() - began
            self.commits[phase] += 1

        connection._commit = timed
        Post.send = sent  # type: ignore[method-assign]
        try:
            with connection.execute_wrapper(self):
                yield
        finally:
            Post.send = send  # type: ignore[method-assign]
            del connection._commit

    def table(self, steps: int) -> str:
        """Write everything per step."""
        lines = ["| phase | statements | ms | commits | their rules, ms | ms |", "|---|---|---|---|---|---|"]
        for phase in sorted({*self.statements, *self.commits}, key=lambda one: -self.seconds[one]):
            figures = [self.statements[phase], self.seconds[phase] * 1000, self.commits[phase]]
            figures += [self.rules_seconds[phase] * 1000, self.commit_seconds[phase] * 1000]
            lines.append("| " + " | ".join([phase, *(f"{figure / steps:.2f}" for figure in figures)]) + " |")
        sums = [self.statements.total(), sum(self.seconds.values()) * 1000, self.commits.total()]
        sums += [sum(self.rules_seconds.values()) * 1000, sum(self.commit_seconds.values()) * 1000]
        lines.append("| all | " + " | ".join(f"{one / steps:.2f}" for one in sums) + " |")
        lines += ["", "| statement | per step | ms each | ms per step |", "|---|---|---|---|"]
        for text, count in sorted(self.texts.items(), key=lambda one: (-self.text_seconds[one[0]], -one[1]))[:30]:
            seconds = self.text_seconds[text]
            lines.append(
                f"| {text} | {count / steps:.2f} | {seconds * 1000 / count:.2f} | {seconds * 1000 / steps:.2f} |"
            )
        return "\n".join(lines)


def _phase() -> str:
    frame = sys._getframe(1)
    while frame is not None:
        path = frame.f_code.co_filename
        if "/apps/rollbacks/" in path and not path.endswith(("/held.py", "/known.py")):
            return f"{path.rpartition('/')[2][:-3]}.{frame.f_code.co_name}"
        frame = frame.f_back  # type: ignore[assignment]
    return "elsewhere"


def _short(sql: str) -> str:
    words = " ".join(sql.split())
    before, _, after = words.partition(" FROM ")
    return (f"SELECT … FROM {after}" if words.startswith("SELECT") and after else before)[:90].replace("|", "¦")


def _server_seconds() -> float:
    """Return the processor time that this connection's server process has used (Linux, same machine)."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        row = cursor.fetchone()
    fields = Path(f"/proc/{row[0] if row else 0}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _run(run: Callable[[], None], rows: int) -> str:
    profile, out = cProfile.Profile(), io.StringIO()
    profile.runcall(run)
    for order in ("tottime", "cumtime"):
        pstats.Stats(profile, stream=out).sort_stats(order).print_stats(rows)
    return out.getvalue()


def main() -> None:
    """Print the cost of one rollback, per step."""
    import django

    django.setup()
    from apps.rollbacks import engine
    from tests.benchmarks import noop
    from tests.benchmarks.world import Team

    noop.register()
    team = Team.make()
    revision = team.playbook(STEPS)

    def approved() -> Any:
        rollback = team.propose(revision)
        team.approve(rollback)
        return rollback

    engine.advance(approved().pk)
    rollbacks = [approved() for _ in range(5)]
    own, served = time.process_time(), _server_seconds()
    for rollback in rollbacks:
        engine.advance(rollback.pk)
    own, served = (time.process_time() - own) * 200 / STEPS, (_server_seconds() - served) * 200 / STEPS
    print(f"processor time per step: {own:.1f} ms ours, {served:.1f} ms Postgres'")
    rollback, cost = approved(), Cost()
    began = time.perf_counter()
    with cost.counting():
        engine.advance(rollback.pk)
    print(f"{(time.perf_counter() - began) * 1000 / STEPS:.1f} ms per step while counting\n")
    print(cost.table(STEPS))
    rollback = approved()
    print(_run(lambda: engine.advance(rollback.pk), 40))
    rollback.refresh_from_db()
    assert rollback.state == "succeeded", rollback.state


if __name__ == "__main__":
    main()
