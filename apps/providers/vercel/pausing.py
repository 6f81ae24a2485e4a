"""Pause a project and serve it again: the hard stop, with a page of Vercel's own instead of one's own.

Vercel documents that pausing also switches the automatic assignment of production domains off, and serving again
switches it on: an earlier pin of a rollback may then be gone, so it has to be looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from apps.providers.base import Access, Call, Observation, Outcome, OutcomeKind, Seen, Sending
from apps.providers.endings import LOOK, dig, unknown
from apps.providers.vercel import judging, reading, wire
from apps.providers.vercel.actions import PAUSE, UNPAUSE
from apps.providers.vercel.ways import Way
from apps.providers.vercel.wire import API

INVERSE = {PAUSE.name: UNPAUSE.name, UNPAUSE.name: PAUSE.name}


def observe(access: Access, call: Call, sending: Sending | None) -> Observation:
    """Say whether the project is paused; a project that says nothing of it is served."""
    body = reading.project(access)
    if not isinstance(dig(body, "id"), str):
        return Observation(Seen.UNREADABLE, "Vercel does not say whether the project is paused.")
    paused = dig(body, "paused") is True
    text = "The project is paused: visitors get Vercel's page." if paused else "The project is served."
    seen = Seen.DESIRED if paused is (call.action == PAUSE.name) else Seen.OTHER
    # To serve again is right whoever paused: the step that did may stand in the same plan.
    identity = {"paused": paused} if call.action == PAUSE.name else {"project": dig(body, "id")}
    return Observation(seen, text, identity, {"paused": paused}, datetime.now(UTC))


def apply(access: Access, call: Call, sending: Sending) -> Outcome:
    """Pause it, or serve it again."""
    path = f"/v1/projects/{wire.project_path(access)}/{call.action}"
    answer = API.change(access, sending, "POST", path, wire.scope(access), body={})
    doing = "pause the project" if call.action == PAUSE.name else "serve the project again"
    if not answer.ok:
        return judging.refusal(access, answer, doing)
    body = answer.json() if answer.body.strip() else {}
    if not isinstance(body, dict) or "error" in body or "err" in body:
        return unknown(f"Vercel answered {answer.status}, but with an error. {LOOK}", answer)
    return Outcome(OutcomeKind.SUCCEEDED, f"Vercel was asked to {doing}, and did.", status=answer.status)


def inverse(call: Call, baseline: Observation) -> Call | None:
    """Return the call that brings the project back to how it was."""
    was = baseline.readings.get("paused")
    return Call(INVERSE[call.action], {}) if was is (call.action != PAUSE.name) else None


def stays(call: Call) -> Sequence[str]:
    """Say what a pause does to releases."""
    if call.action == PAUSE.name:
        return ("New releases: while the project is paused they are built and do not go live.",)
    return ("A pin of a rollback: new releases go live by themselves again, also where they did not before the pause.",)


WAY = Way(observe, apply, stays, inverse=inverse)
