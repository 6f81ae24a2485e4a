"""What the evidence says: violations, needless calls for a person, recovery times. Runs in a fork of the zygote."""

from __future__ import annotations

import json
import pickle
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.conf import settings

from tests.faults.checker import needless_calls, violations
from tests.faults.collecting import collect, journal_in
from tests.faults.evidence import Evidence, Limits
from tests.faults.written import read_sightings, read_viewings

ANCHOR_SECONDS = 90.0  # every minute, and a worker that has just come back needs a moment
WAITING = frozenset({"rollback.held_by_freeze", "rollback.pause_asked"})
ENDS = frozenset({"rollback.succeeded", "rollback.failed", "rollback.cancelled", "rollback.rejected"})


def judge(
    *,
    folder: str,
    faults: list[dict[str, Any]],
    canaries: dict[str, str],
    healed_at: float,
    clocks: dict[str, float],
    keep_evidence: bool = False,
) -> dict[str, Any]:
    """Collect the evidence in `folder` and the database, and say what it shows.

    `clocks` has `call_seconds`, and, when part of the campaign ran with production's clocks, `production_from` and
    `production_call_seconds`.
    """
    began, place = time.monotonic(), Path(folder)
    witness = place / "witness"
    evidence = collect(
        histories=sorted((place / "history").glob("*.jsonl")),
        journal=journal_in(place / "simulators"),
        states=json.loads((witness / "outside.json").read_text()),
        anchors=[witness / "heads.jsonl", settings.ANCHOR_FILE],
        sightings=read_sightings(witness / "runs.jsonl"),
        viewings=read_viewings(witness / "viewers.jsonl"),
        moved=[rollback for fault in faults if fault["kind"] == "F12" for rollback in fault["affected"]],
        logs=sorted((place / "log").glob("*.log")),
        canaries=canaries,
        healed_at=healed_at,
        limits=_limits(clocks),
    )
    if keep_evidence:
        (place / "history" / "evidence.pickle").write_bytes(pickle.dumps(evidence))
    found, production_from = violations(evidence), evidence.limits.production_from
    return {
        "violations": [asdict(violation) for violation in found],
        "about": {violation.subject: list(_about(evidence, violation.subject.split()[0])) for violation in found},
        "needless": needless_calls(evidence),
        "runs": len(evidence.rollbacks),
        "attempts": len(evidence.attempts),
        "journal": len(evidence.journal),
        "events": len(evidence.events),
        "recoveries": recoveries(evidence, [fault for fault in faults if fault["healed"] < production_from]),
        "production_recoveries": recoveries(evidence, [fault for fault in faults if fault["began"] >= production_from]),
        "viewers": len(evidence.viewings),
        "shown": sum(len(viewing.shown) for viewing in evidence.viewings),
        "lines": sum(viewing.shown[-1].connection for viewing in evidence.viewings if viewing.shown),
        "anchors": len(evidence.anchors),
        "sightings": len(evidence.sightings),
        "overlapping": overlapping(evidence, faults),
        "seconds": time.monotonic() - began,
    }


def _limits(clocks: dict[str, float]) -> Limits:
    """Sent within a second of its intent, and then on its way for as long as a call may take."""
    within = settings.ENGINE_SEND_WITHIN_SECONDS
    return Limits(
        send_seconds=within + clocks["call_seconds"],
        anchor_seconds=ANCHOR_SECONDS,
        production_from=clocks.get("production_from", float("inf")),
        production_send_seconds=within + clocks.get("production_call_seconds", 0.0),
    )


def recoveries(evidence: Evidence, faults: list[dict[str, Any]]) -> list[float]:
    """Return, for each run that a fault certainly hit, the seconds from its healing to the run's next news."""
    found = []
    for fault in faults:
        for rollback in fault["affected"]:
            told = [event for event in evidence.events_of.get(rollback, []) if event.recorded_at > fault["healed"]]
            before = [event for event in evidence.events_of.get(rollback, []) if event.recorded_at <= fault["healed"]]
            over = any(event.kind in ENDS for event in before)
            if told and not over and not (before and before[-1].kind in WAITING):
                found.append(told[0].recorded_at - fault["healed"])
    return sorted(found)


def overlapping(evidence: Evidence, faults: list[dict[str, Any]]) -> int:
    """Return how many runs had two or more faults at the same time or within their own life."""
    spans = {key: _life(evidence, key) for key in evidence.rollbacks}
    counts = dict.fromkeys(spans, 0)
    for fault in faults:
        hit = fault["affected"] or [
            key for key, (began, ended) in spans.items() if began <= fault["healed"] and fault["began"] <= ended
        ]
        for key in hit:
            if key in counts:
                counts[key] += 1
    return sum(1 for count in counts.values() if count >= 2)


def _life(evidence: Evidence, key: str) -> tuple[float, float]:
    told = evidence.events_of.get(key, [])
    return (told[0].recorded_at, told[-1].recorded_at) if told else (0.0, 0.0)


def _about(evidence: Evidence, key: str) -> Iterator[str]:
    """Yield what is known of a run, so that a violation can be looked at without the database."""
    rollback = evidence.rollbacks.get(key)
    if rollback is None:
        return
    yield f"{rollback.state}: {rollback.reason}"
    for step in evidence.steps_of.get(key, []):
        yield f"step {step.position} {step.state}"
    for attempt in evidence.attempts_of.get(key, []):
        yield f"attempt {attempt.number} of step {attempt.position} {attempt.part}: {attempt.state}, {attempt.id}"
        for entry in evidence.entries_of.get(attempt.id, []):
            end = f"{entry.status} {entry.ending}, effects {len(entry.effects)}"
            yield f"  request {entry.id} at {entry.received_at:.3f}: {entry.slug} {entry.path} {entry.fault}: {end}"
    for event in evidence.events_of.get(key, []):
        said = event.details.get("message") or event.details.get("reason") or ""
        yield f"{event.committed_at:.3f} {event.kind} {said}"
