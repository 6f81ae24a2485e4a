"""What an adapter answers with: observations, outcomes, proofs, findings, results of checks. Values only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class Seen(StrEnum):
    """How an observation relates to the state the call wants."""

    DESIRED = "desired"
    OTHER = "other"
    UNREADABLE = "unreadable"


@dataclass(frozen=True)
class Observation:
    """What the provider says now. `identity` holds only the facts whose change is drift; `readings` is for
    people.

    `under_way` means that the provider is just now making the change that the call wants: neither the
    baseline nor drift, so look again before judging.
    """

    seen: Seen
    summary: str
    identity: Mapping[str, Any] = field(default_factory=dict)
    readings: Mapping[str, Any] = field(default_factory=dict)
    as_of: datetime | None = None
    under_way: bool = False


class OutcomeKind(StrEnum):
    """The only five ways a mutating call can end."""

    NOT_SENT = "not_sent"
    REJECTED = "rejected"
    RETRY_LATER = "retry_later"
    SUCCEEDED = "succeeded"
    AMBIGUOUS = "ambiguous"


@dataclass(frozen=True)
class Outcome:
    """How one call ended, in a sentence for people and a kind for the engine."""

    kind: OutcomeKind
    message: str
    status: int | None = None
    retry_after_seconds: float | None = None
    retryable: bool = False
    needs_operator: bool = False
    evidence: Mapping[str, Any] = field(default_factory=dict)
    external_url: str = ""


class Proof(StrEnum):
    """Whether the effect has been seen, not merely promised."""

    SATISFIED = "satisfied"
    NOT_YET = "not_yet"
    VIOLATED = "violated"


@dataclass(frozen=True)
class Verification:
    """What a look after the call proved. `readings` are lines for people: (mark, text).

    A mark is one of "done", "running", "failed".
    """

    proof: Proof
    message: str
    readings: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True)
class Finding:
    """One answer of the access preflight. `level` is ok, warning or error."""

    level: str
    message: str
    code: str = ""


@dataclass(frozen=True)
class CheckResult:
    """What a check found. `holds` is None when the provider could not be read, so that nothing is known.

    `readings` are lines for people: (mark, text), a mark is done, failed or unknown. What measures also gives its
    `value` in the check's unit, the window that the value is really of, and from how many samples it was made.
    """

    holds: bool | None
    message: str
    readings: Sequence[tuple[str, str]] = ()
    value: float | None = None
    window_seconds: float | None = None
    samples: int | None = None
    as_of: datetime | None = None


@dataclass(frozen=True)
class Airlock:
    """What people must know before something destructive is let out, read from the provider when it is planned.

    `loses` is the sentence that approvers accept; what was written between `lost_from` and `lost_until` is gone, both
    None where it is not a matter of time. `safety_copy` says which copy is kept first and where, or why there is none.
    `refusals` are reasons why it cannot be done at all.
    """

    loses: str
    safety_copy: str
    lost_from: datetime | None = None
    lost_until: datetime | None = None
    refusals: Sequence[str] = ()


class ProviderError(Exception):
    """The only exception that may leave an adapter's reads; its text is a sentence for people, without
    secrets.
    """
