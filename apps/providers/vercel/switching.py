"""Switch one address from one deployment to another, as in a blue-green release.

Vercel takes the address from the deployment that had it in one step. It sets no alias job and no pin, so the next
production deployment that is assigned automatically takes a production address back.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from apps.providers.base import Access, Call, Observation, Outcome, OutcomeKind, Seen, Sending
from apps.providers.calling import segment
from apps.providers.endings import LOOK, dig, unknown
from apps.providers.http import Answer
from apps.providers.vercel import judging, wire
from apps.providers.vercel.actions import SWITCH_ALIAS
from apps.providers.vercel.ways import Way
from apps.providers.vercel.wire import API

LONGEST_HOST = 253
NOBODY = "none"
ADVICE = {
    "alias_in_use": "Another project or team has the address; take it away there first.",
    "cert_missing": "There is no certificate for the address yet; issue one, then try again.",
    "cert_expired": "The certificate of the address has expired; issue one, then try again.",
    "deployment_not_ready": "Wait until the deployment is built.",
    "gone": "The deployment has failed or was removed; choose another one.",
}


def observe(access: Access, call: Call, sending: Sending | None) -> Observation:
    """Say which deployment the address points to."""
    alias, wanted = call.parameters["alias"], call.parameters["deployment"]
    path = f"/v4/aliases/{segment(alias, 'an address', LONGEST_HOST)}"
    answer = API.read(access, path, {"projectId": access.settings.get("project_id"), **wire.scope(access)})
    if answer.status == 404:
        text = f"{alias} points to no deployment."
        return Observation(Seen.OTHER, text, {"serves": NOBODY}, {alias: NOBODY}, datetime.now(UTC))
    body = answer.json() if answer.ok else None
    serves = dig(body, "deploymentId") or dig(body, "deployment", "id")
    if redirect := dig(body, "redirect"):
        text = f"{alias} redirects to {redirect} and serves no deployment of its own."
        return Observation(Seen.OTHER, text, {"serves": f"redirect {redirect}"}, {alias: redirect}, datetime.now(UTC))
    if not isinstance(serves, str):
        raise API.unreadable(access, answer, f"The address {alias}")
    seen = Seen.DESIRED if serves == wanted else Seen.OTHER
    return Observation(seen, f"{alias} serves {serves}.", {"serves": serves}, {alias: serves}, datetime.now(UTC))


def apply(access: Access, call: Call, sending: Sending) -> Outcome:
    """Give the address to the deployment."""
    alias, target = call.parameters["alias"], call.parameters["deployment"]
    segment(alias, "an address", LONGEST_HOST)
    path = f"/v2/deployments/{segment(target, 'a deployment id')}/aliases"
    body = {"alias": alias, "redirect": None}
    answer = API.change(access, sending, "POST", path, wire.scope(access), body=body)
    if not answer.ok:
        return _refusal(access, answer, alias, target)
    told = answer.json()
    if dig(told, "alias") != alias:
        return unknown(f"Vercel answered {answer.status}, but not about {alias}. {LOOK}", answer)
    was = dig(told, "oldDeploymentId")
    text = f"Vercel switched {alias} to {target}" + (f"; it served {was} before." if was else ".")
    return Outcome(OutcomeKind.SUCCEEDED, text, status=answer.status, evidence={"alias": alias, "was": was or ""})


def inverse(call: Call, baseline: Observation) -> Call | None:
    """Return the call that gives the address back; None where it served no deployment before."""
    before = str(baseline.identity.get("serves", ""))
    if not before or before == NOBODY or " " in before or before == call.parameters.get("deployment"):
        return None
    return Call(SWITCH_ALIAS.name, {"alias": call.parameters["alias"], "deployment": before})


def stays(call: Call) -> Sequence[str]:
    """Say what switching one address does not change."""
    return (
        "The project's other addresses: they stay on the deployment they serve now.",
        "Environment variables: the deployment keeps those it was built with.",
        "New releases: nothing pins the address, so the next one that goes live by itself takes it back.",
    )


def _refusal(access: Access, answer: Answer, alias: str, target: str) -> Outcome:
    """Return how it ended; 409 is Vercel's word for an address that is set already (source: its command line)."""
    doing = f"switch {alias} to {target}"
    if answer.status == 409:
        said = API.said(access, answer)
        return unknown(f"Vercel answered 409 when asked to {doing}: “{said}”. It may be there already: look.", answer)
    ended = judging.refusal(access, answer, doing)
    code = wire.error_code(answer)
    return judging.advised(ended, ADVICE.get(code, ""))


WAY = Way(observe, apply, stays, inverse=inverse)
