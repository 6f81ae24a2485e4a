"""Questions for programs: what waits for an answer, and answering it."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Field, Query, Router, Status

from apps.accounts import programs
from apps.approvals import asking, reminding
from apps.approvals.models import Question
from apps.approvals.showing import as_json
from apps.approvals.withdrawing import own_vote
from apps.timeline.answers import Unacceptable

router = Router(tags=["approvals"])


class NewVote(programs.Body):
    """One person's answer. `plan_hash` is the hash of what was read."""

    decision: str = Field(description="approve or reject")
    plan_hash: str | None = Field(None, description="The SHA-256 of what was read; only a plan's must be named.")
    role: str | None = None
    note: str = Field("", max_length=2000)
    accepts: list[str] = Field([], description="The losses the plan names, word for word.")
    confirm: str = ""


class Reminder(programs.Body):
    """Whom to ask again."""

    seat: int | None = Field(None, description="The position of one seat; without it everybody whose vote is missing.")


class Questions(programs.Listing):
    """Which open questions to list."""


@router.get("/approvals", response=dict, summary="Open questions put to me, the most urgent first")
def list_approvals(request: HttpRequest, listing: Query[Questions]) -> dict[str, Any]:
    """Only questions that the token's person could answer now."""
    waiting = asking.waiting_for(programs.person_of(request))
    return programs.page_of_list(request, waiting, render=as_json)


@router.post("/approvals/{id}/votes", response={201: dict}, summary="Answer a question")
@programs.idempotent
def create_vote(request: HttpRequest, id: str, body: NewVote) -> Status:
    """The last needed vote does what was asked."""
    programs.require_scope(request, programs.APPROVE)
    person = programs.person_of(request)
    question = programs.find(Question, request, pk=id)
    if body.plan_hash is None and question.kind == "rollback.start":
        raise Unacceptable("plan_hash: name the hash of the plan that was read.", field="plan_hash")
    asking.vote(
        question,
        by=person,
        decision=body.decision,
        content_hash=body.plan_hash or question.content_hash,
        role=body.role or "",
        note=body.note,
        accepts=body.accepts,
        confirm=body.confirm,
    )
    return Status(201, as_json(Question.objects.get(pk=question.pk)))


@router.delete("/approvals/{id}/votes/mine", response=dict, summary="Take my vote back")
def delete_vote(request: HttpRequest, id: str) -> dict[str, Any]:
    """Until it is used; you may vote again. Taking it back twice changes nothing."""
    programs.require_scope(request, programs.APPROVE)
    person = programs.person_of(request)
    question = programs.find(Question, request, pk=id)
    asking.withdraw_vote(own_vote(question, person), by=person)
    return as_json(Question.objects.get(pk=question.pk))


@router.post("/approvals/{id}/reminders", response={201: dict}, summary="Ask again those whose vote is missing")
@programs.idempotent
def create_reminder(request: HttpRequest, id: str, body: Reminder) -> Status:
    """At most once a minute; it is told where the question was told, and recorded."""
    programs.require_scope(request, programs.WRITE)
    person = programs.person_of(request)
    question = programs.find(Question, request, pk=id)
    missing = reminding.remind(question, by=person, seat=body.seat)
    return Status(201, {"missing": missing, "approval": str(question.pk)})
