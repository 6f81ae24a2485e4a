"""Start a GitHub Actions workflow and follow the run that came of it, found again by our marker.

The workflow has to show the marker in its `run-name`; whether its file does so is read before anything is sent. Without
that a second start could not be told from the first.
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
from apps.providers.endings import dig
from apps.providers.github import judging, reading
from apps.providers.github.deeds import Deed, prepared
from apps.providers.github.wire import API, ask, listed, repository
from apps.providers.http import Answer

MARKER_INPUT = "rollback_portal"
GOOD = ("success", "neutral", "skipped")


def _observe(access: Access, call: Call, sending: Sending | None) -> Observation:
    """Say how the run with our marker stands; the end that is wanted is success."""
    _insist_on_marker(access, call)
    run = _run_with(access, call, sending.marker) if sending else None
    if run is None:
        return Observation(Seen.OTHER, f"{name_of(call)} has not been started by this step.", {"run": "absent"})
    return run_seen(call, run)


def run_seen(call: Call, run: Any) -> Observation:
    """Return what a run says of itself."""
    status, ended = reading.text_of(run, "status", what="a run"), str(dig(run, "conclusion"))
    page = {"page": str(dig(run, "html_url") or ""), "run": dig(run, "id")}
    if status != "completed":
        waits = " It waits for an approval of its environment in GitHub." if status == "waiting" else ""
        text = f"{name_of(call)} is under way ({status.replace('_', ' ')}).{waits}"
        return Observation(Seen.OTHER, text, {"run": "started"}, page, under_way=True)
    seen = Seen.DESIRED if ended == "success" else Seen.OTHER
    return Observation(seen, f"{name_of(call)} ended with: {ended}.", {"run": ended}, {**page, "conclusion": ended})


def _apply(access: Access, call: Call, sending: Sending) -> Outcome:
    prepared(partial(_insist_on_marker, access, call))
    answer, ref = start(access, call, sending, {**inputs_of(call), _marker_input(call): sending.marker})
    return judged(access, call, answer, ref)


def start(access: Access, call: Call, sending: Sending, inputs: dict[str, str]) -> tuple[Answer, str]:
    """Send the order to run a workflow; returns the answer and the branch or tag. Raises NotSent, Lost or Unready."""
    ref = ref_of(access, call)
    body: dict[str, Any] = {"ref": ref, "inputs": inputs}
    if not access.base_url.rstrip("/").endswith("/v3"):  # Enterprise Server refuses the field that it does not know
        body["return_run_details"] = True
    path = f"{repository(access)}{path_of(call)}/dispatches"
    return API.change(access, sending, "POST", path, body=body), ref


def judged(access: Access, call: Call, answer: Answer, ref: str) -> Outcome:
    """Return how the order ended: 204 without a word and 200 with the run are both a yes."""
    if not answer.ok:
        return judging.failed(access, answer, f"start {name_of(call)} on {ref}")
    text = f"GitHub took the order to run {name_of(call)} on {ref}."
    if answer.status == 204 and not answer.body.strip():
        return judging.confirmed(answer, text)
    run = dig(answer.json(), "workflow_run_id")
    if not isinstance(run, int):
        return judging.unconfirmed(answer, "the run that was started")
    return judging.confirmed(answer, text, evidence={"run": run}, page=dig(answer.json(), "html_url"))


def verify(access: Access, call: Call, sending: Sending, seen: Observation) -> Verification:
    """Say that a run which ended otherwise than with success has failed for good."""
    if seen.seen is Seen.DESIRED:
        return Verification(Proof.SATISFIED, seen.summary, (("done", seen.summary),))
    if seen.seen is Seen.OTHER and (ended := seen.readings.get("conclusion")):
        text = f"{seen.summary} Its log says why: {seen.readings.get('page')}"
        return Verification(Proof.VIOLATED, text, (("failed", f"conclusion: {ended}"),))
    return Verification(Proof.NOT_YET, seen.summary, (("running", seen.summary),))


def runs_of(access: Access, call: Call) -> list[Any]:
    """Return the runs of the workflow that somebody started by hand, newest first. Raises ProviderError."""
    query = {"event": "workflow_dispatch"}
    return list(listed(access, f"{path_of(call)}/runs", query, "workflow_runs", "The list of runs"))


def path_of(call: Call) -> str:
    """Return the path of the workflow, by file name or id. Raises ProviderError for what can be neither."""
    return f"/actions/workflows/{segment(call.parameters['workflow'], 'a workflow’s file name or id', 100)}"


def ref_of(access: Access, call: Call) -> str:
    """Return the branch or tag to run on. Raises Unready."""
    return str(call.parameters.get("ref") or prepared(partial(reading.production_branch, access)))


def inputs_of(call: Call) -> dict[str, str]:
    """Return the inputs as GitHub takes them: texts."""
    given = call.parameters.get("inputs") or {}
    words = {True: "true", False: "false"}
    return {str(key): words[v] if isinstance(v, bool) else str(v) for key, v in given.items()}


def name_of(call: Call) -> str:
    """Return what sentences call the workflow."""
    return f"the workflow {call.parameters['workflow']}"


def _insist_on_marker(access: Access, call: Call) -> None:
    """Raise Denied where the workflow does not show our marker in the name of its runs."""
    path = _file(access, call)
    ref = call.parameters.get("ref") or reading.production_branch(access)
    body = ask(access, f"/contents/{quote(path)}", {"ref": ref}, f"The file {path} on {ref}")
    try:
        text = base64.b64decode(reading.text_of(body, "content", what="a file")).decode("utf-8", "replace")
    except binascii.Error:
        raise ProviderError(f"GitHub answered with something that is not the file {path}.") from None
    marker = _marker_input(call)
    if not re.search(rf"^run-name:[^\n]*\binputs\.{re.escape(marker)}\b", text, re.MULTILINE):
        raise Denied(
            f"The workflow {path} on {ref} does not show the input “{marker}” in its run-name, so its run could not be "
            f"found again. Add the input and “run-name: … ${{{{ inputs.{marker} }}}}”, or use “dispatch_unmarked”."
        )


def _file(access: Access, call: Call) -> str:
    """Return where the workflow's file is."""
    given = segment(call.parameters["workflow"], "a workflow’s file name or id", 100)
    if not given.isdigit():
        return f".github/workflows/{given}"
    body = ask(access, path_of(call), what=f"The workflow {given}")
    return reading.text_of(body, "path", what="a workflow").partition("@")[0]


def _run_with(access: Access, call: Call, marker: str) -> Any:
    named = (run for run in runs_of(access, call) if marker in f"{dig(run, 'display_title')}\n{dig(run, 'name')}")
    return next(named, None)


def _marker_input(call: Call) -> str:
    return str(call.parameters.get("marker_input") or MARKER_INPUT)


DISPATCHED = Deed(_observe, _apply, verify)
