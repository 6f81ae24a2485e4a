"""How one kind of action is carried out: the verbs of the promise, for that kind alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from apps.providers.base import Access, Call, Observation, Outcome, Proof, Seen, Sending, Verification

Observe = Callable[[Access, Call, Sending | None], Observation]
Apply = Callable[[Access, Call, Sending], Outcome]
Verify = Callable[[Access, Call, Observation], Verification]
Inverse = Callable[[Call, Observation], Call | None]
Stays = Callable[[Call], Sequence[str]]


def as_observed(access: Access, call: Call, seen: Observation) -> Verification:
    """Return what an observation proves where it says all there is to say."""
    if seen.seen is Seen.DESIRED:
        return Verification(Proof.SATISFIED, seen.summary, (("done", seen.summary),))
    return Verification(Proof.NOT_YET, seen.summary, (("running", seen.summary),))


def nothing_to_put_back(call: Call, baseline: Observation) -> Call | None:
    """Return None: the portal does not take it back."""
    return None


@dataclass(frozen=True)
class Way:
    """The verbs of one kind of action; `verify` gets what was observed just before."""

    observe: Observe
    apply: Apply
    stays: Stays
    verify: Verify = as_observed
    inverse: Inverse = nothing_to_put_back
