"""Start a GitHub Actions workflow and follow the run that came of it.

A run is found again by our marker, which the workflow has to show in its `run-name`; whether its file does so is read
before anything is sent. Without that a second start could not be told from the first.
"""

from __future__ import annotations

import base64
import binascii
import re
from functools import partial
from typing import Any
from urllib.parse import quote

from apps.providers.base import Access, Call, Observation, Outcome, Proof, ProviderError, Seen, Sending, Verification
from apps.providers.calling import Denied, segment
from apps.providers.endings import dig, quoted
from apps.providers.github import judging, reading
from apps.providers.github.deeds import Deed, prepared
from apps.providers.github.wire import API, ask, listed, repository

MARKER_INPUT = "rollback_portal"
RUNNING = ("queued", "in_progress", "requested", "waiting", "pending")
GOOD = ("success", "neutral", "skipped")


def _observe(access: Access, call: Call, sending: Sending | None) -> Observation:
    """Say how the run with our marker stands; the end that is wanted is success."""
    workflow = _workflow(access, call)
    _insist_on_marker(access, call, workflow)
    run = _run_with(access, workflow, sending.marker) if sending else None
    if run is None:
        return Observation(Seen.OTHER, f"{_name(workflow)} has not been started by this step.", {"run": "absent"})
    return run_seen(workflow, run)


def run_seen(workflow: Any, run: Any) -> Observation:
    """Return what a run says of itself."""
    status, ended = str(dig(run, "status")), str(dig(run, "conclusion"))
    page = {"page": str(dig(run, "html_url") or ""), "run": dig(run, "id")}
    if status != "completed":
        waits = " It waits for an approval of its environment in GitHub." if status == "waiting" else ""
        text = f"{_name(workflow)} is under way ({status.replace('_', ' ')}).{waits}"
        return Observation(Seen.OTHER, text, {"run": "started"}, page, under_way=True)
    seen = Seen.DESIRED if ended == "success" else Seen.OTHER
    return Observation(seen, f"{_name(workflow)} ended with: {ended}.", {"run": ended}, {**page, "conclusion": ended})


def _apply(access: Access, call: Call, sending: Sending) -> Outcome:
    workflow = prepared(partial(_workflow, access, call))
    prepared(partial(_insist_on_marker, access, call, workflow))
    inputs = {**_inputs(call), _marker_input(call): sending.marker}
    return _start(access, call, sending, workflow, inputs)


def _apply_unmarked(access: Access, call: Call, sending: Sending) -> Outcome:
    workflow = prepared(partial(_workflow, access, call))
    return _start(access, call, sending, workflow, _inputs(call))


def _observe_unmarked(access: Access, call: Call, sending: Sending | None) -> Observation:
    _workflow(access, call)
    text = f"GitHub cannot tell which run of {call.parameters['workflow']} this step started."
    return Observation(Seen.UNREADABLE, text)


def _start(access: Access, call: Call, sending: Sending, workflow: Any, inputs: dict[str, str]) -> Outcome:
    ref = call.parameters.get("ref") or prepared(partial(reading.production_branch, access))
    body: dict[str, Any] = {"ref": ref, "inputs": inputs}
    if not access.base_url.rstrip("/").endswith("/v3"):  # Enterprise Server refuses the field that it does not know
        body["return_run_details"] = True
    path = f"{repository(access)}/actions/workflows/{dig(workflow, 'id')}/dispatches"
    answer = API.change(access, sending, "POST", path, body=body)
    if not answer.ok:
        return judging.failed(access, answer, f"start {_name(workflow)} on {ref}")
    text = f"GitHub took the order to run {_name(workflow)} on {ref}."
    if answer.status == 204 and not answer.body.strip():
        return judging.confirmed(answer, text)
    run = dig(answer.json(), "workflow_run_id")
    if not isinstance(run, int):
        return judging.unconfirmed(answer, "the run that was started")
    return judging.confirmed(answer, text, evidence={"run": run}, page=dig(answer.json(), "html_url"))


def _verify(access: Access, call: Call, sending: Sending, seen: Observation) -> Verification:
    """Say that a run which ended otherwise than with success has failed for good."""
    if seen.seen is Seen.DESIRED:
        return Verification(Proof.SATISFIED, seen.summary, (("done", seen.summary),))
    if seen.seen is Seen.OTHER and (ended := seen.readings.get("conclusion")):
        text = f"{seen.summary} Its log says why: {seen.readings.get('page')}"
        return Verification(Proof.VIOLATED, text, (("failed", f"conclusion: {ended}"),))
    return Verification(Proof.NOT_YET, seen.summary, (("running", seen.summary),))


def _verify_unmarked(access: Access, call: Call, sending: Sending, seen: Observation) -> Verification:
    text = f"GitHub took the order. How the run of {call.parameters['workflow']} ends is not followed."
    return Verification(Proof.SATISFIED, text, (("done", text),))


def _workflow(access: Access, call: Call) -> Any:
    """Return the workflow by file name or id. Raises Denied for one that is switched off."""
    given = segment(call.parameters["workflow"], "a workflow's file name or id", 100)
    body = ask(access, f"/actions/workflows/{given}", what=f"The workflow {given}")
    if not isinstance(dig(body, "id"), int):
        raise ProviderError("GitHub answered with something that is not a workflow.")
    if dig(body, "state") not in ("active", None):
        raise Denied(f"The workflow {_name(body)} is switched off in GitHub ({quoted(dig(body, 'state'))}).")
    return body


def _insist_on_marker(access: Access, call: Call, workflow: Any) -> None:
    """Raise Denied where the workflow does not show our marker in the name of its runs."""
    path = str(dig(workflow, "path") or "").partition("@")[0]
    ref = call.parameters.get("ref") or reading.production_branch(access)
    body = ask(access, f"/contents/{quote(path)}", {"ref": ref}, f"The file {path} on {ref}")
    try:
        text = base64.b64decode(reading.text_of(body, "content", what="a file")).decode("utf-8", "replace")
    except binascii.Error:
        raise ProviderError(f"GitHub answered with something that is not the file {path}.") from None
    name = re.escape(_marker_input(call))
    if not re.search(rf"^run-name:[^\n]*\binputs\.{name}\b", text, re.MULTILINE):
        raise Denied(
            f"The workflow {path} on {ref} does not show the input “{_marker_input(call)}” in its run-name, so its run "
            f"could not be found again. Add the input and “run-name: … ${{{{ inputs.{_marker_input(call)} }}}}”, or "
            "use “dispatch_unfollowed”."
        )


def _run_with(access: Access, workflow: Any, marker: str) -> Any:
    path = f"/actions/workflows/{dig(workflow, 'id')}/runs"
    for run in listed(access, path, {"event": "workflow_dispatch"}, "workflow_runs", "The list of runs"):
        if marker in f"{dig(run, 'display_title')}\n{dig(run, 'name')}":
            return run
    return None


def _inputs(call: Call) -> dict[str, str]:
    """Return the inputs as GitHub takes them: texts."""
    given = call.parameters.get("inputs") or {}
    words = {True: "true", False: "false"}
    return {str(key): words[v] if isinstance(v, bool) else str(v) for key, v in given.items()}


def _marker_input(call: Call) -> str:
    return str(call.parameters.get("marker_input") or MARKER_INPUT)


def _name(workflow: Any) -> str:
    return f"the workflow {quoted(dig(workflow, 'name') or dig(workflow, 'path'))}"


DISPATCHED = Deed(_observe, _apply, _verify)
UNFOLLOWED = Deed(_observe_unmarked, _apply_unmarked, _verify_unmarked)
