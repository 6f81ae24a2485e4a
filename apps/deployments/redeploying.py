"""Deploy again after a rollback: the root cause and the added tests are told, and others agree, before the gate opens.

The question is about one version and one pin: a later rollback asks afresh.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.urls import reverse

from apps.accounts.models import Person
from apps.accounts.permissions import roles_that_may
from apps.accounts.rights import APPROVE
from apps.approvals import asking
from apps.approvals.asking import Fact
from apps.approvals.models import Question
from apps.approvals.rule_changes import hold_rules
from apps.approvals.ruling import Own, Ruling, rule_for
from apps.approvals.seating import refuse_alone
from apps.deployments import entering, events, permissions
from apps.deployments.models import Environment, Pin
from apps.deployments.production import open_pin
from apps.timeline.answers import Refused
from apps.timeline.log import record
from apps.timeline.models import Event

KIND = "deployment.redeploy"
EXPIRES_MINUTES = 24 * 60
TOLD = ("pin", "version", "root_cause", "evidence")


@transaction.atomic
def ask_to_redeploy(environment: Environment, *, by: Person, version: str, root_cause: str, evidence: str) -> Question:
    """Ask others to let `version` go out although production was rolled back; returns the question they answer.

    `evidence` says what was changed and which tests were added. Raises Forbidden, Unacceptable, or Refused when nothing
    holds the version back, it is asked already, or nobody else may agree.
    """
    permissions.may_register(by, environment).or_refuse()
    told: dict[str, Any] = {
        "version": entering.name(version, "version", limit=100),
        "root_cause": entering.text(root_cause, "root_cause", limit=2000),
        "evidence": entering.text(evidence, "evidence", limit=2000),
    }
    hold_rules(environment.organisation_id)
    pin = _held(environment, told["version"])
    ruling = _ruling(environment)
    refuse_alone(environment.organisation_id, ruling.demand, by=by, advice="give a second person a role that approves.")
    told["pin"] = str(pin.pk)
    question = asking.ask(
        organisation=by.organisation,
        kind=KIND,
        title=f"Deploy {told['version']} to {environment} after the rollback",
        url=reverse("deployments:redeployments", args=[environment.service.slug, environment.name]),
        subject=pin,
        requester=by,
        content=told,
        environment=environment,
        rule_reason=ruling.because[:300],
        **ruling.asked(),
    )
    record(
        events.REDEPLOYMENT_ASKED, environment, by=by, environment=environment.name, service=environment.service.name,
        question=str(question.pk), **told,
    )  # fmt: skip
    return question


def grant(question: Question, by: Any) -> None:
    """Write that the version may go out; the gate reads it from the question."""
    pin = Pin.objects.select_related("environment__service").get(pk=question.subject_id)
    told = _told(question) or {}
    record(
        events.REDEPLOYMENT_ALLOWED, pin.environment, by=by, environment=pin.environment.name,
        service=pin.environment.service.name, version=told.get("version", ""), question=str(question.pk),
    )  # fmt: skip


def why_not(environment: Environment, version: str) -> str:
    """Say why `version` may not go out after a rollback, and what would help; empty when it may."""
    pin = open_pin(environment)
    if pin is None or pin.deployment.version == version:
        return ""
    asked = [question for question in _questions(pin) if _is_about(question, version)]
    if any(question.state == "granted" for question in asked):
        return ""
    held = (
        f"{environment} was rolled back to {pin.deployment.version} on {pin.since:%Y-%m-%d %H:%M} UTC. "
        f"{version} goes out again only when somebody else has agreed to its root cause and its added tests"
    )
    waiting = next((question for question in asked if question.state == "open"), None)
    if waiting:
        until = f"{waiting.expires_at:%Y-%m-%d %H:%M} UTC"
        return f"{held}: {waiting.requester.name} has asked, and it waits for an answer until {until}."
    return f"{held}: nobody has asked yet."


def asked_about(environment: Environment) -> list[tuple[Question, Mapping[str, str]]]:
    """Return what was asked since the rollback that holds the environment, newest first, with what was told."""
    pin = open_pin(environment)
    found = [(question, _told(question)) for question in _questions(pin)] if pin else []
    return [(question, told) for question, told in found if told]


def facts(question: Question) -> list[Fact]:
    """Return what those who are asked should know: what broke, what was done about it, what follows."""
    told = _told(question) or {}
    pin = Pin.objects.select_related("deployment", "environment__service").get(pk=question.subject_id)
    return [
        Fact("Version", told.get("version", "")),
        Fact("Rolled back to", f"{pin.deployment.version} in {pin.environment}"),
        Fact("Root cause", told.get("root_cause", "")),
        Fact("What was changed and tested", told.get("evidence", "")),
        Fact("If you agree", "The gate lets this version pass. It goes live when somebody goes forward with it."),
    ]


def _held(environment: Environment, version: str) -> Pin:
    """Return the pin that holds the version back, with its row locked: one asks at a time."""
    pin = open_pin(environment)
    if pin is None or not Pin.objects.select_for_update(no_key=True).filter(pk=pin.pk, lifted_at=None).exists():
        raise Refused(f"No rollback holds {environment}, so nothing has to be allowed.", code="not_pinned")
    for question in _questions(pin):
        if question.state in {"open", "granted"} and _is_about(question, version):
            words = "waits for an answer" if question.state == "open" else "is allowed already"
            raise Refused(
                f"{version} {words}. Nothing was asked again.", code="already_asked", approval=str(question.pk)
            )
    return pin


def _questions(pin: Pin) -> list[Question]:
    rows = Question.objects.filter(
        organisation_id=pin.organisation_id, kind=KIND, subject_kind="pin", subject_id=str(pin.pk)
    )
    return list(rows.select_related("requester").order_by("-asked_at"))


def _is_about(question: Question, version: str) -> bool:
    told = _told(question)
    return told is not None and told["version"] == version


def _told(question: Question) -> dict[str, str] | None:
    """Return what was told when it was asked; None unless it is, by its hash, what the question is about."""
    asked = Event.objects.filter(
        organisation_id=question.organisation_id, kind=events.REDEPLOYMENT_ASKED.name,
        subject_kind="environment", details__question=str(question.pk),
    ).first()  # fmt: skip
    told = {name: asked.details[name] for name in TOLD} if asked else {}
    return told if asking.digest(told) == question.content_hash else None


def _ruling(environment: Environment) -> Ruling:
    """Return who must agree: at least one more of those who approve there."""
    roles = sorted(role.slug for role in roles_that_may(environment.organisation_id, APPROVE, environment))
    own = Own("Somebody else who approves", {"any_of": roles, "needed": 1}, None, EXPIRES_MINUTES, floor=True)
    return rule_for(environment.organisation_id, kind=KIND, environment=environment, otherwise=own)
