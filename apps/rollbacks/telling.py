"""How a rollback reads to programs: the JSON of the contract, and the rows of the rollback log."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

from django.conf import settings
from django.db.models import Prefetch
from django.http import HttpResponse
from django.urls import reverse

from apps.approvals.showing import agreement
from apps.deployments.models import Deployment
from apps.rollbacks import standing
from apps.rollbacks.models import Attempt, Rollback, Step
from apps.rollbacks.planned_words import airlocks
from apps.rollbacks.step_rows import support_of
from apps.rollbacks.unstoppable import waits_for

LOG_COLUMNS = (
    "date",
    "environment",
    "reason",
    "method",
    "duration",
    "data_loss",
    "deployed_by",
    "approved_by",
)


IN_TIME = Prefetch("attempts", Attempt.objects.order_by("intended_at"))


def as_json(rollback: Rollback) -> dict[str, Any]:
    """Return a rollback with its steps, attempts, approvals and times."""
    steps = list(rollback.steps.prefetch_related(IN_TIME).order_by("position"))
    plan = json.loads(bytes(rollback.plan.canonical))
    return {
        "id": str(rollback.pk),
        "reference": rollback.reference,
        "kind": rollback.kind,
        "state": rollback.state,
        "reason": rollback.reason,
        "plan_hash": rollback.plan_hash,
        "incident": str(rollback.incident_id),
        "service": rollback.service.slug,
        "environment": rollback.environment.name,
        "playbook": {"slug": rollback.revision.playbook.slug, "revision": rollback.revision.number},
        "target": _deployment(rollback.target),
        "previous": _deployment(rollback.previous) if rollback.previous else None,
        "requester": rollback.requester.email,
        "question": str(rollback.question_id),
        "pause_requested": rollback.pause_requested,
        "losses": rollback.question.losses,
        "confirm": rollback.question.confirm,
        "findings": rollback.plan.findings,
        "airlocks": [_airlock(told) for told in airlocks(plan)],
        "steps": [_step(step) for step in steps],
        "waits_for": waits_for(steps, plan),
        "standing": standing.as_json(standing.standing_of(steps)),
        "compensated": [step.position for step in steps if step.compensated],
        "approvals": agreement(rollback.question),
        "timings": {
            "proposed_at": rollback.proposed_at,
            "approved_at": rollback.approved_at,
            "first_call_at": rollback.first_call_at,
            "finished_at": rollback.finished_at,
        },
        "html_url": settings.BASE_URL + reverse("rollbacks:detail", args=[rollback.pk]),
    }


def in_list(rollback: Rollback) -> dict[str, Any]:
    """Return a rollback as it stands in a list: without its steps."""
    return {
        "id": str(rollback.pk),
        "reference": rollback.reference,
        "kind": rollback.kind,
        "state": rollback.state,
        "plan_hash": rollback.plan_hash,
        "incident": str(rollback.incident_id),
        "service": rollback.service.slug,
        "environment": rollback.environment.name,
        "target": _deployment(rollback.target),
        "proposed_at": rollback.proposed_at,
        "finished_at": rollback.finished_at,
        "html_url": settings.BASE_URL + reverse("rollbacks:detail", args=[rollback.pk]),
    }


def _deployment(deployment: Deployment) -> dict[str, str]:
    return {
        "id": str(deployment.pk),
        "reference": deployment.reference,
        "version": deployment.version,
        "commit": deployment.commit,
    }


def _step(step: Step) -> dict[str, Any]:
    return {
        "position": step.position,
        "name": step.name,
        "kind": step.kind,
        "provider": step.provider,
        "action": step.action,
        "state": step.state,
        "message": step.message,
        "support": support_of(step),
        "started_at": step.started_at,
        "finished_at": step.finished_at,
        "lamps": step.lamps,
        "agreement": step.agreement,
        "approval": str(step.question_id) if step.question_id else None,
        "attempts": [_attempt(attempt) for attempt in step.attempts.all()],
    }


def _airlock(told: dict[str, Any]) -> dict[str, Any]:
    """Return what people accept before something destructive is let out. Times are in UTC."""
    kept = ("position", "loses", "lost_from", "lost_until", "safety_copy", "interruptible", "support")
    return {**{name: told[name] for name in kept}, "lost_seconds": told["window"]}


def _attempt(attempt: Attempt) -> dict[str, Any]:
    return {
        "number": attempt.number,
        "part": attempt.part,
        "kind": attempt.kind,
        "state": attempt.state,
        "status": attempt.status,
        "message": attempt.message,
        "sent_at": attempt.sent_at,
        "finished_at": attempt.finished_at,
    }


def log_row(rollback: Rollback) -> dict[str, str]:
    """Return one row of the rollback log, with exactly the columns of S4-67."""
    plan = json.loads(bytes(rollback.plan.canonical))
    method = next((step["action"] for step in plan["steps"] if step.get("serves_traffic")), rollback.kind)
    duration = ""
    if rollback.finished_at and rollback.approved_at:
        duration = str(round((rollback.finished_at - rollback.approved_at).total_seconds()))
    approvers = rollback.question.votes.filter(decision="approve").select_related("person")
    return {
        "date": rollback.proposed_at.isoformat(),
        "environment": f"{rollback.service.slug} {rollback.environment.name}",
        "reason": rollback.incident.title,
        "method": f"{method} to {rollback.target.version} ({rollback.get_state_display().lower()})",
        "duration": duration,
        "data_loss": "; ".join(plan["losses"]) or "none named",
        "deployed_by": rollback.requester.name,
        "approved_by": ", ".join(vote.person.name for vote in approvers),
    }


def csv_answer(rows: list[dict[str, str]]) -> HttpResponse:
    """Return rows of the log as a CSV file that is safe to open."""
    text = io.StringIO()
    writer = csv.DictWriter(text, LOG_COLUMNS)
    writer.writeheader()
    writer.writerows({name: _harmless(value) for name, value in row.items()} for row in rows)
    answer = HttpResponse(text.getvalue(), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="rollback-log.csv"'
    return answer


def _harmless(value: str) -> str:
    return f"'{value}" if value.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "|")) else value
