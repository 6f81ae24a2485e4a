"""What the scenarios of the seeded bugs need: short playbooks, workers as threads, a client that keeps a history."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.db import DatabaseError, connection, connections

from apps.providers.base import Outcome
from apps.rollbacks import engine, polling
from apps.rollbacks.models import Rollback
from apps.timeline.answers import Refused
from tests.faults.collecting import collect, journal_of
from tests.faults.evidence import Evidence, Limits, Operation
from tests.faults.surgery import replaced

HEAD = """
version: 1
slug: {slug}
name: {slug}
approvals: {{all_of: [founder, client-success-lead], expires_minutes: 10}}
steps:
"""
SAY = '  - {name: Tell the team, use: chat.post, with: {text: "Rolling back"}}\n'
ONE_FLAG = "  - {name: Turn it off, use: flags.flags_off, with: {flags: [new-share-links]}}\n"
TWO_FLAGS = "  - {name: Turn both off, use: flags.flags_off, with: {flags: [new-share-links, share-signing-v2]}}\n"
CLEAR = '  - {name: Clear the cache, use: cache.delete_prefix, with: {prefix: "share:"}}\n'
PATIENCE_SECONDS = 20.0


def playbook(steps: str, slug: str = "short") -> str:
    """Return a playbook of a few steps that two people must agree to."""
    return HEAD.format(slug=slug) + steps


@dataclass
class Trial:
    """One scenario under way: the stage it plays on, and what its clients were told."""

    stage: Any
    settings: Any
    operations: list[Operation] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.settings.ENGINE_LEASE_SECONDS = 0.6
        self.settings.ENGINE_HEARTBEAT_SECONDS = 60.0  # a scenario that needs heartbeats sets its own
        self.settings.ENGINE_CALL_SECONDS = 2.0

    def started(self, steps: str) -> Rollback:
        """Propose a playbook of these steps and let both agree."""
        rollback: Rollback = self.stage.approve(self.stage.propose(playbook(steps)))
        return rollback

    def told(self, f: str, deed: Callable[[], Any], **value: Any) -> str:
        """Do what a client asks for and keep what it was told: ok, fail (a definite no) or info (nobody knows)."""
        try:
            answer = deed()
        except Refused:
            ended = "fail"
        except DatabaseError:
            connection.close()
            ended = "info"
        else:
            status = getattr(answer, "status_code", 200)
            ended = "ok" if status < 400 else "fail" if status < 500 else "info"
        name = f"{f}-{len(self.operations)}"
        self.operations.append(Operation("client", name, ended, f, value, time.monotonic(), time.time()))
        return ended

    def evidence(self, **limits: float) -> Evidence:
        """Collect what is known now."""
        outside = self.stage.outside
        states = {slug: outside.state(slug) for slug in ("vercel", "launchdarkly")}
        journal = journal_of(outside)
        return collect(journal=journal, states=states, operations=self.operations, limits=Limits(**limits))


@dataclass(frozen=True)
class Scenario:
    """What is played, and in which state its first run is in the end when the product has no bug."""

    play: Callable[[Trial], Evidence]
    ends: str


SCENARIOS: dict[str, Scenario] = {}


def scenario(name: str, *, ends: str) -> Callable[[Callable[[Trial], Evidence]], Callable[[Trial], Evidence]]:
    """Register the scenario of a bug."""

    def keep(play: Callable[[Trial], Evidence]) -> Callable[[Trial], Evidence]:
        SCENARIOS[name] = Scenario(play, ends)
        return play

    return keep


@contextmanager
def worker(rollback: Rollback, ended: threading.Event | None = None) -> Iterator[threading.Thread]:
    """Advance the run in a thread, as another worker would; the block ends when the thread has, which sets `ended`."""

    def advance() -> None:
        try:
            engine.advance(rollback.pk)
        finally:
            connections.close_all()
            if ended:
                ended.set()

    thread = threading.Thread(target=advance, name="other worker")
    thread.start()
    try:
        yield thread
    finally:
        thread.join(PATIENCE_SECONDS)
        assert not thread.is_alive(), "The other worker never came back."


@contextmanager
def calls_go_through(provider: type[Any], way: Callable[[Callable[[], Outcome], int], Outcome]) -> Iterator[None]:
    """Let `way` make each call of a provider: it is given the call and its number, from 1."""
    original, lock, numbers = provider.apply, threading.Lock(), iter(range(1, 1000))

    def apply(self: Any, *given: Any) -> Outcome:
        with lock:
            number = next(numbers)
        return way(lambda: original(self, *given), number)

    with replaced(provider, "apply", apply):
        yield


def wait(event: threading.Event) -> None:
    """Wait for an event that must come."""
    assert event.wait(PATIENCE_SECONDS), "What was waited for never came."


def advance_for(rollback: Rollback, seconds: float = PATIENCE_SECONDS) -> str:
    """Advance as a worker's poll would until the run rests, at most so long; returns its state."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if rollback.pk in polling.due():
            engine.advance(rollback.pk)
        rollback.refresh_from_db()
        if rollback.state not in {"queued", "running", "cancelling"}:
            break
        time.sleep(0.05)  # the poll's own beat
    return rollback.state


def wait_until_due(rollback: Rollback) -> None:
    """Wait until a worker's poll would take the run up again."""
    until = time.monotonic() + PATIENCE_SECONDS
    while rollback.pk not in polling.due():
        assert time.monotonic() < until, "The run never came due again."
        time.sleep(0.05)  # the poll's own beat
