"""Build a deployment again, with the environment variables of now, and see it go live.

The new deployment carries the step's marker in its meta data, by which it is found again. Whether a build that is asked
for over the API takes the variables of now or those of the original is not documented; `variables` tells afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from apps.providers.base import (
    Access,
    Call,
    Observation,
    Outcome,
    OutcomeKind,
    Proof,
    ProviderError,
    Seen,
    Sending,
    Verification,
)
from apps.providers.calling import segment
from apps.providers.endings import LOOK, dig, quoted, unknown
from apps.providers.vercel import judging, listing, reading, wire
from apps.providers.vercel.ways import Way
from apps.providers.vercel.wire import API

MARK = "rollbackPortalStep"  # the key of the meta data under which the marker is kept
ENDED_BADLY = ("ERROR", "CANCELED", "DELETED", "BLOCKED")


def observe(access: Access, call: Call, sending: Sending | None) -> Observation:
    """Say whether this step's build is there, and how far it is."""
    source = _source(access, call)
    identity = {"source": source["id"], "build": "absent"}
    found = _ours(access, sending) if sending else None
    if not found:
        text = f"{source['id']} has not been built again by this step."
        if reading.production(access).pinned:
            text += " Production is pinned: the new build stays staged until it is promoted."
        return Observation(Seen.OTHER, text, identity, as_of=datetime.now(UTC))
    state = str(dig(found, "readyState") or dig(found, "state") or "unknown")
    readings = {"deployment": wire.id_of(found), "state": state, "error": _problem(found)}
    text = f"The new build {readings['deployment']} is {state}."
    return Observation(Seen.DESIRED, text, {**identity, "build": "there"}, readings, datetime.now(UTC))


def apply(access: Access, call: Call, sending: Sending) -> Outcome:
    """Ask for the build; its yes means queued."""
    source = _source(access, call)
    body = {
        "deploymentId": source["id"],
        "name": source["name"],
        "target": "production",
        "meta": {"action": "redeploy", MARK: sending.marker},
    }
    query = {"forceNew": "1", **wire.scope(access)}
    answer = API.change(access, sending, "POST", "/v13/deployments", query, body=body)
    if not answer.ok:
        return judging.refusal(access, answer, f"build {source['id']} again")
    made = answer.json()
    reference = wire.id_of(made)
    if not reference or dig(made, "error"):
        return unknown(f"Vercel answered {answer.status}, but did not name the new deployment. {LOOK}", answer)
    text = f"Vercel queued a new build of {source['id']}: {reference}."
    page = str(dig(made, "inspectorUrl") or "")
    evidence = {"deployment": reference}
    return Outcome(OutcomeKind.SUCCEEDED, text, status=answer.status, evidence=evidence, external_url=page)


def verify(access: Access, call: Call, seen: Observation) -> Verification:
    """Say whether the new build is ready and every production address serves it."""
    reference, state = str(seen.readings.get("deployment", "")), str(seen.readings.get("state", ""))
    if seen.seen is not Seen.DESIRED:
        return Verification(Proof.NOT_YET, seen.summary, (("running", seen.summary),))
    if state in ENDED_BADLY:
        text = f"The new build {reference} ended as {state}; production was not changed. Read its log at Vercel."
        return Verification(Proof.VIOLATED, text, (("failed", text),))
    if state != "READY":
        return Verification(Proof.NOT_YET, seen.summary, (("running", seen.summary),))
    try:
        now = reading.production(access)
    except ProviderError as error:
        return Verification(Proof.NOT_YET, str(error), (("running", str(error)),))
    return _live(now, reference, str(seen.readings.get("error", "")))


def stays(call: Call) -> Sequence[str]:
    """Say what a new build does not change."""
    return (
        "The source: the same commit is built again.",
        "Sensitive and shared variables that were changed outside the portal: they are as they are now.",
        "A pin of a rollback: while production is pinned, the new build stays staged.",
    )


def _live(now: reading.Production, reference: str, problem: str) -> Verification:
    lines = tuple(
        ("done" if at == reference else "running", f"{name} → {at}") for name, at in now.live.addresses.items()
    )
    if now.live.reference == reference:
        return Verification(Proof.SATISFIED, f"The new build {reference} is live.", lines)
    if now.pinned:
        text = (
            f"The new build {reference} is ready but staged, because production is pinned to {now.pinned.reference}. "
            "Promote it to make it live; that also ends the pin."
        )
        return Verification(Proof.VIOLATED, text, (("failed", text),))
    if problem:
        text = f"The new build {reference} is ready, but its addresses were not assigned: {problem}."
        return Verification(Proof.VIOLATED, text, (("failed", text),))
    return Verification(Proof.NOT_YET, f"The new build {reference} is ready and not yet live.", lines)


def _source(access: Access, call: Call) -> dict[str, str]:
    """Return id and name of the deployment to build again. Raises ProviderError for one of another project."""
    reference = segment(call.parameters["deployment"], "a deployment id")
    answer = API.read(access, f"/v13/deployments/{reference}", wire.scope(access))
    body: Any = answer.json() if answer.ok else None
    if not answer.ok or not isinstance(dig(body, "name"), str):
        raise API.unreadable(access, answer, f"The deployment {reference}")
    project = str(dig(body, "project", "id") or dig(body, "projectId") or "")
    known = (project, str(dig(body, "project", "name") or ""), "")
    if project and access.settings.get("project_id") not in known:
        raise ProviderError(f"The deployment {reference} belongs to another project ({project}).")
    return {"id": wire.id_of(body) or reference, "name": str(body["name"])}


def _problem(deployment: Any) -> str:
    """Return why Vercel did not assign the addresses of a deployment, or an empty text."""
    problem = dig(deployment, "aliasError")
    if not problem and dig(deployment, "checks", "deploymentAlias", "state") == "failed":
        problem = "a check of the deployment failed"
    return quoted(dig(problem, "message") or dig(problem, "code") or problem or "")


def _ours(access: Access, sending: Sending) -> Any:
    """Return the newest deployment with this step's marker, or None. Raises ProviderError."""
    query = {"projectId": access.settings.get("project_id"), f"meta-{MARK}": sending.marker, "limit": 20}
    listed = listing.listed(access, query)
    ours = [one for one in listed if dig(one, "meta", MARK) == sending.marker]
    return ours[0] if ours else None


WAY = Way(observe, apply, stays, verify)
