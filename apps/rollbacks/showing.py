"""What the page of a rollback shows everybody alike: the first paint, the stream and the plain GET read it here."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from apps.approvals.models import Question
from apps.approvals.showing import card
from apps.deployments.models import Deployment
from apps.incidents.live import INSIDE
from apps.incidents.situation import situation
from apps.incidents.telling import newest
from apps.playbooks.parsing import parse
from apps.providers import registry
from apps.rollbacks.lifecycle import is_stale
from apps.rollbacks.models import LogLine, Rollback, Step
from apps.rollbacks.states import ACTIVE, FINAL
from apps.timeline import stream
from apps.timeline.models import Event

UNDER_WAY = {"running", "verifying"}
LOG_LINES = 40
LAMPS = {
    "done": "lit",
    "running": "under_way",
    "unknown": "cannot_tell",
    "failed": "disproved",
    "waiting": "not_yet",
}
DIRECTIONS = {"→": "sent", "←": "answered"}


def told(pk: Any) -> Rollback:
    """Return a rollback with everything its page reads beside it."""
    return Rollback.objects.select_related(
        "organisation", "incident__service", "incident__environment", "service", "environment", "target", "previous",
        "requester", "question__requester", "plan", "revision__playbook",
    ).get(pk=pk)  # fmt: skip


def context(rollback: Rollback) -> dict[str, Any]:
    """Return what the page shows everybody who sees the inside."""
    plan = json.loads(bytes(rollback.plan.canonical))
    steps = list(rollback.steps.prefetch_related("attempts"))
    rows = [_row(rollback, step, said) for step, said in zip(steps, plan["steps"], strict=True)]
    now = timezone.now()
    return {
        "rollback": rollback,
        "incident": rollback.incident,
        "situation": situation(rollback.incident),
        "plan": plan,
        "steps": rows,
        "step_now": next((step for step in steps if step.state not in {"succeeded", "skipped"}), None),
        "plan_rows": [_plan_row(said) for said in plan["steps"]],
        "source": _box(rollback.previous, "From, live now", rollback),
        "goal": _box(
            rollback.target, "To, back to" if rollback.kind == "rollback" else "To, forward to", None
        ),
        "cells": _cells(plan, rollback),
        "card": card(rollback.question),
        "questions": _other_questions(rollback),
        "stale": rollback.state == "awaiting_approval" and is_stale(rollback),
        "healthy_at": healthy_at(rollback, plan, steps, now),
        "takes": timedelta(seconds=sum(said["usual_seconds"] for said in plan["steps"])),
        "lead": _lead(rollback, steps),
        "under_way": rollback.state in ACTIVE,
        "over": rollback.state in FINAL,
        "way_out": _way_out(plan),
        "done": sum(step.state in {"succeeded", "skipped"} for step in steps),
        "target_at": target_at(rollback),
        "pinned_fact": f"{rollback.service.slug} is pinned to {rollback.target.version}.",
        "forward_url": reverse("rollbacks:forward", args=[rollback.environment_id]),
        "entries": newest(rollback.incident_id, INSIDE)[0],
        "checklists": rollback.incident.checklists.prefetch_related("items__ticks__person"),
        "now": now,
    }


def concerns(event: Event, key: str) -> bool:
    """Say whether an event changes the page of the rollback `key`: anything of its incident does."""
    return event.incident_id is not None and _incident_of(key) == str(event.incident_id)


def fragments(key: str, audience: str) -> str:
    """Return the partials of the page, for the stream and the poll."""
    rollback = told(key)
    seen = stream.newest_seq(rollback.organisation_id)
    return render_to_string("rollbacks/_partials.html", {**context(rollback), "seen": seen})


_incidents: dict[str, str] = {}


def _incident_of(key: str) -> str:
    """A rollback never changes its incident, so it is asked for once."""
    if key not in _incidents:
        _incidents[key] = str(Rollback.objects.values_list("incident_id", flat=True).get(pk=key))
    return _incidents[key]


def _other_questions(rollback: Rollback) -> list[dict[str, Any]]:
    """Skip and adopt ask questions of their own; they stand beside the plan's."""
    ids = [str(step_id) for step_id in rollback.steps.values_list("pk", flat=True)]
    found = Question.objects.filter(
        organisation_id=rollback.organisation_id, subject_kind="step", subject_id__in=ids, state="open"
    )
    return [card(question) for question in found.select_related("requester")]


