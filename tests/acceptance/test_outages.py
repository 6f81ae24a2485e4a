"""Processes die, the broker goes: approved rollbacks go on, and no change is made twice."""

from __future__ import annotations

import json
import signal
import time
from threading import Thread
from typing import Any

import httpx
import pytest

from tests.acceptance.agreeing import agree
from tests.acceptance.client import told
from tests.acceptance.instance import Product
from tests.acceptance.waiting import until
from tests.acceptance.world import GOOD, World

GOES_ON_WITHIN = 60.0


@pytest.mark.parametrize("kind", ["hang", "hang_after"])
def test_a_killed_worker_s_run_goes_on_and_changes_nothing_twice(product: Product, world: World, kind: str) -> None:
    rollback = world.propose("only-hosting")
    world.vercel.breaks(kind)
    world.approve(rollback)
    until(lambda: world.vercel.writes)
    product.signal("worker", signal.SIGKILL)
    began = time.monotonic()
    done = world.people.commander.wait(rollback["id"], within=GOES_ON_WITHIN)
    assert time.monotonic() - began < GOES_ON_WITHIN
    assert done["state"] == "succeeded", told(done)
    assert world.effects() == {"hosting": [f"rollback {GOOD}"]}
    assert done["timings"]["first_call_at"], done["timings"]
    first = done["steps"][0]["attempts"][0]["state"]
    assert first == ("reconciled_applied" if kind == "hang_after" else "reconciled_not_applied"), told(done)
    agree(world, done)


def test_an_approved_rollback_runs_without_the_broker(product: Product, world: World) -> None:
    rollback = world.propose("only-hosting")
    world.vote(world.people.founder, rollback).must(201)
    product.signal("valkey", signal.SIGSTOP)
    try:
        began = time.monotonic()
        world.vote(world.people.success, rollback).must(201)
        assert time.monotonic() - began < 5, "A hanging broker held up the vote."
        done = world.people.commander.wait(rollback["id"])
        ready = until(
            lambda: httpx.get(f"{product.url}/readyz", timeout=10), lambda one: one.json()["broker"] == "down"
        )
        assert ready.status_code == 200
    finally:
        product.signal("valkey", signal.SIGCONT)
    assert done["state"] == "succeeded", told(done)
    assert world.effects() == {"hosting": [f"rollback {GOOD}"]}
    agree(world, done)


def test_an_approved_rollback_survives_the_broker_s_death(product: Product, world: World) -> None:
    rollback = world.propose("only-flags")
    world.vote(world.people.founder, rollback).must(201)
    product.signal("valkey", signal.SIGKILL)
    world.vote(world.people.success, rollback).must(201)
    done = world.people.commander.wait(rollback["id"])
    assert done["state"] == "succeeded", told(done)
    assert world.effects() == {"flags": ["new-share-links off", "milestone-drag off"]}


def test_a_killed_web_process_loses_and_doubles_no_event(product: Product, world: World) -> None:
    heard: list[int] = []
    path = f"/incidents/{world.incident}/stream"

    def listen() -> None:
        end_at = time.monotonic() + 45
        while time.monotonic() < end_at and "rollback.succeeded" not in kinds:
            try:
                last = str(heard[-1]) if heard else None
                for event in world.people.founder.stream(path, last=last, seconds=20):
                    if "id" in event:
                        heard.append(int(event["id"]))
                        kinds.add(json.loads(event["data"])["kind"])
                    if "rollback.succeeded" in kinds:
                        break
            except (httpx.TransportError, AssertionError):
                time.sleep(0.3)

    kinds: set[str] = set()
    listener = Thread(target=listen)
    listener.start()
    world.vercel.delay = 6
    key = world.start("only-hosting")
    until(lambda: world.vercel.effects)
    product.signal("web", signal.SIGKILL)
    product.wait_until_ready(60)
    done = world.people.commander.wait(key)
    listener.join(60)
    assert done["state"] == "succeeded", told(done)
    timeline = [one["seq"] for one in world.people.founder.timeline(world.incident)]
    assert heard == timeline[: len(heard)]
    assert "rollback.succeeded" in kinds
    assert world.effects() == {"hosting": [f"rollback {GOOD}"]}


@pytest.mark.slow  # the lease of the worker that lost its database runs out first
def test_a_killed_database_stops_nothing_for_long(product: Product, world: World) -> None:
    rollback = world.propose("only-hosting")
    world.vercel.pace = 0.5
    world.approve(rollback)
    until(lambda: world.vercel.writes)
    product.signal("postgres", signal.SIGKILL)
    product.wait_until_ready(60)
    done: dict[str, Any] = world.people.commander.wait(rollback["id"], within=GOES_ON_WITHIN)
    assert done["state"] == "succeeded", told(done)
    assert world.effects() == {"hosting": [f"rollback {GOOD}"]}
    agree(world, done)
