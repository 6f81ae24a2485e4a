"""What the page of a rollback shows everybody alike: the first paint, the stream and the plain GET read it here."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from apps.approvals.models import Question
from apps.approvals.showing import SEATED, card
from apps.deployments.models import Freeze, Pin
from apps.incidents.picture import Picture, picture
from apps.incidents.situation import recover_by
from apps.rollbacks import planned_words as words
from apps.rollbacks.forecast import UNDER_WAY, healthy_at, takes, target_at, waiting_step
from apps.rollbacks.happenings import of_run
from apps.rollbacks.models import Rollback, Step
from apps.rollbacks.part_results import changed_something
from apps.rollbacks.standing import standing_of
from apps.rollbacks.states import ACTIVE, FINAL
from apps.rollbacks.step_rows import in_versions, rows_of, served
from apps.rollbacks.unstoppable import waits_for
from apps.rollbacks.ways import ways_out
from apps.timeline import stream
from apps.timeline.models import Event

DONE = frozenset({"succeeded", "skipped"})
ASKED_ABOUT = frozenset({"pending", "running", "unknown", "failed"})


def told(pk: Any) -> Rollback:
    """Return a rollback with everything its page reads beside it."""
    return Rollback.objects.select_related(
        "organisation", "incident__service", "incident__environment__service", "incident__organisation", "service",
        "environment__service", "target", "previous", "requester", "question__requester", "plan", "revision__playbook",
    ).prefetch_related(*(f"question__{name}" for name in SEATED)).get(pk=pk)  # fmt: skip


def context(rollback: Rollback) -> dict[str, Any]:
    """Return what the page shows everybody who sees the inside."""
    now = timezone.now()
    plan = json.loads(bytes(rollback.plan.canonical))
    steps = list(rollback.steps.prefetch_related("attempts"))
    suspect = rollback.previous if rollback.kind == "rollback" else None
    asked = card(rollback.question)
    seen = picture(rollback.incident, suspect, now)
    return {
        "rollback": rollback,
        "incident": rollback.incident,
        "plan": plan,
        "picture": seen,
        "before_start": rollback.approved_at is None,
        "under_way": rollback.state in ACTIVE,
        "over": rollback.state in FINAL,
        "steps": rows_of(rollback, steps, plan, asked["names"]),
        "standing": standing_of(steps),
        "waits_for": waits_for(steps, plan),
        "step_now": next((step for step in steps if step.state not in DONE), None),
        "done": sum(step.state in DONE for step in steps),
        "changed": any(changed_something(step) for step in steps),
        "title": _title(rollback),
        "lead": _lead(rollback, steps, seen),
        "served": _served(steps),
        "pin": _pins(rollback),
        "freezes": _freezes(rollback),
        "forward_url": reverse("rollbacks:forward", args=[rollback.environment_id]),
        "entries": of_run(rollback, plan),
        "card": asked,
        "questions": _other_questions(rollback, steps),
        "checklists": rollback.incident.checklists.prefetch_related("items__ticks__person"),
        "now": now,
        **_of_the_plan(rollback, plan, steps, asked["names"]),
        "ways": ways_out(rollback, plan, seen, takes(steps), healthy_at(rollback, steps, now)),
        "source": {
            **words.box(rollback.previous, _from(rollback)),
            **(_failing(seen) if rollback.approved_at is None else {}),
        },
        **_rail(rollback, steps, now),
    }


def _of_the_plan(
    rollback: Rollback, plan: Mapping[str, Any], steps: list[Step], names: Mapping[str, str]
) -> dict[str, Any]:
    back = rollback.kind == "rollback"
    return {
        "plan_rows": [words.plan_row(said, names) for said in plan["steps"]],
        "goal": words.box(rollback.target, "To, back to" if back else "To, forward to", goal=True),
        "cells": words.cells(plan, rollback),
        "airlocks": words.airlocks(plan),
        "way_out": words.way_out(plan),
        "takes": takes(steps),
        "findings": [{**found, "level": FINDINGS.get(found["level"], "unknown")} for found in rollback.plan.findings],
        "stale": rollback.state == "awaiting_approval" and rollback.environment.live_id != rollback.previous_id,
    }


def _from(rollback: Rollback) -> str:
    return "From, live now" if rollback.approved_at is None else "From"


def _failing(seen: Picture) -> dict[str, str]:
    """Return the note on the version that is live, while it is seen to fail."""
    if not seen.failing:
        return {}
    return {"note": f"{seen.readings.now_percent:.0f} % of requests fail", "note_tone": "broken"}


FINDINGS = {"ok": "ok", "warning": "warn", "error": "stop"}


def _rail(rollback: Rollback, steps: list[Step], now: datetime) -> dict[str, Any]:
    """Return the hour to recover: spent until when, where it ends, when it is likely to be over."""
    ends_at, resolved_at = recover_by(rollback.incident), rollback.incident.resolved_at
    marks = [{"at": rollback.approved_at, "label": "approved"}] if rollback.approved_at else []
    return {
        "ends_at": ends_at,
        "rail_now": min(resolved_at or now, ends_at),
        "counting": resolved_at is None and now < ends_at,
        "rail_marks": marks,
        "healthy_at": healthy_at(rollback, steps, now),
        "target_at": target_at(rollback),
    }


def concerns(event: Event, key: str) -> bool:
    """Say whether an event changes the page of the rollback `key`: anything of its incident does, and any stop."""
    if event.subject_kind == "freeze":
        return True
    return event.incident_id is not None and _incident_of(key) == str(event.incident_id)


def fragments(key: str, audience: str) -> str:
    """Return the partials of the page, for the stream and the poll."""
    # The number is read first: what is shown is then never older than what each reader's own part is read again for.
    seen = stream.newest_seq(Rollback.objects.values_list("organisation_id", flat=True).get(pk=key))
    rollback = told(key)
    return render_to_string("rollbacks/_partials.html", {**context(rollback), "seen": seen})


_incidents: dict[str, str] = {}


def _incident_of(key: str) -> str:
    """A rollback never changes its incident, so it is asked for once."""
    if key not in _incidents:
        _incidents[key] = str(Rollback.objects.values_list("incident_id", flat=True).get(pk=key))
    return _incidents[key]


def _other_questions(rollback: Rollback, steps: list[Step]) -> list[dict[str, Any]]:
    """Skip and adopt ask questions of their own; they stand beside the plan's while their step waits."""
    waiting = [str(step.pk) for step in steps if step.state in ASKED_ABOUT]
    if rollback.state in FINAL or rollback.approved_at is None or not waiting:
        return []
    found = Question.objects.filter(
        organisation_id=rollback.organisation_id, subject_kind="step", subject_id__in=waiting, state="open"
    )
    return [card(question) for question in found.select_related("requester").prefetch_related(*SEATED)]


