"""One honest run, made by hand: a message and a move of production, agreed to by two people. Tests bend it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from tests.faults.checks.content import digest_of
from tests.faults.evidence import Entry, Evidence
from tests.faults.rows import Attempt, Event, Question, Rollback, Step, Vote

T = 1_800_000_000.0  # when it all began
ORGANISATION, RUN = "organisation-1", "rollback-1"
POST = {"action": "post", "parameters": {"text": "Rolling back"}, "part": ""}
MOVE = {"action": "rollback", "parameters": {"deployment": "dpl_old"}, "part": ""}
PLAN: dict[str, Any] = {
    "steps": [
        {"position": 1, "kind": "action", "provider": "slack", "idempotency_class": "C", "parts": [""], **POST},
        {
            "position": 2, "kind": "action", "provider": "vercel", "idempotency_class": "A", "parts": [""],
            "serves_traffic": True, "connection": {"id": "connection-1"}, **MOVE,
        },
    ]
}  # fmt: skip
TOLD: list[tuple[float, str, dict[str, Any]]] = [
    (1, "rollback.proposed", {}),
    (10, "rollback.approved", {}),
    (11.01, "rollback.attempt_intended", {"position": 1}),
    (11.2, "rollback.attempt_ended", {"position": 1}),
    (12, "rollback.step_succeeded", {"position": 1}),
    (13.01, "rollback.attempt_intended", {"position": 2}),
    (13.3, "rollback.attempt_ended", {"position": 2}),
    (14, "rollback.step_succeeded", {"position": 2}),
    (14.1, "rollback.succeeded", {}),
]


def honest() -> Evidence:
    """Return the evidence of the run as it should be: nothing in it breaks a promise."""
    events = chained(TOLD)
    return Evidence(
        collected_at=T + 100,
        healed_at=T + 5,
        journal=[an_entry(1, "attempt-1", 11.1), an_entry(2, "attempt-2", 13.1)],
        states={"vercel": {"projects": {"prj": {"aliases": {"www": {"deployment": "dpl_old"}}}}}},
        rollbacks={RUN: a_rollback()},
        steps=[a_step(1, 12), a_step(2, 14)],
        attempts={"attempt-1": an_attempt(1, 11, 4), "attempt-2": an_attempt(2, 13, 7)},
        questions={"question-1": a_question()},
        events=events,
        heads={ORGANISATION: (len(events), events[-1].hash.hex())},
        connections={"connection-1": {"project_id": "prj"}},
    )


def a_rollback(**changes: Any) -> Rollback:
    """Return the run."""
    said = Rollback(
        RUN, ORGANISATION, "environment-1", "service-1", "rae", "rollback", "succeeded", "", "hash", "hash", PLAN,
        "question-1", T + 1, T + 10, T + 14.1, False, False,
    )  # fmt: skip
    return replace(said, **changes)


def a_question(**changes: Any) -> Question:
    """Return what two people agreed to."""
    votes = tuple(
        Vote(person, seat, "approve", role, "hash", T + 9, T + 3600, T + 10)
        for person, seat, role in (("ava", "seat-1", "founder"), ("cleo", "seat-2", "lead"))
    )
    seats = {"seat-1": ("founder",), "seat-2": ("lead",)}
    said = Question("question-1", "rollback.start", "rae", "hash", "granted", T + 3600, seats, votes)
    return replace(said, **changes)


def a_step(position: int, finished: float, **changes: Any) -> Step:
    """Return a step that succeeded `finished` seconds after the beginning."""
    at = T + finished
    return replace(Step(RUN, position, "action", "succeeded", "halt", at - 1, at - 0.5, at, "", (), False), **changes)


def an_attempt(position: int, intended: float, transaction: int, **changes: Any) -> Attempt:
    """Return an attempt that succeeded; `transaction` is where its end was written."""
    call = POST if position == 1 else MOVE
    said = Attempt(
        f"attempt-{position}", RUN, position, "apply", "", 1, 1, f"key-{position}", digest_of(call), "succeeded",
        T + intended, T + intended + 0.3, False, False, transaction,
    )  # fmt: skip
    return replace(said, **changes)


def an_entry(number: int, attempt: str, received: float, **changes: Any) -> Entry:
    """Return a request that took effect: odd numbers are messages, even ones move production."""
    message = number % 2 == 1
    effect = {"kind": "post", "ts": str(number)} if message else {"kind": "rollback", "to": "dpl_old", "was": "dpl_new"}
    path = "/api/chat.postMessage" if message else "/v1/projects/prj/rollback/dpl_old"
    at = T + received
    said = Entry(
        number, "slack" if message else "vercel", "POST", path, f"digest-{number}", "{}", attempt, "", at, at + 0.01,
        (effect,), at + 0.02, 200, "answered",
    )  # fmt: skip
    return replace(said, **changes)


def chained(told: Sequence[tuple[float, str, dict[str, Any]]], subject: str = RUN) -> list[Event]:
    """Return events with whole hashes; each is a transaction of its own, numbered from 1."""
    previous, events = hashlib.sha256(ORGANISATION.encode()).digest(), []
    for number, (seconds, kind, details) in enumerate(told, start=1):
        moment = round((T + seconds) * 1_000_000)
        said = hashlib.sha256(b"{}").digest()
        link = hashlib.sha256(
            previous + number.to_bytes(8, "big") + said + b"Portal" + moment.to_bytes(8, "big", signed=True)
        ).digest()
        events.append(
            Event(
                f"event-{number}", ORGANISATION, number, kind, details, "Portal", "rollback", subject, number,
                T + seconds, moment, T + seconds, "{}", previous, link,
            )
        )  # fmt: skip
        previous = link
    return events


def retold(evidence: Evidence, told: Sequence[tuple[float, str, dict[str, Any]]]) -> Evidence:
    """Return the evidence with another record, whole in itself."""
    events = chained(told)
    return replace(evidence, events=events, heads={ORGANISATION: (len(events), events[-1].hash.hex())})
