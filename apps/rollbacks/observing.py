"""Look at everything a plan is about, all at once, while it is being made. Reads only."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from django.db import connections

from apps.providers.base import Access, Action, Call, IdempotencyClass, Observation, Provider, Risk, Seen
from apps.rollbacks import airlocks

READ_AT_ONCE = 6


@dataclass
class Reading:
    """One part of one step to look at while planning."""

    said: dict[str, Any]
    provider: Provider
    access: Access
    call: Call
    findings: list[dict[str, str]] = field(default_factory=list)
    refusals: Sequence[str] = ()


def look(readings: Sequence[Reading]) -> list[dict[str, str]]:
    """Observe every part at once; what could not be read is a finding, and is read again when its step begins."""
    with ThreadPoolExecutor(READ_AT_ONCE, thread_name_prefix="planning") as pool:
        list(pool.map(_read, readings))
    return [finding for reading in readings for finding in reading.findings]


def _read(reading: Reading) -> None:
    action = reading.provider.action(reading.call.action)
    try:
        if action.risk is Risk.DESTRUCTIVE:
            _pass_airlock(reading)
        seen = reading.provider.observe(reading.access, reading.call)
    finally:
        connections.close_all()
    _keep(reading, action, seen)


def _pass_airlock(reading: Reading) -> None:
    judged = airlocks.judge(reading.provider, reading.access, reading.call)
    reading.refusals = judged.refusals
    if judged.airlock:
        reading.said["airlock"][reading.call.part] = airlocks.as_planned(judged.airlock)


def _keep(reading: Reading, action: Action, seen: Observation) -> None:
    """Write what was seen into the step of the plan."""
    said, part = reading.said, reading.call.part
    if seen.seen is Seen.UNREADABLE:
        if action.idempotency_class is not IdempotencyClass.UNREPEATABLE:
            reading.findings.append({"level": "warning", "text": f"Step {said['position']}: {seen.summary}"})
        return
    said["baseline"][part] = dict(seen.identity)
    if seen.seen is Seen.DESIRED:
        reading.findings.append(
            {"level": "ok", "text": f"Step {said['position']} has nothing to do now: {seen.summary}"}
        )
    if inverse := reading.provider.inverse_of(reading.call, seen):
        said["compensation"][part] = {
            "action": inverse.action, "parameters": dict(inverse.parameters), "part": inverse.part,
        }  # fmt: skip
