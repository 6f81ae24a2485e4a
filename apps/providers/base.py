"""The promise every provider keeps: what it can do, declared as data, and four verbs: check, observe, apply,
verify.

An adapter never imports models, requests or HTML. It gets an `Access` (address, settings, opened credentials)
and a `Call` (what the approved plan says), and answers with values. It never repeats a mutating request by
itself.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from apps.providers.declaring import Action, Field, IdempotencyClass, Parameter, Risk
from apps.providers.hooks import Hook

__all__ = [
    "Access",
    "Action",
    "Call",
    "Field",
    "Finding",
    "IdempotencyClass",
    "Observation",
    "Outcome",
    "OutcomeKind",
    "Parameter",
    "Proof",
    "Provider",
    "ProviderError",
    "Risk",
    "Seen",
    "Sending",
    "Verification",
    "always_permitted",
]


@dataclass(frozen=True)
class Access:
    """How to reach one connected account: where, which settings, which opened credentials."""

    base_url: str
    settings: Mapping[str, str]
    credentials: Mapping[str, Any]
    name: str = ""


@dataclass(frozen=True)
class Call:
    """One approved use of an action. `part` names one item of its `parts_of` parameter, or is empty."""

    action: str
    parameters: Mapping[str, Any]
    part: str = ""


def always_permitted() -> bool:
    """Permit every request; what a `Sending` says when nobody can withdraw the permission."""
    return True


@dataclass(frozen=True)
class Sending:
    """What identifies one attempt to the provider.

    `idempotency_key` is the same for all attempts of a step; `attempt_id` is unique; `marker` is a short text
    that a class C action leaves behind to be found again; `reason` is a human sentence; `deadline_seconds`
    bounds the call. `permit` is asked at the last moment before every mutating request, when the connection
    already stands: where it says no (a freeze, a lost lease), that request is not sent.
    """

    idempotency_key: str
    attempt_id: str
    marker: str
    reason: str
    deadline_seconds: float = 20.0
    permit: Callable[[], bool] = always_permitted


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


class ProviderError(Exception):
    """The only exception that may leave an adapter's reads; its text is a sentence for people, without
    secrets.
    """


class Provider(ABC):
    """A system we can read and act on. Subclasses declare data and implement the four verbs."""

    slug: str
    name: str
    settings: tuple[Field, ...] = ()
    credentials: tuple[Field, ...] = ()
    actions: tuple[Action, ...] = ()
    default_base_url: str = ""
    roles: tuple[str, ...] = ()  # connection roles this provider can fill
    hook: Hook | None = None  # how it signs what it sends to us by itself
    support: str = ""  # where to get help from the vendor

    def action(self, name: str) -> Action:
        """Return the declared action called `name`. Raises KeyError for an unknown one."""
        for action in self.actions:
            if action.name == name:
                return action
        raise KeyError(name)

    def problems(self, call: Call) -> Sequence[str]:
        """Sentences that say why the call can never be made as it is written; empty when it can."""
        try:
            action = self.action(call.action)
        except KeyError:
            return (f"{self.name} has no action “{call.action}”.",)
        known = {parameter.name: parameter for parameter in action.parameters}
        found = [f"{action.title} has no parameter “{name}”." for name in call.parameters if name not in known]
        found += [text for name, parameter in known.items() if (text := parameter.problem(call.parameters.get(name)))]
        return found

    @abstractmethod
    def check(self, access: Access) -> list[Finding]:
        """Sign in and ask for every right the actions need; change nothing."""

    @abstractmethod
    def observe(self, access: Access, call: Call, sending: Sending | None = None) -> Observation:
        """Read what the call is about. Never raises for an unreadable answer: says Seen.UNREADABLE."""

    @abstractmethod
    def apply(self, access: Access, call: Call, sending: Sending) -> Outcome:
        """Make the one mutating request. Never repeats it, never raises: every ending is an Outcome."""

    def verify(self, access: Access, call: Call, sending: Sending) -> Verification:
        """Say whether the effect is seen. The default asks `observe` again."""
        seen = self.observe(access, call, sending)
        if seen.seen is Seen.DESIRED:
            return Verification(Proof.SATISFIED, seen.summary)
        return Verification(Proof.NOT_YET, seen.summary)

    def inverse_of(self, call: Call, baseline: Observation) -> Call | None:
        """Return the call that puts `baseline` back, or None where nothing can or needs to be put back."""
        return None

    def what_stays(self, call: Call) -> Sequence[str]:
        """Sentences for "what does not go back" when this call is made."""
        return ()

    def link(self, access: Access, call: Call) -> str:
        """Address of the provider's own page about the thing the call changes, or an empty text."""
        return ""
