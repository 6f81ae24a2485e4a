"""Pages of break-glass: every use and its review, whether it is allowed, and starting one's own rollback alone."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.permissions import may, may_somewhere
from apps.accounts.programs import find
from apps.accounts.reauthentication import is_fresh, require_fresh, take_pending
from apps.accounts.requests import Request
from apps.accounts.rights import ADMINISTER, SEE_INTERNAL
from apps.accounts.seeing import sees
from apps.approvals import acting_alone, break_glass
from apps.approvals.models import BreakGlass
from apps.approvals.views import found_question
from apps.timeline.answers import Unacceptable
from apps.timeline.clock import database_now


@require_GET
def uses(request: Request) -> HttpResponse:
    """Every use, the newest first, with the form of a review; administrators switch it here."""
    may_somewhere(request.person, SEE_INTERNAL).or_refuse()
    rows = [row for row in break_glass.told(request.organisation.pk) if sees(request.person, row.environment)]
    context = {
        "lines": [(row, break_glass.may_review(request.person, row)) for row in rows],
        "allowed": request.organisation.break_glass_allowed,
        "may_administer": may(request.person, ADMINISTER),
        "minutes": break_glass.MINUTES,
        "now": database_now(),
    }
    return render(request, "approvals/break_glass.html", context)


@require_POST
def create_permission(request: Request) -> HttpResponse:
    """Allow break-glass, or switch it off."""
    here = reverse("approvals:break_glass")
    may(request.person, ADMINISTER).or_refuse()
    require_fresh(request, back=here)
    break_glass.allow(request.organisation, by=request.person, allowed=request.POST.get("allowed") == "yes")
    return redirect(here)


@require_POST
def create_review(request: Request, pk: UUID) -> HttpResponse:
    """Review what somebody else did alone."""
    row = find(BreakGlass.objects.all(), request, pk=pk)
    try:
        break_glass.review(row, by=request.person, text=request.POST.get("review", ""))
    except Unacceptable as missing:
        messages.error(request, missing.message)
    return redirect("approvals:break_glass")


@require_GET
def alone(request: Request, pk: UUID) -> HttpResponse:
    """What starting alone means, and the form; what was filled in is kept while the password is asked for."""
    found = found_question(request, pk)
    given = take_pending(request, reverse("approvals:create_start", args=[found.pk]))
    answer = acting_alone.may_act_alone(request.person, found, now=database_now())
    context = {
        "question": found,
        "answer": answer,
        "open_glass": break_glass.open_now(request.person, found.environment_id) if answer else None,
        "minutes": break_glass.MINUTES,
        "fresh": is_fresh(request),
        "given": {
            "accepts": given.getlist("accepts") if given else [],
            "confirm": given.get("confirm", "") if given else "",
            "reason": given.get("reason", "") if given else "",
        },
    }
    return render(request, "approvals/alone.html", context)


@require_POST
def create_start(request: Request, pk: UUID) -> HttpResponse:
    """Start it alone: the password is asked for afresh, whatever else is open."""
    found = found_question(request, pk)
    here = reverse("approvals:alone", args=[found.pk])
    require_fresh(request, back=here)
    try:
        acting_alone.start_alone(
            found,
            by=request.person,
            content_hash=request.POST.get("content_hash", ""),
            reason=request.POST.get("reason", ""),
            accepts=request.POST.getlist("accepts"),
            confirm=request.POST.get("confirm", ""),
        )
    except Unacceptable as missing:
        messages.error(request, missing.message)
        return redirect(here)
    return redirect(found.url)
