"""Put a snapshot of the deployment back: fetch it, upload it as an import, and confirm that import with one request.

Nothing changes before the confirmation: uploads that are never confirmed are forgotten. Convex replaces each table at
once or not at all.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from apps.providers import http
from apps.providers.base import Access, Outcome, OutcomeKind, ProviderError, Sending
from apps.providers.calling import Denied
from apps.providers.convex import snapshots
from apps.providers.convex.wire import API, FunctionFailed, home
from apps.providers.endings import dig, outcome_of, quoted, refused, unknown
from apps.providers.http import Answer, Limits, NotSent, TooMuch

LARGEST = 64 * 1024 * 1024  # bytes of a snapshot that goes through the portal; one call has 20 seconds
PART = 5 * 1024 * 1024  # Convex takes no smaller parts but the last
POLL_SECONDS = 0.2
LEFT_FOR_CONFIRMING = 0.4  # share of the time that must be left when the import waits to be confirmed


class Stopped(Exception):
    """It cannot go on; carries how the attempt ends. Nothing was changed."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__()
        self.outcome = outcome


def put_back(access: Access, sending: Sending, stamp: int, mode: str) -> Outcome:
    """Replace the deployment's data by those of the snapshot. Raises NotSent, Lost or ProviderError."""
    until = time.monotonic() + sending.deadline_seconds
    try:
        _insist_on_a_copy(access, stamp)
        content = fetched(access, stamp, until)
        import_id = _uploaded(access, sending, content, mode, until)
        _await_confirmation(access, import_id, until - sending.deadline_seconds * LEFT_FOR_CONFIRMING)
    except Stopped as stopped:
        return stopped.outcome
    except (NotSent, Denied, FunctionFailed):
        raise
    except ProviderError as error:
        return _not_confirmed(str(error))
    left = replace(sending, deadline_seconds=max(until - time.monotonic(), 0.1))
    answer = API.change(
        access, left, "POST", "/api/perform_import", body={"importId": import_id}, base_url=home(access)
    )
    if not answer.ok:
        return outcome_of(answer, "confirm the import", API.said(access, answer))
    if dig(answer.json() if answer.body.strip() else None, "error") is not None:
        return unknown(f"Convex answered {answer.status} with an error to the confirmation of the import.", answer)
    text = f"Convex puts back the snapshot {stamp} (import {quoted(import_id)})."
    return Outcome(OutcomeKind.SUCCEEDED, text, status=answer.status, evidence={"import": import_id})


def fetched(access: Access, stamp: int, until: float, *, only_look: bool = False) -> bytes:
    """Return the snapshot's ZIP file, or its beginning to see that it is there. Raises Stopped or ProviderError."""
    request = API.request(access, "GET", f"/api/export/zip/{stamp}", base_url=home(access))
    seconds = max(until - time.monotonic(), 0.1)
    limits = Limits(seconds, max_bytes=64 if only_look else LARGEST, cut=only_look)
    try:
        answer = http.send(request, limits)
    except TooMuch:
        text = f"The snapshot is larger than {LARGEST // 1024 // 1024} MB, more than one call can carry. Nothing was "
        raise Stopped(refused(f"{text}changed; run `npx convex import` as an allowed command.")) from None
    except http.Lost as error:
        raise ProviderError(f"The snapshot could not be fetched: {error}") from None  # a read: nothing was changed
    if not answer.ok or not answer.body.startswith(b"PK"):
        said = "" if answer.ok else API.said(access, answer)
        what = f"The snapshot {stamp} cannot be fetched: Convex answered {answer.status}" + (
            f" (“{said}”)" if said else ""
        )
        raise Stopped(refused(f"{what}. Nothing was changed.", answer=answer))
    return answer.body


def _insist_on_a_copy(access: Access, stamp: int) -> None:
    """Stop where no other snapshot was made just now, by which this import could be undone."""
    copy = snapshots.newest(access)
    minutes = snapshots.COPY_AGE_MINUTES
    if copy is None or copy.stamp == stamp or not copy.younger_than(minutes):
        text = f"There is no other snapshot of the last {minutes:g} minutes to come back to. Nothing was changed; "
        raise Stopped(refused(f"{text}let “export_snapshot” make one first."))


def _uploaded(access: Access, sending: Sending, content: bytes, mode: str, until: float) -> str:
    """Upload the file in parts and return the id of the import, which does nothing until it is confirmed."""
    token = dig(_posted(access, sending, "start_upload", until, b""), "uploadToken")
    if not isinstance(token, str):
        raise ProviderError("Convex opened no upload.")
    parts = [
        _posted(access, sending, "upload_part", until, content[at : at + PART], uploadToken=token, partNumber=number)
        for number, at in enumerate(range(0, len(content), PART), 1)
    ]
    said = {"import": {"mode": mode, "format": "zip"}, "uploadToken": token, "partTokens": parts}
    import_id = dig(_posted(access, sending, "finish_upload", until, said), "importId")
    if not isinstance(import_id, str):
        raise ProviderError("Convex named no import.")
    return import_id


def _posted(access: Access, sending: Sending, step: str, until: float, body: Any, **query: Any) -> Any:
    """Send one step of the upload and return its JSON. Raises Stopped, NotSent or ProviderError."""
    path = f"/api/import/{step}"
    raw = isinstance(body, bytes)
    headers = {"X-Attempt-Id": sending.attempt_id, **({"Content-Type": "application/octet-stream"} if raw else {})}
    request = API.request(
        access, "POST", path, query, body=None if raw else body, headers=headers, base_url=home(access), shown=path
    )
    request = replace(request, body=body) if raw else request
    try:
        answer = http.send(request, Limits(max(until - time.monotonic(), 0.1)), permit=sending.permit)
    except http.Lost as error:
        raise Stopped(_not_confirmed(f"Uploading the snapshot broke off: {error}")) from None
    if not answer.ok:
        raise Stopped(_refusal(access, answer, step))
    return answer.json()


def _await_confirmation(access: Access, import_id: str, until: float) -> None:
    """Wait until Convex has read the file and asks for the confirmation. Raises Stopped or ProviderError."""
    while True:
        state = snapshots.import_state(access, import_id)
        if state["state"] == "waiting_for_confirmation":
            return
        if state["state"] == "failed":
            raise Stopped(
                refused(f"Convex cannot import it: “{quoted(state.get('error_message'))}”. Nothing was changed.")
            )
        if time.monotonic() + POLL_SECONDS > until:
            raise Stopped(_not_confirmed("Convex was still reading the snapshot when the time was over."))
        time.sleep(POLL_SECONDS)


def _refusal(access: Access, answer: Answer, step: str) -> Outcome:
    """A step of the upload changes nothing, so a failure there is never unknown."""
    outcome = outcome_of(answer, f"take the upload ({step})", API.said(access, answer))
    return _not_confirmed(outcome.message) if outcome.kind is OutcomeKind.AMBIGUOUS else outcome


def _not_confirmed(text: str) -> Outcome:
    said = f"{text} The import was not confirmed, so nothing was changed."
    return Outcome(OutcomeKind.RETRY_LATER, said, retry_after_seconds=10.0, retryable=True)
