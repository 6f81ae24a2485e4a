"""Deploying again after a rollback, for programs."""

from __future__ import annotations

from typing import Any

from ninja import Query, Router, Status

from apps.accounts import programs
from apps.accounts.requests import Request
from apps.approvals.models import Question
from apps.deployments import permissions, redeploying
from apps.deployments.models import Environment

router = Router(tags=["deployments"])
PATH = "/services/{slug}/environments/{name}/redeployments"


class Redeployment(programs.Body):
    """Which version, what broke, and what was done about it."""

    version: str
    root_cause: str
    evidence: str


@router.get(PATH, response=dict, summary="What was asked about deploying again")
def list_redeployments(request: Request, slug: str, name: str, listing: Query[programs.Listing]) -> dict[str, Any]:
    """Since the rollback that holds the environment, newest first; empty when none does."""
    permissions.may_see_freezes(request.actor).or_refuse()
    environment = _environment(request, slug, name)
    asked = dict(redeploying.asked_about(environment))
    return programs.page_of_list(request, list(asked), render=lambda question: _as_json(question, asked[question]))


@router.post(PATH, response={202: dict}, summary="Ask to deploy again after a rollback")
@programs.idempotent
def create_redeployment(request: Request, slug: str, name: str, body: Redeployment) -> Status:
    """202 with `approval`: somebody else answers it; until then `/gate` does not pass the version."""
    programs.require_scope(request, programs.WRITE)
    question = redeploying.ask_to_redeploy(
        _environment(request, slug, name),
        by=programs.person_of(request),
        version=body.version,
        root_cause=body.root_cause,
        evidence=body.evidence,
    )
    return Status(202, _as_json(question, body.model_dump()))


def _environment(request: Request, slug: str, name: str) -> Environment:
    return programs.find(Environment.objects.select_related("service"), request, service__slug=slug, name=name)


def _as_json(question: Question, told: Any) -> dict[str, Any]:
    return {
        "approval": str(question.pk),
        "version": told["version"],
        "root_cause": told["root_cause"],
        "evidence": told["evidence"],
        "state": question.state,
        "requester": question.requester.email,
        "asked_at": question.asked_at,
        "expires_at": question.expires_at,
    }
