"""Judge what Vercel answered and what became of it: accepted is not moved, and a conflict is no refusal."""

from __future__ import annotations

from dataclasses import replace

from apps.providers.base import (
    Access,
    Call,
    Observation,
    Outcome,
    OutcomeKind,
    Proof,
    ProviderError,
    Seen,
    Verification,
)
from apps.providers.endings import outcome_of, refused, unknown
from apps.providers.http import Answer
from apps.providers.vercel import reading
from apps.providers.vercel.wire import API


def outcome(answer: Answer, said: str, call: Call) -> Outcome:
    """Return how a request to move production ended; 402 and 409 mean what Vercel's sheet says."""
    target = call.parameters["deployment"]
    if answer.ok:
        body = answer.json() if answer.body.strip() else {}
        if not isinstance(body, dict) or "error" in body or "err" in body:
            return unknown(f"Vercel answered {answer.status}, but with an error: “{said}”. Look what is live.", answer)
        waits = " It waits for a rolling release to end." if answer.status == 202 else ""
        text = f"Vercel accepted the request to make {target} live.{waits}"
        return Outcome(OutcomeKind.SUCCEEDED, text, status=answer.status, evidence={"deployment": target})
    if answer.status == 402:
        return refused(
            f"Vercel's plan does not allow {target}: “{said}”. On the Hobby plan only the deployment right "
            "before the live one can be rolled back to. Nothing was changed; choose that one, or upgrade.",
            answer=answer,
        )
    if answer.status == 409:
        return unknown(
            f"Vercel answered 409 Conflict: “{said}”. {target} may be live already, or another request is "
            "moving production. Look what is live before anything is repeated.",
            answer,
        )
    return outcome_of(answer, f"make {target} live", said)


def refusal(access: Access, answer: Answer, doing: str, *, secret: str = "") -> Outcome:
    """Return how a request that was not accepted ended; `doing` completes "asked to …".

    A provider's text that repeats `secret` is left out. 402 is a limit of the plan.
    """
    said = API.said(access, answer)
    if secret and secret in said:
        said = ""
    if answer.status == 402:
        quote = f" It says: “{said}”." if said else ""
        return refused(f"Vercel's plan does not allow to {doing}.{quote} Nothing was changed.", answer=answer)
    return outcome_of(answer, doing, said)


def advised(ended: Outcome, advice: str) -> Outcome:
    """Return the outcome with a sentence more that says what to do."""
    return replace(ended, message=f"{ended.message} {advice}") if advice else ended


def verification(access: Access, call: Call, seen: Observation) -> Verification:
    """Return what an observation proves, with one reading per production address."""
    wanted = call.parameters["deployment"]
    addresses = {name: at for name, at in seen.readings.items() if name != "moving to"}
    lines = tuple(("done" if at == wanted else "running", f"{name} → {at}") for name, at in addresses.items())
    if seen.seen is Seen.DESIRED:
        return Verification(Proof.SATISFIED, f"All production addresses serve {wanted}.", lines)
    if seen.seen is Seen.OTHER and not seen.under_way:
        return _given_up(access, call) or Verification(Proof.NOT_YET, seen.summary, lines)
    return Verification(Proof.NOT_YET, seen.summary, lines)


def _given_up(access: Access, call: Call) -> Verification | None:
    """Return the proof that Vercel's own job for this call failed, or None."""
    try:
        now = reading.production(access)
    except ProviderError:
        return None  # the next look will tell
    job, target = now.job, call.parameters["deployment"]
    if not job or job.target != target or job.status != "failed":
        return None
    stuck = reading.failed_addresses(access, call.action) or {
        address: served for address, served in now.live.addresses.items() if served != target
    }
    names = ", ".join(stuck) or "an address it does not name"
    text = f"Vercel gave up on {names}: production is not, or not wholly, on {target}."
    return Verification(
        Proof.VIOLATED, text, tuple(("failed", f"{name} → {at or 'unknown'}") for name, at in stuck.items())
    )
