"""Pages of questions: what waits for me, one question, answering it and taking the answer back."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.permissions import may
from apps.accounts.programs import find
from apps.accounts.reauthentication import is_fresh, require_fresh, take_pending
from apps.accounts.requests import Request
from apps.accounts.rights import SEE_INTERNAL
from apps.accounts.seeing import seen_by, sees
from apps.approvals import asking, break_glass, debts, permissions, reminding
from apps.approvals.models import Question
from apps.approvals.showing import SEATED, card
from apps.approvals.waiting import answered_by
from apps.approvals.withdrawing import may_withdraw, own_vote
from apps.timeline.answers import Unacceptable
from apps.timeline.clock import database_now


@require_GET
def questions(request: Request) -> HttpResponse:
    """What waits for me first: my answer, what I must know, what I answered; then every other open question."""
    mine = asking.waiting_for(request.person)
    others = [
        each for each in asking.open_in(request.organisation.pk) if each not in mine and sees(request.person, each)
    ]
    answered = [(vote, may_withdraw(vote, vote.question)) for vote in answered_by(request.person)]
    context = {
        "mine": mine,
        "others": others,
        "answered": answered,
        "debts": list(debts.owed_to(request.person)),
        "glass": next((row for row in _to_review(request) if break_glass.may_review(request.person, row)), None),
        "now": database_now(),
    }
    return render(request, "approvals/questions.html", context)


def _to_review(request: Request) -> list[break_glass.BreakGlass]:
    return list(seen_by(break_glass.not_reviewed(request.organisation.pk), request.person))


@require_GET
def question(request: Request, pk: UUID) -> HttpResponse:
    """One question, with its seats, and the reader's own form. A rollback's question is read on its own page."""
    found = found_question(request, pk)
    if found.kind == "rollback.start":
        return redirect(found.url)
    answer = permissions.may_vote(request.person, found, now=database_now())
    given = take_pending(request, reverse("approvals:create_vote", args=[found.pk]))
    context = {
        "question": found,
        "card": card(found),
        "facts": asking.facts_of(found),
        "answer": answer,
        "own": next((vote for vote in found.votes.all() if vote.person_id == request.person.pk), None),
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
    found = found_question(request, pk)
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
def create_withdrawal(request: Request, pk: UUID) -> HttpResponse:
    """Take one's own vote back. It only ever stops something, so no password is asked."""
    found = found_question(request, pk)
    asking.withdraw_vote(own_vote(found, request.person), by=request.person)
    messages.info(request, "Your vote no longer counts. You may answer again.")
    return redirect(reverse("approvals:question", args=[found.pk]))


@require_POST
def create_reminder(request: Request, pk: UUID) -> HttpResponse:
    """Ask those whose vote is missing again."""
    found = found_question(request, pk)
    seat = request.POST.get("seat", "")
    if seat and not (seat.isascii() and seat.isdigit() and len(seat) < 4):
        raise Unacceptable("There is no such seat without a vote.", field="seat")
    missing = reminding.remind(found, by=request.person, seat=int(seat) if seat else None)
    messages.info(request, f"{missing}: asked again, where questions are told.")
    return redirect(found.url)


def found_question(request: Request, pk: UUID) -> Question:
    """Return the question with its seats and votes.

    Raises Missing where the reader may not see it, and Forbidden for somebody outside who is not asked either.
    """
    rows = Question.objects.select_related("requester", "environment__service").prefetch_related(*SEATED)
    found = find(rows, request, pk=pk)
    inside = may(request.person, SEE_INTERNAL, found)
    answered = any(vote.person_id == request.person.pk for vote in found.votes.all())
    if not (inside or answered or permissions.may_vote(request.person, found, now=database_now())):
        inside.or_refuse()
    return found
