"""The promise every provider keeps: what it can do, declared as data, and four verbs: check, observe, apply,
verify.

An adapter never imports models, requests or HTML. It gets an `Access` (address, settings, opened credentials)
and a `Call` (what the approved plan says), and answers with values. It never repeats a mutating request by
itself.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from apps.providers.answers import (
    Airlock,
    CheckResult,
    Finding,
    Observation,
    Outcome,
    OutcomeKind,
    Proof,
    ProviderError,
    Seen,
    Verification,
)
from apps.providers.declaring import (
    Action,
    Check,
    Field,
    IdempotencyClass,
    Parameter,
    Reversibility,
    Risk,
    misfits,
    window_problems,
)
from apps.providers.hooks import Hook

__all__ = [
    "Access",
    "Action",
    "Airlock",
    "Call",
    "Check",
    "CheckResult",
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
    "Reversibility",
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


class Provider(ABC):
    """A system we can read and act on. Subclasses declare data and implement the verbs."""

    slug: str
    name: str
    settings: tuple[Field, ...] = ()
    credentials: tuple[Field, ...] = ()
    actions: tuple[Action, ...] = ()
    checks: tuple[Check, ...] = ()
    default_base_url: str = ""
    address_schemes: tuple[str, ...] = ("https", "http")  # of a connection's address; () where it has none
    address_required = True  # where it has no address of its own; False: it can do without, as what only sends to us
    roles: tuple[str, ...] = ()  # connection roles this provider can fill
    hook: Hook | None = None  # how it signs what it sends to us by itself
    support: str = ""  # where to get help from the vendor

    def action(self, name: str) -> Action:
        """Return the declared action called `name`. Raises KeyError for an unknown one."""
        for action in self.actions:
            if action.name == name:
                return action
        raise KeyError(name)

    def declared_check(self, name: str) -> Check:
        """Return the declared check called `name`. Raises KeyError for an unknown one."""
        for check in self.checks:
            if check.name == name:
                return check
        raise KeyError(name)

    def problems(self, call: Call) -> Sequence[str]:
        """Sentences that say why the call can never be made as it is written; empty when it can."""
        try:
            action = self.action(call.action)
        except KeyError:
            return (f"{self.name} has no action “{call.action}”.",)
        return misfits(action.title, action.parameters, call.parameters)

    def check_problems(self, call: Call) -> Sequence[str]:
        """Sentences that say why a check can never be asked as it is written; `call.action` names it."""
        try:
            check = self.declared_check(call.action)
        except KeyError:
            return (f"{self.name} has no check “{call.action}”.",)
        found = misfits(check.title, check.takes(), call.parameters)
        return found or window_problems(self.name, check, call.parameters)

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

    def examine(self, access: Access, call: Call) -> CheckResult:
        """Ask the check that `call.action` names; reads only, never raises. Providers with `checks` have this."""
        return CheckResult(None, f"{self.name} has no check “{call.action}”.")

    def airlock(self, access: Access, call: Call) -> Airlock | None:
        """Say what a destructive call loses and which copy is kept first; reads only. None for every other call.

        Raises ProviderError when it cannot be told, which keeps the plan from being made.
        """
        return None

    def inverse_of(self, call: Call, baseline: Observation) -> Call | None:
        """Return the call that puts `baseline` back, or None where nothing can or needs to be put back."""
        return None

    def what_stays(self, call: Call) -> Sequence[str]:
        """Sentences for "what does not go back" when this call is made."""
        return ()

    def link(self, access: Access, call: Call) -> str:
        """Address of the provider's own page about the thing the call changes, or an empty text."""
        return ""
