"""What one reader may do on a rollback's page: vote, steer, decide. Never part of a shared fragment."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from apps.accounts.models import Person
from apps.accounts.reauthentication import is_fresh
from apps.approvals import permissions as approvals
from apps.approvals.asking import role_names
from apps.rollbacks import permissions
from apps.rollbacks.approved import steps_of
from apps.rollbacks.models import Rollback, Step
from apps.rollbacks.operating import roles_that_operate
from apps.rollbacks.states import ACTIVE
from apps.timeline.clock import database_now


def ballot_of(rollback: Rollback, request: HttpRequest) -> dict[str, Any]:
    """Return whether and as what the reader may vote, or why not."""
    person, question = request.person, rollback.question
    answer = approvals.may_vote(person, question, now=database_now())
    seats = question.seats.count()
    agreed = question.votes.filter(decision="approve").count()
    seated = approvals.seat_for(person, question) if answer else None
    names = role_names(rollback.organisation_id) if seated else {}
    return {
        "may": bool(answer) and rollback.state == "awaiting_approval",
        "because": answer.because,
        "asker": person.pk == rollback.requester_id and question.state == "open",
        "role": names.get(seated[1], seated[1]) if seated else "",
        "number": agreed + 1,
        "needed": seats,
        "last": agreed + 1 == seats,
        "fresh": is_fresh(request),
        "deed": _deed(rollback),
    }


def _deed(rollback: Rollback) -> str:
    verb = "go forward with" if rollback.kind == "forward" else "roll back"
    return f"{verb} {rollback.service.slug} → {rollback.target.version}"


def deeds_of(rollback: Rollback, person: Person) -> dict[str, Any]:
    """Return which of pause, resume and cancel the reader may do now, and why none where none."""
    may = permissions.may_operate(person, rollback)
    if not may:
        return {"because": may.because if rollback.state in ACTIVE else ""}
    return {
        "pause": bool(permissions.can_pause(rollback)),
        "resume": bool(permissions.can_resume(rollback)),
        "cancel": bool(permissions.can_cancel(rollback)),
        "because": permissions.can_cancel(rollback).because,
        "words": _cancel_words(rollback),
    }


def _cancel_words(rollback: Rollback) -> str:
    if rollback.state not in ACTIVE:
        return ""
    current = rollback.steps.filter(state__in=["running", "verifying"]).first()
    if current is None:
        return "Cancel now: nothing more is sent."
    return f"Cancel now: step {current.position} finishes first, and nothing after it is sent."


def cancel_dialog(rollback: Rollback, context: dict[str, Any]) -> dict[str, Any]:
    """Return what the cancel dialog says: what stays, what is not done, what is open."""
    points = [
        {"state": step["state"], "text": f"{_kept(step['state'])}: {step['title']}"}
        for step in context["steps"]
    ]
    waiting = rollback.state == "awaiting_approval"
    return {
        "cancel_url": reverse("rollbacks:create_cancellation", args=[rollback.pk]),
        "cancel_title": "Take the proposal back?" if waiting else "Cancel the rollback?",
        "cancel_lead": "Nothing has been sent, so nothing changes." if waiting else _cancel_words(rollback),
        "cancel_points": [] if waiting else points,
        "cancel_deed": "Cancel rollback",
        "cancel_keep": "Keep it" if waiting else "Keep it running",
    }


def _kept(state: str) -> str:
    return {"succeeded": "Stays", "pending": "Not done", "skipped": "Left out"}.get(state, "Open")


def choices_of(rollback: Rollback, step: Step, person: Person) -> list[dict[str, Any]]:
    """Return the ways on, the harmless one first; what is forbidden stays visible with its reason."""
    may = permissions.may_operate(person, rollback)
    why_not = "" if may else may.because
    names = role_names(rollback.organisation_id)
    others = " or ".join(names.get(role, role) for role in roles_that_operate(rollback)[:4])
    address = [rollback.pk, step.position]
    if step.kind == "human":
        return [
            _choice(
                "create_adoption",
                address,
                "It is done",
                "The run goes on with the next step.",
                "you",
                why_not,
                evidence=True,
            ),
            _choice(
                "create_skip",
                address,
                "Leave it out",
                "Changes what was approved.",
                "everybody who approved",
                why_not,
            ),
        ]
    unrepeatable = steps_of(rollback)[step.position].said.get("idempotency_class") == "D"
    no_retry = why_not or (
        "Nobody can see whether it worked, so it is not sent again." if unrepeatable else ""
    )
    return [
        _choice(
            "create_retry", address, "Look again, and try again if it did not work",
            "The provider is read first; only if nothing was changed is the same request sent once more.", "you", no_retry,
        ),
        _choice(
            "create_adoption", address, "It has happened", "The step counts as done on people's word, and is recorded as such.",
            f"a second person ({others})", why_not, evidence=True,
        ),
        _choice(
            "create_skip", address, "Leave this step out", "The run goes on without it.", "everybody who approved", why_not,
        ),
    ]  # fmt: skip


def _choice(
    name: str, address: list[Any], title: str, text: str, who: str, why_not: str, *, evidence: bool = False
) -> dict[str, Any]:
    url = reverse(f"rollbacks:{name}", args=address)
    return {
        "name": name,
        "url": url,
        "title": title,
        "text": text,
        "who": who,
        "why_not": why_not,
        "evidence": evidence,
    }
