"""What people do on a rollback's page. Every deed is a POST to a noun and works without JavaScript."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from apps.accounts.reauthentication import require_fresh
from apps.approvals.asking import Stale
from apps.rollbacks import lifecycle, proposing
from apps.rollbacks.differing import difference
from apps.rollbacks.models import Plan, Rollback
from apps.rollbacks.views.finding import found
from apps.timeline.answers import Unacceptable


@require_POST
def create_approval(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Approve or reject the plan that was read; a changed plan answers 409 and shows the difference."""
    one = found(request, pk)
    decision = request.POST.get("decision", "approve")
    if decision == "reject" and not request.POST.get("note", "").strip():
        messages.error(request, "Say why you reject it: write a word to the others, then reject again.")
        return redirect(one_url(one) + "#note")
    require_fresh(request, back=one_url(one))
    read = request.POST.get("plan_hash", "")
    try:
        lifecycle.vote(
            one, by=request.person, decision=decision, plan_hash=read, note=request.POST.get("note", ""),
            accepts=request.POST.getlist("accepts"), confirm=request.POST.get("confirm", ""),
        )  # fmt: skip
    except Stale as stale:
        return _changed(request, one, read, stale)
    except Unacceptable as missing:
        messages.error(request, missing.message)
        return redirect(one_url(one) + "#approve")
    return redirect(one_url(one))


def _changed(request: HttpRequest, one: Rollback, read: str, stale: Stale) -> HttpResponse:
    """Show what is different between the plan that was read and the plan as it is."""
    before = Plan.objects.filter(organisation=one.organisation, hash=read).first()
    shown = difference(before, one.plan)
    context = {"rollback": one, "reason": stale.message, **shown}
    return render(request, "rollbacks/changed.html", context, status=409)


@require_POST
def create_plan(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Plan again, from the same wish."""
    one = found(request, pk)
    wish, draft = proposing.prepare_again(one, by=request.person)
    proposing.plan_again(one, wish, draft)
    messages.success(request, "Planned again. Earlier votes no longer count.")
    return redirect(one_url(one))


@require_POST
def create_pause(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Pause before the next request."""
    return _steer(request, pk, lifecycle.pause)


@require_POST
def create_resumption(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Go on."""
    return _steer(request, pk, lifecycle.resume)


@require_POST
def create_cancellation(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Cancel: nothing new is sent."""
    return _steer(request, pk, lifecycle.cancel)


def _steer(request: HttpRequest, pk: UUID, verb: Callable[..., Any]) -> HttpResponse:
    one = found(request, pk)
    verb(one, by=request.person, reason=request.POST.get("reason", ""))
    return redirect(one_url(one))


def one_url(one: Rollback) -> str:
    """Return the address of a rollback's page."""
    return reverse("rollbacks:detail", args=[one.pk])
