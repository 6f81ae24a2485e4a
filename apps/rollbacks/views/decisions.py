"""A step that needs a person: what is known, what the provider says now, and the way on that somebody chooses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.requests import Request
from apps.incidents.picture import picture
from apps.incidents.situation import recover_by, strip
from apps.rollbacks import after_refusal, lifecycle, looking, operating, withdrawing
from apps.rollbacks.approved import steps_of
from apps.rollbacks.choices import choices_of, needs_decision, who_decides
from apps.rollbacks.models import Rollback, Step
from apps.rollbacks.own import cancel_dialog, deeds_of
from apps.rollbacks.standing import standing_of
from apps.rollbacks.step_rows import in_versions, lamps_of, support_of
from apps.rollbacks.views.finding import found
from apps.timeline.answers import Missing, Unacceptable

CHOICES = {"look", "retry", "adoption", "skip", "compensation", "cancellation"}


@require_GET
def decision(request: Request, pk: UUID, position: int) -> HttpResponse:
    """What is known about a step that needs a person, what is not, what the provider says now, and the choices."""
    one = found(request, pk)
    return _page(request, one, _step(one, position))


@require_GET
def readings(request: Request, pk: UUID, position: int) -> HttpResponse:
    """What the provider says now, read once more. Reading changes nothing."""
    one = found(request, pk)
    step = _step(one, position)
    return render(request, "rollbacks/_readings.html", _readings(one, step))


@require_POST
def create_decision(request: Request, pk: UUID, position: int) -> HttpResponse:
    """Do what was chosen. Looking again changes nothing; what is missing is said beside what was typed."""
    one = found(request, pk)
    chosen = request.POST.get("choice", "")
    if chosen not in CHOICES - {"look"}:
        return redirect("rollbacks:decision", one.pk, position)
    evidence, reason = request.POST.get("evidence", ""), request.POST.get("reason", "")
    seen = looking.snapshot(one, _step(one, position)) if chosen == "adoption" and evidence and reason else []
    deeds: dict[str, Callable[[], Any]] = {
        "retry": lambda: operating.retry(one, position, by=request.person, reason=reason),
        "skip": lambda: operating.ask_to_skip(one, position, by=request.person, reason=reason),
        "adoption": lambda: operating.ask_to_adopt(
            one, position, by=request.person, reason=reason, evidence=evidence, seen=seen
        ),
        "compensation": lambda: after_refusal.put_back(one, position, by=request.person, reason=reason),
        "cancellation": lambda: lifecycle.cancel(one, by=request.person, reason=reason),
    }
    try:
        deeds[chosen]()
    except Unacceptable as missing:
        return _page(request, one, _step(one, position), missing)
    return redirect("rollbacks:detail", one.pk)


def _page(request: Request, one: Rollback, step: Step, missing: Unacceptable | None = None) -> HttpResponse:
    choices = choices_of(one, step, request.person)
    given = {name: request.POST.get(name, "") for name in ("choice", "reason", "evidence")}
    first = next((choice.name for choice in choices if not choice.why_not), "")
    steps = list(one.steps.prefetch_related("attempts"))
    rows = [{"position": each.position, "state": each.state, "title": each.name} for each in steps]
    standing = standing_of(steps)
    context = {
        "rollback": one,
        "incident": one.incident,
        "step": step,
        "steps": steps,
        "title": _title(one, step),
        "lead": in_versions(_lead(one, step), one),
        "waits": needs_decision(one, step),
        "standing": standing,
        "asked": withdrawing.open_about([step.pk]).select_related("requester"),
        "known": looking.known(one, step),
        **_readings(one, step),
        "instructions": steps_of(one)[step.position].said.get("instructions", ""),
        "lamps": lamps_of(step, one),
        "support": support_of(step),
        "choices": choices,
        "chosen": given["choice"] or first,
        "given": given,
        "missing": missing,
        "who": who_decides(one),
        "picture": picture(one.incident, one.previous),
        "ends_at": recover_by(one.incident),
        "strip": strip(one.incident),
        "can": deeds_of(one, request.person, rows, standing),
        "cancel": cancel_dialog(one, rows, standing),
    }
    return render(request, "rollbacks/decision.html", context, status=422 if missing else 200)


def _readings(one: Rollback, step: Step) -> dict[str, Any]:
    """Return what was read before and what is read now, outside any transaction."""
    return {
        "rollback": one,
        "step": step,
        "provider": looking.provider_name(step),
        "readings": [*looking.earlier(one, step), *looking.now(one, step)],
        "looked_at": timezone.now(),
    }


def _title(one: Rollback, step: Step) -> str:
    if step.kind == "human":
        return step.name
    if after_refusal.was_refused(step):
        return f"Step {step.position} was not agreed on"
    if step.state == "unknown" and not any(attempt.sent_at for attempt in step.attempts.all()):
        return f"Step {step.position} waits for a decision"
    return {
        "unknown": f"We do not know whether step {step.position} worked",
        "failed": f"Step {step.position} failed",
    }.get(step.state, step.name)


def _lead(one: Rollback, step: Step) -> str:
    """Return the first sentence about why it waits; for a refused step the one after what its heading says."""
    said = step.message.partition(". ")[2] if after_refusal.was_refused(step) else step.message
    return (said or one.reason).split(". ")[0].rstrip(".") + "."


def _step(one: Rollback, position: int) -> Step:
    step = one.steps.prefetch_related("attempts").filter(position=position).first()
    if step is None:
        raise Missing("There is no such step.")
    return step
