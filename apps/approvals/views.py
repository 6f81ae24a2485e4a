"""Pages of questions: what waits for me, one question, and answering it."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.reauthentication import is_fresh, require_fresh, take_pending
from apps.accounts.requests import Request
from apps.approvals import asking, permissions, reminding
from apps.approvals.models import Question
from apps.approvals.showing import SEATED, card
from apps.timeline.answers import Missing, Unacceptable
from apps.timeline.clock import database_now


@require_GET
def questions(request: Request) -> HttpResponse:
    """What waits for me first, then every open question of the organisation."""
    mine = asking.waiting_for(request.person)
    others = [each for each in asking.open_in(request.organisation.pk) if each not in mine]
    return render(request, "approvals/questions.html", {"mine": mine, "others": others})


@require_GET
def question(request: Request, pk: UUID) -> HttpResponse:
    """One question, with its seats, and the reader's own form. A rollback's question is read on its own page."""
    found = _found(request, pk)
    if found.kind == "rollback.start":
        return redirect(found.url)
    answer = permissions.may_vote(request.person, found, now=database_now())
    given = take_pending(request, reverse("approvals:create_vote", args=[found.pk]))
    context = {
        "question": found,
        "card": card(found),
        "facts": asking.facts_of(found),
        "answer": answer,
        "fresh": is_fresh(request),
        "given": {
            "accepts": given.getlist("accepts") if given else [],
            "confirm": given.get("confirm", "") if given else "",
            "note": given.get("note", "") if given else "",
        },
    }
    return render(request, "approvals/question.html", context)


@require_POST
def create_vote(request: Request, pk: UUID) -> HttpResponse:
    """Answer the question that was read."""
    found = _found(request, pk)
    here = reverse("approvals:question", args=[found.pk])
    require_fresh(request, back=here)
    try:
        asking.vote(
            found,
            by=request.person,
            decision=request.POST.get("decision", ""),
            content_hash=request.POST.get("content_hash", ""),
            note=request.POST.get("note", ""),
            accepts=request.POST.getlist("accepts"),
            confirm=request.POST.get("confirm", ""),
        )
    except Unacceptable as missing:
        messages.error(request, missing.message)
        return redirect(here)
    return redirect(here)


@require_POST
def create_reminder(request: Request, pk: UUID) -> HttpResponse:
    """Ask those whose vote is missing again."""
    found = _found(request, pk)
    seat = request.POST.get("seat", "")
    if seat and not (seat.isascii() and seat.isdigit() and len(seat) < 4):
        raise Unacceptable("There is no such seat without a vote.", field="seat")
    missing = reminding.remind(found, by=request.person, seat=int(seat) if seat else None)
    messages.info(request, f"{missing}: asked again, where questions are told.")
    return redirect(found.url)


def _found(request: Request, pk: UUID) -> Question:
    rows = Question.objects.filter(organisation=request.organisation).select_related("requester")
    found = rows.prefetch_related(*SEATED).filter(pk=pk).first()
    if found is None:
        raise Missing("There is no such thing here.")
    return found