def _freezes(rollback: Rollback) -> list[Freeze]:
    """Return the stops that hold the rollback, or would once it is approved. One query, none when it is over."""
    if rollback.state in FINAL:
        return []
    holding = Freeze.objects.active().covering(rollback.environment).filter(stops="rollbacks")
    return list(holding.select_related("created_by", "service").order_by("created_at"))


def _pins(rollback: Rollback) -> bool:
    """Say whether production is still pinned by this very rollback."""
    if rollback.state != "succeeded" or rollback.kind != "rollback":
        return False
    return Pin.objects.filter(environment_id=rollback.environment_id, rollback_id=rollback.pk, lifted_at=None).exists()


def _title(rollback: Rollback) -> str:
    """Return the heading of a run, with the service as the subject."""
    name, version = rollback.service.slug, rollback.target.version
    if rollback.state == "succeeded":
        return f"{name} is back on {version}" if rollback.kind == "rollback" else f"{name} is on {version}"
    if rollback.state in {"failed", "cancelled"}:
        return f"{name} → {version}"
    if rollback.compensating:
        return f"{name}: putting back what was changed"
    return f"{name} is going {'forward' if rollback.kind == 'forward' else 'back'} to {version}"


def _lead(rollback: Rollback, steps: list[Step], seen: Picture) -> str:
    """Return one or two sentences: what is being done, and whether it shows."""
    if rollback.state == "succeeded":
        return "Every check passed, and the effect was seen, not only promised."
    if rollback.state == "cancelled":
        return "Nothing more is sent. What was applied is named below."
    if rollback.state not in {"queued", "running"}:
        return in_versions(rollback.reason, rollback)
    if waiting := waiting_step(steps):
        return f"Step {waiting.position} waits until its people have agreed: {waiting.name}."
    current = next((step for step in steps if step.state in UNDER_WAY), None)
    doing = f"{current.name}." if current else "The next step begins."
    return " ".join(filter(None, (_serving_words(rollback, current) or doing, _falling(seen))))


def _serving_words(rollback: Rollback, current: Step | None) -> str:
    """Say how many places serve the target already, while that is what the run waits for."""
    done, places = served(current)
    if current is None or not _moves(current) or not done:
        return ""
    return f"{done} of {places} places already serve {rollback.target.version}."


def _falling(seen: Picture) -> str:
    """Say that errors fall, once they are clearly below the worst that was seen."""
    now, worst = seen.readings.now_percent, max((value or 0.0 for _, value in seen.points), default=0.0)
    if now is None or seen.readings.stale or worst <= seen.limit or now > worst * 0.8:
        return ""
    if now <= seen.limit:
        return f"Errors are below the limit again: {now:.1f} %, from {worst:.1f} %."
    return f"Errors are falling: {now:.1f} %, from {worst:.1f} %."


def _served(steps: list[Step]) -> dict[str, int] | None:
    """Return at how many places the target is served, once a step that moves traffic has begun."""
    moving = next((step for step in steps if _moves(step) and step.proof), None)
    if moving is None:
        return None
    done, places = served(moving)
    return {"done": done, "places": places}


def _moves(step: Step) -> bool:
    """Say whether a step moves traffic; a check may ask the hosting as well."""
    return step.kind == "action" and step.role == "hosting"
