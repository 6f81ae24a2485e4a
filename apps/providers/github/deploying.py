"""Say at GitHub how a deployment fares: a status on the newest deployment of an environment."""

from __future__ import annotations

from functools import partial
from typing import Any

from apps.providers.base import Access, Call, Observation, Outcome, ProviderError, Seen, Sending
from apps.providers.calling import Denied
from apps.providers.endings import dig
from apps.providers.github import judging, reading
from apps.providers.github.deeds import Deed, prepared
from apps.providers.github.wire import API, listed, repository

STATES = ("error", "failure", "inactive", "in_progress", "queued", "pending", "success")
LONGEST_DESCRIPTION = 140


def newest(access: Access, environment: str, commit: str = "") -> Any:
    """Return the newest deployment to an environment (of a commit, where one is named). Raises ProviderError.

    The order of GitHub's list is not documented, so the highest number counts; a commit is looked for here.
    """
    found = list(listed(access, "/deployments", {"environment": environment}, what="The list of deployments"))
    fitting = [one for one in found if not commit or str(dig(one, "sha")).startswith(commit)]
    if any(not isinstance(dig(one, "id"), int) for one in found):
        raise ProviderError("GitHub answered with something that is not a list of deployments.")
    if not fitting:
        of = f" of {commit[:7]}" if commit else ""
        raise Denied(f"GitHub knows no deployment{of} to {environment}.")
    return max(fitting, key=lambda one: dig(one, "id"))


def state_of(access: Access, deployment: Any) -> str:
    """Return the newest status of a deployment, or “none”. Raises ProviderError."""
    path = f"/deployments/{dig(deployment, 'id')}/statuses"
    statuses = list(listed(access, path, {}, what="The statuses of a deployment"))
    if not statuses:
        return "none"
    return reading.text_of(max(statuses, key=lambda one: dig(one, "id") or 0), "state", what="a deployment's status")


def _observe(access: Access, call: Call, sending: Sending | None) -> Observation:
    deployment = newest(access, call.parameters["environment"], call.parameters.get("commit") or "")
    state = state_of(access, deployment)
    seen = Seen.DESIRED if state == call.parameters["state"] else Seen.OTHER
    text = f"The deployment of {str(dig(deployment, 'sha'))[:7]} to {call.parameters['environment']} is: {state}."
    return Observation(seen, text, {"deployment": dig(deployment, "id"), "state": state})


def _apply(access: Access, call: Call, sending: Sending) -> Outcome:
    environment, state = call.parameters["environment"], call.parameters["state"]
    deployment = prepared(partial(newest, access, environment, call.parameters.get("commit") or ""))
    words = str(call.parameters.get("text") or sending.reason)[:LONGEST_DESCRIPTION]
    body = {"state": state, "description": words, "auto_inactive": False}
    path = f"{repository(access)}/deployments/{dig(deployment, 'id')}/statuses"
    answer = API.change(access, sending, "POST", path, body=body)
    if not answer.ok:
        return judging.failed(access, answer, f"set the deployment to {environment} to “{state}”")
    if dig(answer.json(), "state") != state:
        return judging.unconfirmed(answer, f"the status “{state}”")
    text = f"GitHub shows the deployment of {str(dig(deployment, 'sha'))[:7]} to {environment} as “{state}”."
    return judging.confirmed(answer, text, evidence={"deployment": dig(deployment, "id")})


STATUS = Deed(_observe, _apply)
