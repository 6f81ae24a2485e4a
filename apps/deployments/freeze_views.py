"""Pages about freezes: what is stopped, stop something, ask to lift it."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts.reauthentication import require_fresh
from apps.accounts.requests import Request
from apps.accounts.seeing import sees
from apps.approvals.models import Question
from apps.approvals.permissions import may_vote
from apps.deployments import lifecycle, permissions
from apps.deployments.freeze_forms import FreezeForm, LiftForm
from apps.deployments.holding import Held, goes_on_without, held_by, held_in
from apps.deployments.models import Freeze
from apps.deployments.switches import scope_in_words
from apps.timeline.answers import Answer, Unacceptable
from apps.timeline.clock import database_now

LIFTED_SHOWN = 20


@dataclass(frozen=True)
class FreezeLine:
    """A freeze that holds, and what the reader can do about it."""

    freeze: Freeze
    words: str
    question: Question | None
    may_answer: Answer | None
    held: list[Held]
    going: list[Held]


@require_http_methods(["GET", "POST"])
def freezes(request: Request) -> HttpResponse:
    """Show what is stopped; a POST stops something more."""
    permissions.may_see_freezes(request.person).or_refuse()
    form = FreezeForm(request.person, request.POST or None, initial=request.GET.dict())
    if form.is_valid() and form.freeze():
        return redirect("deployments:freezes")
    rows = Freeze.objects.visible_to(request.person).select_related(
        "service", "environment__service", "created_by", "lifted_by", "question__requester"
    )
    active = list(rows.active().order_by("-created_at"))
    everything = (
        [one for one in held_in(request.organisation.pk) if sees(request.person, one.environment)] if active else []
    )
    context = {
        "form": form,
        "lines": [_line(request, row, everything, active) for row in active],
        "lifted": rows.exclude(lifted_at=None).order_by("-lifted_at")[:LIFTED_SHOWN],
        "may_freeze": permissions.may_freeze_somewhere(request.person),
        "may_ask": permissions.may_ask_to_lift(request.person),
    }
    return render(request, "deployments/freezes.html", context, status=422 if form.is_bound else 200)


@require_POST
def create_lifting(request: Request, freeze_id: str) -> HttpResponse:
    """Ask a second person to allow it again."""
    freeze = _freeze(request, freeze_id)
    require_fresh(request, back=reverse("deployments:freezes"))
    form = LiftForm(request.POST)
    if not form.is_valid():
        raise Unacceptable("Say why it may go on. Nothing was changed.", field="reason")
    lifecycle.ask_to_lift(freeze, by=request.person, reason=form.cleaned_data["reason"])
    return redirect("deployments:freezes")


def _line(request: Request, freeze: Freeze, everything: list[Held], active: list[Freeze]) -> FreezeLine:
    question = freeze.question if freeze.question and freeze.question.state == "open" else None
    may_answer = may_vote(request.person, question, now=database_now()) if question else None
    held, going = held_by(freeze, everything), goes_on_without(freeze, everything, active)
    return FreezeLine(freeze, scope_in_words(freeze), question, may_answer, held, going)


def _freeze(request: Request, freeze_id: str) -> Freeze:
    rows = Freeze.objects.visible_to(request.person).select_related("question")
    return get_object_or_404(rows, pk=freeze_id)