def _box(deployment: Deployment | None, label: str, rollback: Rollback | None) -> dict[str, Any]:
    if deployment is None:
        return {"label": label, "version": "unknown", "note": "nothing is registered as live"}
    box = {
        "label": label,
        "version": deployment.version,
        "commit": deployment.commit[:12],
        "who": deployment.author,
        "when": deployment.deployed_at,
        "deployment": deployment.reference,
    }
    if rollback is None and deployment.usable and deployment.checked_at:
        box["checked"] = "answers"
    return box


def _cells(plan: dict[str, Any], rollback: Rollback) -> list[dict[str, Any]]:
    audience = rollback.service.audience or "Everybody who uses it"
    losses = plan["losses"]
    stays = [line for line in plan["stays"] if line.startswith("The database")]
    return [
        {
            "icon": "users",
            "label": "Reaches",
            "fact": audience,
            "text": f"{rollback.service.slug} · {rollback.environment.name}",
        },
        {
            "icon": "triangle-alert",
            "label": "Lost",
            "fact": losses[0] if losses else "Nothing is lost",
            "text": f"and {len(losses) - 1} more, named below" if len(losses) > 1 else "",
            "tone": "person" if losses else "",
        },
        {
            "icon": "database",
            "label": "Database",
            "fact": "Not touched" if not _touches_database(plan) else "Changed by a step below",
            "text": stays[0] if stays else "no writes are undone",
        },
    ]


def _touches_database(plan: dict[str, Any]) -> bool:
    return any(step.get("role") == "database" for step in plan["steps"])


def _plan_row(said: dict[str, Any]) -> dict[str, Any]:
    provider = registry.provider(said["provider"]).name if said.get("provider") else _by(said["kind"])
    return {
        "position": said["position"],
        "name": said["name"],
        "by": provider,
        "usual": said["usual_seconds"],
        "limit": said["gives_up_seconds"],
        "undo": said.get("undo") or "Reads only",
        "risk": said.get("risk", "safe"),
        "parts": [part for part in said.get("parts", []) if part],
        "detail": _detail(said),
        "on_failure": said["on_failure"],
    }


def _by(kind: str) -> str:
    return "Portal checks" if kind == "check" else "A person"


def _detail(said: dict[str, Any]) -> str:
    if said["kind"] == "check":
        check = said["check"]
        return f"{check.get('method', 'GET')} {check.get('path') or check.get('url')} must answer {check.get('status', 'with success')}"
    if said["kind"] == "human":
        return said["instructions"]
    if preview := said.get("preview"):
        return " · ".join(f"{name}: {value}" for name, value in preview.items())
    return " · ".join(f"{name}: {_listed(value)}" for name, value in said["parameters"].items())


