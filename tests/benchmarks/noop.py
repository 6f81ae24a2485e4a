"""A provider of no duration, for benchmarks only: nothing leaves the process, so what is measured is ours."""

from __future__ import annotations

import time

from apps.providers import registry
from apps.providers.base import (
    Access,
    Action,
    Call,
    Finding,
    IdempotencyClass,
    Observation,
    Outcome,
    OutcomeKind,
    Parameter,
    Proof,
    Provider,
    Risk,
    Seen,
    Sending,
    Verification,
)


def _action(name: str, title: str) -> Action:
    return Action(
        name,
        title,
        (Parameter("what", "What"),),
        Risk.SAFE,
        IdempotencyClass.ABSOLUTE,
        undo="Nothing needs to be undone.",
        usual_seconds=1,
        gives_up_seconds=60,
    )


class Noop(Provider):
    """Says yes at once; `second` takes one second, as a provider on the network may."""

    slug = "noop"
    name = "Nothing"
    roles = ("hosting",)
    default_base_url = "https://nothing.example"
    actions = (_action("nothing", "Do nothing"), _action("second", "Do nothing for a second"))

    def check(self, access: Access) -> list[Finding]:
        """Everything is allowed."""
        return [Finding("ok", "Nothing can be done here, and it may be.")]

    def observe(self, access: Access, call: Call, sending: Sending | None = None) -> Observation:
        """Always the state before."""
        return Observation(Seen.OTHER, "It has not been done.", {"done": False})

    def apply(self, access: Access, call: Call, sending: Sending) -> Outcome:
        """Ask for the permission, as every provider does, and succeed."""
        if not sending.permit():
            return Outcome(OutcomeKind.NOT_SENT, "It was not permitted any more.", retryable=True)
        if call.action == "second":
            time.sleep(1)  # stands for the provider's own time
        return Outcome(OutcomeKind.SUCCEEDED, "Done.", status=200)

    def verify(self, access: Access, call: Call, sending: Sending) -> Verification:
        """It is always so."""
        return Verification(Proof.SATISFIED, "It is done.")


def register() -> None:
    """Let this process know the provider."""
    registry.BUILT_IN[Noop.slug] = f"{Noop.__module__}.{Noop.__qualname__}"
