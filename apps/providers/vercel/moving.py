"""Roll production back, or put a deployment into production: one job at Vercel moves all production addresses."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from apps.providers.base import Access, Call, Observation, Outcome, Seen, Sending
from apps.providers.calling import segment
from apps.providers.vercel import judging, reading, wire
from apps.providers.vercel.actions import PROMOTE, ROLLBACK
from apps.providers.vercel.ways import Way
from apps.providers.vercel.wire import API

LONGEST_REASON = 250  # what Vercel keeps as the project's rollback description
INVERSE = {action.name: action.inverse for action in (ROLLBACK, PROMOTE)}


def observe(access: Access, call: Call, sending: Sending | None) -> Observation:
    """Say which deployment production serves, and whether Vercel is moving it just now."""
    now, wanted = reading.production(access), call.parameters["deployment"]
    readings = dict(now.live.addresses) or {"production": now.live.reference}
    if not now.live.reference and not now.live.addresses:
        return Observation(Seen.UNREADABLE, "Vercel does not say which deployment is live.")
    if target := now.live.moving_to:
        readings["moving to"] = target
        return Observation(
            Seen.OTHER,
            f"Vercel is moving production to {target} just now.",
            {"live": f"moving to {target}"},
            readings,
            datetime.now(UTC),
            under_way=target == wanted,
        )
    served = now.live.reference or f"mixed: {', '.join(sorted(set(now.live.addresses.values())))}"
    seen = Seen.DESIRED if served == wanted else Seen.OTHER
    summary = f"Production serves {served} (according to {now.live.source})."
    if call.action == PROMOTE.name and served == wanted and now.pinned:
        text = f"Production serves {served}, but is pinned to it: new releases do not go live by themselves."
        return Observation(
            Seen.OTHER, text, {"live": served, "pinned": now.pinned.reference}, readings, datetime.now(UTC)
        )
    moving = not now.live.reference and now.brings(wanted)
    return Observation(seen, summary, {"live": served}, readings, datetime.now(UTC), under_way=moving)


def apply(access: Access, call: Call, sending: Sending) -> Outcome:
    """Ask Vercel to move production; its yes means accepted, not yet moved."""
    project, target = wire.project_path(access), segment(call.parameters["deployment"], "a deployment id")
    if call.action == ROLLBACK.name:
        query = {"description": sending.reason[:LONGEST_REASON], **wire.scope(access)}
        answer = API.change(access, sending, "POST", f"/v1/projects/{project}/rollback/{target}", query)
    else:
        path = f"/v10/projects/{project}/promote/{target}"
        answer = API.change(access, sending, "POST", path, wire.scope(access), body={})
    return judging.outcome(answer, API.said(access, answer), call)


def inverse(call: Call, baseline: Observation) -> Call | None:
    """Return the call that makes the deployment of the baseline live again."""
    before = str(baseline.identity.get("live", ""))
    if not before or " " in before or before == call.parameters.get("deployment"):
        return None
    return Call(INVERSE[call.action], {"deployment": before})


def stays(call: Call) -> Sequence[str]:
    """Say what moving production does not bring back."""
    found = [
        "Environment variables: the deployment keeps those it was built with.",
        "Databases, queues and files: Vercel moves only addresses.",
    ]
    if call.action == ROLLBACK.name:
        found.append("New releases: Vercel no longer makes them live by itself until somebody promotes one.")
        found.append("Cron jobs: they are those of the deployment that goes live.")
    return tuple(found)


WAY = Way(observe, apply, stays, judging.verification, inverse)