def _listed(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _row(rollback: Rollback, step: Step, said: dict[str, Any]) -> dict[str, Any]:
    moving = step.state in UNDER_WAY
    used = (
        (step.finished_at - step.started_at).total_seconds() if step.started_at and step.finished_at else None
    )
    return {
        "position": step.position,
        "title": step.name,
        "line": _line(step, said),
        "state": step.state,
        "used": used,
        "usual": step.usual_seconds,
        "limit": step.gives_up_seconds,
        "since": step.started_at if moving and rollback.state in ACTIVE else None,
        "open": moving or step.state in {"failed", "unknown"},
        "lamps": _lamps(step) if step.kind == "action" and step.lamps else None,
        "proofs": [{"state": proof["mark"], "fact": proof["text"], "text": ""} for proof in step.proof],
        "log": _log(rollback, step),
        "log_label": f"What was sent and answered in step {step.position}",
        "gives_up": _gives_up(step),
    }


def _line(step: Step, said: dict[str, Any]) -> str:
    by = registry.provider(step.provider).name if step.provider else _by(step.kind)
    attempts = list(step.attempts.all())
    parts = [by]
    if len([part for part in said.get("parts", []) if part]) > 1:
        parts.append(", ".join(said["parts"]))
    retried = [attempt for attempt in attempts if attempt.number > 1]
    if retried:
        first = next(
            attempt for attempt in attempts if attempt.part == retried[-1].part and attempt.number == 1
        )
        parts.append(f"attempt {retried[-1].number}; the first: {first.get_state_display().lower()}")
    if step.message and step.state in {"failed", "unknown", "skipped", "succeeded"}:
        parts.append(step.message)
    elif step.state == "pending":
        parts.append(said.get("undo") or _detail(said))
    return " · ".join(parts)


def _lamps(step: Step) -> list[dict[str, str]]:
    last = "Serving" if step.role == "hosting" else "Effective"
    shown = []
    for name, key in (("Requested", "requested"), ("Accepted", "accepted"), (last, "serving")):
        lamp = step.lamps.get(key, {})
        state = lamp.get("state", "waiting")
        moment = datetime.fromisoformat(lamp["at"]) if lamp.get("at") and state == "done" else None
        shown.append(
            {
                "name": name,
                "state": LAMPS.get(state, "not_yet"),
                "text": "" if moment else lamp.get("text", "not yet"),
                "at": moment,
            }
        )
    return shown


def _log(rollback: Rollback, step: Step) -> list[dict[str, Any]]:
    newest = LogLine.objects.filter(rollback=rollback, position=step.position).order_by("-number")[:LOG_LINES]
    return [
        {
            "number": line.number,
            "at": line.at,
            "direction": DIRECTIONS.get(line.direction, ""),
            "text": line.text,
        }
        for line in reversed(newest)
    ]


def _gives_up(step: Step) -> str:
    if step.state not in UNDER_WAY:
        return ""
    if step.kind == "check":
        return f"Fails after {_words(step.gives_up_seconds)} without a good answer."
    return f"Asks you after {_words(step.gives_up_seconds)}. Nothing is sent twice."


def _words(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def healthy_at(rollback: Rollback, plan: dict[str, Any], steps: list[Step], now: datetime) -> datetime | None:
    """Return when the run is likely to be over, from the usual times of what is left; None when it is over."""
    if rollback.state in FINAL:
        return rollback.finished_at if rollback.state == "succeeded" else None
    left = 0.0
    for step in steps:
        if step.state == "pending":
            left += step.usual_seconds
        elif step.state in UNDER_WAY and step.started_at:
            left += max(0.0, step.usual_seconds - (now - step.started_at).total_seconds())
    return now + timedelta(seconds=left)


def _lead(rollback: Rollback, steps: list[Step]) -> str:
    if rollback.state == "awaiting_approval":
        return "Nothing has been sent. It starts with the last vote that is needed."
    if rollback.state in {"queued", "running"}:
        current = next((step for step in steps if step.state in UNDER_WAY), None)
        return f"{current.name}." if current else "The next step begins."
    if rollback.state == "succeeded":
        return "Every check passed and the effect was seen, not only promised."
    return rollback.reason


def _way_out(plan: dict[str, Any]) -> list[dict[str, str]]:
    risky = [
        step["position"] for step in plan["steps"] if step.get("risk") == "destructive" or step.get("lost")
    ]
    lines = []
    if not risky:
        lines.append(
            {
                "icon": "pause",
                "fact": "At any time",
                "text": "you can cancel; the step under way finishes, and what was done can be undone.",
            }
        )
    else:
        lines.append(
            {
                "icon": "pause",
                "fact": f"Until step {risky[0]}",
                "text": "you can cancel and undo what was done.",
            }
        )
        lines.append(
            {
                "icon": "lock",
                "fact": f"From step {risky[0]} on",
                "text": "what it deletes stays deleted; going forward again is still possible.",
            }
        )
    lines.append(
        {
            "icon": "circle-x",
            "fact": "If a step fails",
            "text": "the run stops there, nothing further is sent, and you are asked.",
        }
    )
    return lines


def target_at(rollback: Rollback) -> datetime | None:
    """Return when the playbook wants the service back, counted from the start of the trouble."""
    minutes = parse(rollback.revision.content).target_minutes
    return rollback.incident.started_at + timedelta(minutes=minutes) if minutes else None
