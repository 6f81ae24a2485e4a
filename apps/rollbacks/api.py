"""Rollbacks for programs: propose, read, plan again, vote, steer, and the log."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse
from ninja import Field, Query, Router, Status

from apps.accounts import programs
from apps.accounts.requests import Request
from apps.deployments.targets import resolve_target
from apps.incidents.models import Incident
from apps.playbooks.models import Playbook, Revision
from apps.rollbacks import lifecycle, proposing
from apps.rollbacks.models import Rollback
from apps.rollbacks.telling import as_json, csv_answer, in_list, log_row
from apps.timeline.answers import Refused, Unacceptable

router = Router(tags=["rollbacks"])


class NewRollback(programs.Body):
    """What to run, and to where. Without a target: the newest known-good deployment from before the incident."""

    playbook: str = Field(description="Slug of a published playbook")
    target: str | None = Field(None, description="Deployment id, reference or version")
    inputs: dict[str, Any] = {}


class NewVote(programs.Body):
    """One person's answer to a plan."""

    decision: str = Field(description="approve or reject")
    plan_hash: str
    role: str | None = None
    note: str = Field("", max_length=2000)
    accepts: list[str] = Field([], description="The losses that the plan names, word for word.")
    confirm: str = Field("", description="The service's slug, where the plan asks for it.")


class Reason(programs.Body):
    """Why; it goes into the record."""

    reason: str = Field("", max_length=1000)


class Rollbacks(programs.Listing):
    """Which rollbacks to list, newest first."""

    state: str | None = None
    service: str | None = None
    incident: str | None = None


class LogFormat(programs.Listing):
    """How to write the log: json or csv."""

    format: str = "json"


@router.post("/incidents/{id}/rollbacks", response={201: dict}, summary="Propose a rollback")
@programs.idempotent_after_reading
def create_rollback(request: Request, id: str, body: NewRollback) -> Callable[[], Status]:
    """The providers are read first, then the plan is frozen and the people who must agree are asked."""
    programs.require_scope(request, programs.WRITE)
    person = programs.person_of(request)
    incident = programs.find(Incident.objects.select_related("environment__service"), request, pk=id)
    revision = published(programs.refer(Playbook, request, "playbook", slug=body.playbook))
    target = resolve_target(incident.environment, body.target, before=incident.started_at)
    wish, draft = proposing.prepare(incident, by=person, revision=revision, target=target, inputs=body.inputs)
    return lambda: Status(201, as_json(fresh(proposing.propose(wish, draft))))


@router.get("/rollbacks", response=dict, summary="List rollbacks, newest first")
def list_rollbacks(request: Request, listing: Query[Rollbacks]) -> dict[str, Any]:
    """Filters combine."""
    rows = Rollback.objects.filter(organisation=request.organisation).select_related("service", "environment", "target")
    if listing.state:
        rows = rows.filter(state=listing.state)
    if listing.service:
        rows = rows.filter(service__slug=listing.service)
    if listing.incident:
        rows = rows.filter(incident=programs.refer(Incident, request, "incident", pk=listing.incident))
    return programs.page(request, rows, order="-proposed_at", render=in_list)


@router.get("/rollbacks/{id}", response=dict, summary="One rollback with its steps and attempts")
def get_rollback(request: Request, id: str) -> dict[str, Any]:
    """The same 404 for a foreign and an unknown id."""
    return as_json(find(request, id))


@router.get("/rollbacks/{id}/plan", summary="The plan's exact bytes")
def get_plan(request: Request, id: str) -> HttpResponse:
    """`plan_hash` is the SHA-256 of these bytes."""
    return HttpResponse(bytes(find(request, id).plan.canonical), content_type="application/json")


@router.post("/rollbacks/{id}/plans", response={201: dict}, summary="Plan again after a change")
@programs.idempotent_after_reading
def create_plan(request: Request, id: str) -> Callable[[], Status]:
    """Opens a new question; the old votes are void."""
    programs.require_scope(request, programs.WRITE)
    person = programs.person_of(request)
    rollback = find(request, id)
    wish, draft = proposing.prepare_again(rollback, by=person)
    return lambda: Status(201, as_json(fresh(proposing.plan_again(rollback, wish, draft))))


