"""Snapshots of a deployment's data: making one, the newest one, and imports under way."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from apps.providers.base import (
    Access,
    Observation,
    Outcome,
    OutcomeKind,
    Proof,
    ProviderError,
    Seen,
    Sending,
    Verification,
)
from apps.providers.convex import wire
from apps.providers.convex.wire import API
from apps.providers.endings import dig, outcome_of, quoted, unknown
from apps.providers.http import Answer

EXPORT_AGE_MINUTES = 15.0  # how old an export may be that counts as made
COPY_AGE_MINUTES = 60.0  # how old the copy may be that an import insists on
RUNNING = ("requested", "in_progress")


@dataclass(frozen=True)
class Export:
    """The newest export: its state, and from when its data are where it is completed (`stamp` in nanoseconds)."""

    state: str
    stamp: int | None = None

    @property
    def taken_at(self) -> datetime | None:
        """From when its data are."""
        return None if self.stamp is None else wire.moment_of(self.stamp)

    def younger_than(self, minutes: float) -> bool:
        """Say whether it is completed and at most so many minutes old."""
        taken = self.taken_at
        return (
            self.state == "completed" and taken is not None and datetime.now(UTC) - taken <= timedelta(minutes=minutes)
        )


def newest(access: Access) -> Export | None:
    """Return the newest export, or None where there was never one. Raises ProviderError."""
    found = wire.system(access, "_system/cli/exports:getLatest")
    if found is None:
        return None
    state = dig(found, "state")
    if not isinstance(state, str):
        raise ProviderError("Convex tells of the newest export without its state.")
    stamp = wire.whole_number(dig(found, "start_ts"))
    if state == "completed" and stamp is None:
        raise ProviderError("Convex tells of a completed export without its time.")
    return Export(state, stamp)


def export(access: Access, sending: Sending, *, include_storage: bool) -> Outcome:
    """Request an export; one that is under way already is waited for. Raises NotSent or Lost."""
    query = {"includeStorage": "true" if include_storage else "false"}
    answer = API.change(access, sending, "POST", "/api/export/request/zip", query, base_url=wire.home(access))
    if not answer.ok:
        if dig(_body(answer), "code") == "ExportInProgress":
            text = "An export is under way already; it is looked at again. Nothing was changed."
            return Outcome(OutcomeKind.RETRY_LATER, text, status=answer.status, retry_after_seconds=10, retryable=True)
        return outcome_of(answer, "make a snapshot", API.said(access, answer))
    if answer.body.strip() and answer.json() not in (None, {}):
        return unknown(f"Convex answered {answer.status}, but did not confirm the export.", answer)
    return Outcome(OutcomeKind.SUCCEEDED, "Convex makes a snapshot.", status=answer.status)


def observed(access: Access, minutes: float) -> Observation:
    """Say whether there is an export that is young enough. Raises ProviderError."""
    export = newest(access)
    if export is None:
        return Observation(Seen.OTHER, "This deployment was never exported.", {"young": False})
    if export.state in RUNNING:
        return Observation(Seen.OTHER, "An export is under way.", {"young": False}, under_way=True)
    if export.younger_than(minutes):
        return Observation(Seen.DESIRED, f"{named(export)} is there.", {"young": True}, {"snapshot": str(export.stamp)})
    if export.state != "completed":
        return Observation(Seen.OTHER, f"The newest export is {quoted(export.state)}.", {"young": False})
    return Observation(Seen.OTHER, f"{named(export)} is older than {minutes:g} minutes.", {"young": False})


def named(export: Export) -> str:
    """Return how people call an export."""
    return f"The snapshot {export.stamp} of {export.taken_at:%Y-%m-%d %H:%M} UTC"


def import_state(access: Access, import_id: str) -> dict[str, Any]:
    """Return the state of one import. Raises ProviderError."""
    return _state(wire.system(access, "_system/cli/queryImport", {"importId": import_id}))


def newest_import(access: Access) -> Verification:
    """Say how the import that began last stands; there is no mark by which ours could be told apart."""
    found = wire.system(access, "_system/cli/queryImport:list")
    if not isinstance(found, list) or not found:
        return Verification(Proof.NOT_YET, "Convex lists no import yet.")
    last = max(found, key=lambda one: float(dig(one, "_creationTime") or 0))
    state = _state(last)
    if state["state"] == "completed":
        rows = wire.whole_number(state.get("num_rows_written"))
        text = f"The import is completed: {rows if rows is not None else 'all'} documents were written."
        return Verification(Proof.SATISFIED, text, (("done", text),))
    if state["state"] == "failed":
        text = f"The import failed: “{quoted(state.get('error_message'))}”. Tables change all at once or not at all."
        return Verification(Proof.VIOLATED, text, (("failed", text),))
    text = quoted(state.get("progress_message") or f"The import is {state['state']}.")
    return Verification(Proof.NOT_YET, text, (("running", text),))


def _body(answer: Answer) -> Any:
    try:
        return answer.json()
    except ProviderError:
        return None


def _state(found: Any) -> dict[str, Any]:
    state = dig(found, "state")
    if not isinstance(state, dict) or not isinstance(state.get("state"), str):
        raise ProviderError("Convex tells of an import without its state.")
    return state
