"""What people need of a run's timeline: who agreed, what is sent and serving, what is done. The rest is folded.

Nothing is lost by it: the incident's own timeline, the audit and the API keep every event.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db.models import Q

from apps.incidents.telling import entry
from apps.rollbacks import events
from apps.rollbacks.models import Rollback
from apps.rollbacks.step_rows import in_versions
from apps.timeline.models import Event

SHOWN = 14
READ = 120
AROUND = (
    "incident.declared",
    "incident.noted",
    "incident.resolved",
    "environment.errors_risen",
    "environment.errors_fallen",
    "environment.pinned",
    "environment.unpinned",
    "deployment.went_live",
    "freeze.made",
    "freeze.lifted",
)
VOTES = (
    "question.approved", "question.rejected", "question.overdue", "question.expired", "question.vote_withdrawn",
    "question.rung_reached", "debt.owed", "break_glass.used",
)  # fmt: skip
FOLDED = (
    events.STEP_STARTED.name,
    events.ATTEMPT_INTENDED.name,
    events.VERIFYING.name,
    events.ALREADY.name,
    events.REJECTED.name,
    events.EXPIRED.name,
)
ON_THE_WAY = (events.ATTEMPT_ENDED.name, events.SERVING.name)  # shown until the step is over
OVER = (
    events.STEP_SUCCEEDED.name,
    events.STEP_FAILED.name,
    events.STEP_CONTINUED.name,
    events.SKIPPED.name,
    events.ADOPTED.name,
    events.HUMAN_DONE.name,
)
MARKS = {
    events.STEP_SUCCEEDED.name: ("succeeded", "step"),
    events.HUMAN_DONE.name: ("succeeded", "step"),
    events.ADOPTED.name: ("succeeded", "step"),
    events.STEP_FAILED.name: ("failed", "step"),
    events.STEP_CONTINUED.name: ("failed", "step"),
    events.SKIPPED.name: ("skipped", "step"),
    events.SERVING.name: ("verifying", "step"),
    events.NEEDS_OPERATOR.name: ("needs_operator", "rollback"),
    events.SUCCEEDED.name: ("succeeded", "rollback"),
    events.FAILED.name: ("failed", "rollback"),
    events.PAUSED.name: ("paused", "rollback"),
    events.CANCELLED.name: ("cancelled", "rollback"),
}


@dataclass(frozen=True)
class Happening:
    """One line; the names are those of `parts/_timeline_entry.html`."""

    id: str
    at: datetime
    text: str
    icon: str = ""
    state: str = ""
    of: str = ""
    actor: str = ""
    note: str = ""


def of_run(rollback: Rollback, plan: Mapping[str, Any]) -> list[Happening]:
    """Return the newest lines about a run, newest first. One query."""
    kinds = {said["position"]: said["kind"] for said in plan["steps"]}
    newest = list(_events(rollback).order_by("-seq")[:READ])
    over = {event.details.get("position") for event in newest if event.kind in OVER}
    shown = [event for event in newest if not _is_folded(event, over)]
    lines = [replace(line, text=in_versions(line.text, rollback)) for line in _lines(shown, kinds)]
    return [line for line, newer in zip(lines, [None, *lines], strict=False) if not _says_the_same(line, newer)][:SHOWN]


def _says_the_same(line: Happening, newer: Happening | None) -> bool:
    """Say whether a line only repeats the one above it, as looks at a provider do."""
    return newer is not None and (line.actor, line.text, line.note) == (newer.actor, newer.text, newer.note)


def _events(rollback: Rollback) -> Any:
    """The run's own events, its votes, and what happened to the service meanwhile."""
    own = Q(subject_kind="rollback", subject_id=str(rollback.pk)) & ~Q(kind__in=FOLDED)
    votes = Q(kind__in=VOTES, subject_id=str(rollback.question_id))
    around = Q(kind__in=AROUND)
    return Event.objects.of_incident(rollback.incident_id).filter(own | votes | around, seq__isnull=False)


def _is_folded(event: Event, over: set[Any]) -> bool:
    return event.kind in ON_THE_WAY and event.details.get("position") in over


def _lines(shown: Iterable[Event], kinds: Mapping[int, str]) -> Iterable[Happening]:
    """One line for each event; checks that passed one after the other share a line."""
    passed: list[Event] = []
    for event in shown:
        if _is_check(event, kinds):
            passed.append(event)
            continue
        yield from _passed(passed)
        passed = []
        yield _line(event)
    yield from _passed(passed)


def _is_check(event: Event, kinds: Mapping[int, str]) -> bool:
    return event.kind == events.STEP_SUCCEEDED.name and kinds.get(event.details.get("position", 0)) == "check"


def _passed(checks: list[Event]) -> Iterable[Happening]:
    if len(checks) < 2:
        yield from map(_line, checks)
        return
    newest, oldest = checks[0], checks[-1]
    names = ", ".join(str(event.details["name"]) for event in reversed(checks))
    text = f"Steps {oldest.details['position']} to {newest.details['position']} are done: {names}."
    yield Happening(str(newest.seq), newest.occurred_at, text, state="succeeded", of="step")


def _line(event: Event) -> Happening:
    told = entry(event)
    text = told.text.strip()
    if event.kind == events.FAILED.name and "Applied:" in text:  # why is in the line of the step that failed
        text = f"It stopped. {text[text.rindex('Applied:') :]}"
    state, of = MARKS.get(event.kind, ("", ""))
    return Happening(told.id, told.at, text, told.icon, state, of, told.actor, told.note)