@router.post("/rollbacks/{id}/approvals", response={201: dict}, summary="Approve or reject a plan")
@programs.idempotent
def create_approval(request: Request, id: str, body: NewVote) -> Status:
    """The voter is the token's person; the last needed vote starts the run."""
    programs.require_scope(request, programs.APPROVE)
    person = programs.person_of(request)
    rollback = find(request, id)
    lifecycle.vote(
        rollback,
        by=person,
        decision=body.decision,
        plan_hash=body.plan_hash,
        role=body.role or "",
        note=body.note,
        accepts=body.accepts,
        confirm=body.confirm,
    )
    return Status(201, as_json(fresh(rollback)))


@router.post("/rollbacks/{id}/pause", response={201: dict}, summary="Pause before the next step")
@programs.idempotent
def create_pause(request: Request, id: str, body: Reason) -> Status:
    """What is under way is left to finish."""
    return _steer(request, id, body, lifecycle.pause)


@router.post("/rollbacks/{id}/resume", response={201: dict}, summary="Go on after a pause")
@programs.idempotent
def create_resumption(request: Request, id: str, body: Reason) -> Status:
    """The next step is looked at afresh first."""
    return _steer(request, id, body, lifecycle.resume)


@router.post("/rollbacks/{id}/cancellation", response={201: dict}, summary="Cancel: send nothing new")
@programs.idempotent
def create_cancellation(request: Request, id: str, body: Reason) -> Status:
    """What was applied stays, and is named."""
    return _steer(request, id, body, lifecycle.cancel)


@router.get("/rollback-log", summary="The rollback log: date, environment, reason, method, duration …")
def get_rollback_log(request: Request, listing: Query[LogFormat]) -> Any:
    """Newest first; CSV cells that a spreadsheet would run as a formula are quoted."""
    rows = (
        Rollback.objects.visible_to(request.actor)
        .filter(approved_at__isnull=False)
        .select_related("plan", "service", "environment", "incident", "target", "requester", "question")
    )
    if listing.format == "csv":
        return csv_answer([log_row(rollback) for rollback in rows.order_by("-proposed_at")[:5000]])
    if listing.format != "json":
        raise Unacceptable("The format is json or csv.", field="format")
    return programs.page(request, rows, order="-proposed_at", render=log_row)


def published(playbook: Playbook) -> Revision:
    """Return the revision that new plans use. Raises Refused when none is published yet."""
    if playbook.published is None:
        raise Refused(f"{playbook.name} has no published revision. Publish one first.", code="not_published")
    return playbook.published


def find(request: Request, id: str) -> Rollback:
    """Return the rollback with what its JSON reads. Raises Missing for a foreign or unknown id alike."""
    rows = Rollback.objects.select_related(
        "service",
        "environment",
        "target",
        "previous",
        "requester",
        "question",
        "plan",
        "revision__playbook",
        "incident",
    )
    return programs.find(rows, request, pk=id)


def fresh(rollback: Rollback) -> Rollback:
    """Return the rollback as it is now, with what its JSON reads."""
    return Rollback.objects.select_related(
        "service",
        "environment",
        "target",
        "previous",
        "requester",
        "question",
        "plan",
        "revision__playbook",
        "incident",
    ).get(pk=rollback.pk)


def steered(request: Request, id: str) -> Rollback:
    """Return the rollback for a deed. Raises Forbidden for a token without the scope."""
    programs.require_scope(request, programs.WRITE)
    return find(request, id)


def _steer(request: Request, id: str, body: Reason, verb: Callable[..., Rollback]) -> Status:
    rollback = steered(request, id)
    verb(rollback, by=programs.person_of(request), reason=body.reason)
    return Status(201, as_json(fresh(rollback)))
