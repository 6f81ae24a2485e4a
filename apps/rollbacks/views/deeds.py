"""What people do on a rollback's page. Every deed is a POST to a noun and works without JavaScript."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.reauthentication import require_fresh
from apps.accounts.requests import Request
from apps.approvals.asking import Stale
from apps.incidents.situation import strip
from apps.rollbacks import lifecycle, proposing
from apps.rollbacks.differing import difference
from apps.rollbacks.models import Plan, Rollback
from apps.rollbacks.views.finding import found, own_page
from apps.timeline import stream
from apps.timeline.answers import Unacceptable


@require_POST
def create_approval(request: Request, pk: UUID) -> HttpResponse:
    """Approve or reject the plan that was read; a changed plan answers 409 and shows the difference."""
    one = found(request, pk)
    decision, note = request.POST.get("decision", "approve"), request.POST.get("note", "").strip()
    if decision == "reject" and not note:
        said = "Say why you reject it: write a word to the others, then reject again. Nothing was decided."
        return _again(request, one, said, "note")
    require_fresh(request, back=one_url(one))
    read = request.POST.get("plan_hash", "")
    try:
        lifecycle.vote(
            one, by=request.person, decision=decision, plan_hash=read, note=note,
            accepts=request.POST.getlist("accepts"), confirm=request.POST.get("confirm", ""),
        )  # fmt: skip
    except Stale:
        return _changed(request, one, read)
    except Unacceptable as missing:
        return _again(request, one, f"{missing.message} Nothing was approved.", str(missing.extra.get("field", "")))
    return redirect(one_url(one))


def _again(request: Request, one: Rollback, said: str, field: str) -> HttpResponse:
    """Show the page again with what is missing, and with everything that was filled in."""
    messages.error(request, said)
    context = own_page(request, found(request, one.pk), request.POST)
    context = {**context, "missing": field, "cursor": stream.newest_seq(one.organisation_id)}
    return render(request, "rollbacks/detail.html", context, status=422)


@require_GET
def changes(request: Request, pk: UUID) -> HttpResponse:
    """What is different between a plan that somebody read and the plan as it is now."""
    return _changed(request, found(request, pk), request.GET.get("read", ""), status=200)


def _changed(request: Request, one: Rollback, read: str, *, status: int = 409) -> HttpResponse:
    """Show what is different between the plan that was read and the plan, or production, as it is."""
    one = found(request, one.pk)
    same = read == one.plan_hash
    before = Plan.objects.filter(organisation=one.organisation, hash=read).first()
    shown = _production(one) if same else difference(before, one.plan)
    context = {"rollback": one, "read": read, "same": same, "strip": strip(one.incident), **shown}
    return render(request, "rollbacks/changed.html", context, status=status)


def _production(one: Rollback) -> dict[str, Any]:
    live, planned = one.environment.live, one.previous
    fact = f"Live now is {live.version if live else 'nothing that is registered'}."
    text = f"The plan was made while {planned.version if planned else 'nothing'} was live."
    return {"sentences": [{"fact": fact, "text": text}], "lines": []}


@require_POST
def create_plan(request: Request, pk: UUID) -> HttpResponse:
    """Plan again, from the same wish."""
    one = found(request, pk)
    wish, draft = proposing.prepare_again(one, by=request.person)
    proposing.plan_again(one, wish, draft)
    messages.success(request, "Planned again. Earlier votes no longer count.")
    return redirect(one_url(one))


@require_POST
def create_pause(request: Request, pk: UUID) -> HttpResponse:
    """Pause before the next request."""
    return _steer(request, pk, lifecycle.pause)


@require_POST
def create_resumption(request: Request, pk: UUID) -> HttpResponse:
    """Go on."""
    return _steer(request, pk, lifecycle.resume)


@require_POST
def create_cancellation(request: Request, pk: UUID) -> HttpResponse:
    """Cancel: nothing new is sent."""
    return _steer(request, pk, lifecycle.cancel)


def _steer(request: Request, pk: UUID, verb: Callable[..., Any]) -> HttpResponse:
    one = found(request, pk)
    verb(one, by=request.person, reason=request.POST.get("reason", ""))
    return redirect(one_url(one))


def one_url(one: Rollback) -> str:
    """Return the address of a rollback's page."""
    return reverse("rollbacks:detail", args=[one.pk])
