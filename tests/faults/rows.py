"""What the product's database says, as values: frozen, with every time in seconds since 1970."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any


@dataclass(frozen=True)
class Event:
    """One link of the record. `committed_at` is when its transaction committed, or was about to."""

    id: str
    organisation: str
    seq: int | None
    kind: str
    details: Mapping[str, Any]
    actor_name: str
    subject_kind: str
    subject: str
    transaction: int
    recorded_at: float
    recorded_us: int
    committed_at: float
    body: str
    previous_hash: bytes
    hash: bytes
    incident: str = ""


@dataclass(frozen=True)
class Vote:
    """One answer in one seat."""

    person: str
    seat: str
    decision: str
    role: str
    content_hash: str
    cast_at: float
    expires_at: float
    consumed_at: float | None
    withdrawn_at: float | None = None


@dataclass(frozen=True)
class Question:
    """What people were asked, with its seats (id → roles that may sit there) and votes."""

    id: str
    kind: str
    requester: str
    content_hash: str
    state: str
    expires_at: float
    seats: Mapping[str, tuple[str, ...]]
    votes: tuple[Vote, ...]


@dataclass(frozen=True)
class Step:
    """One line of a run as it ended. `applied_at` is when its effect was accepted."""

    rollback: str
    position: int
    kind: str
    state: str
    on_failure: str
    started_at: float | None
    applied_at: float | None
    finished_at: float | None
    message: str
    already: tuple[str, ...]
    compensated: bool


@dataclass(frozen=True)
class Attempt:
    """One intended request. `transaction` is the low half of the id of the transaction that wrote the row last."""

    id: str
    rollback: str
    position: int
    kind: str
    part: str
    number: int
    fence: int
    idempotency_key: str
    request_digest: str
    state: str
    intended_at: float
    finished_at: float | None
    retryable: bool
    needs_operator: bool
    transaction: int
    late: tuple[str, ...] = ()


@dataclass(frozen=True)
class Rollback:
    """One run with the plan it was approved for (`plan` is parsed; `plan_digest` is over its bytes)."""

    id: str
    organisation: str
    environment: str
    service: str
    requester: str
    kind: str
    state: str
    reason: str
    plan_hash: str
    plan_digest: str
    plan: Mapping[str, Any]
    question: str
    proposed_at: float
    approved_at: float | None
    finished_at: float | None
    cancel_requested: bool
    pause_requested: bool
    lease_owner: str = ""

    @cached_property
    def planned(self) -> Mapping[int, Mapping[str, Any]]:
        """The steps of the plan by position."""
        return {said["position"]: said for said in self.plan.get("steps", [])}


@dataclass(frozen=True)
class Freeze:
    """A stop of rollbacks (or deployments), from the commit that made it to the commit that lifted it."""

    id: str
    organisation: str
    stops: str
    scope: str
    service: str
    environment: str
    frozen_at: float
    lifted_at: float | None

    def covers(self, rollback: Rollback) -> bool:
        """Say whether its scope holds the run's environment."""
        if self.organisation != rollback.organisation or self.stops != "rollbacks":
            return False
        if self.scope == "environment":
            return self.environment == rollback.environment
        return self.service == rollback.service if self.scope == "service" else True


@dataclass(frozen=True)
class Notice:
    """A message that waited for a channel; its id is the marker that it leaves there."""

    id: str
    reason: str
    state: str
    attempts: int
    next_attempt_at: float | None
