"""What rollbacks tell the pages of incidents: the next thing to do, when it may be over, and marks for the chart."""

from __future__ import annotations

from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import Person
from apps.approvals import permissions as approvals
from apps.incidents import following, picture
from apps.incidents.following import NextStep, Outlook
from apps.incidents.models import Incident
from apps.rollbacks import events
from apps.rollbacks.forecast import healthy_at, takes, target_at
from apps.rollbacks.models import Rollback
from apps.rollbacks.states import ACTIVE


def register() -> None:
    """Register with the incidents' pages; called once."""
    following.offer_next_step(next_step)
    following.offer_outlook(outlook)
    picture.mark(events.STARTED.name, "Approved")
    picture.mark(events.BEGUN.name, "Rollback sent", short="Sent", dotted=True)
    picture.mark(events.SUCCEEDED.name, "Proven")


def next_step(incident: Incident, person: Person | None) -> NextStep | None:
    """Return what the newest rollback of the incident needs, as `person` sees it; None when it needs nothing."""
    rollback = _newest(incident)
    if rollback is None:
        return None
    url = reverse("rollbacks:detail", args=[rollback.pk])
    if rollback.state == "awaiting_approval":
        return _waiting(rollback, person, url)
    if rollback.state == "needs_operator":
        return NextStep("It cannot go on alone", rollback.reason, "needs_operator", "rollback", url, "Look and decide")
    if rollback.state in ACTIVE:
        words = rollback.get_state_display()
        return NextStep(
            words,
            f"{rollback.question.title} is under way.",
            rollback.state,
            "rollback",
            url,
            "Watch the rollback",
        )
    if rollback.state == "failed" and not incident.resolved_at:
        return NextStep("The rollback failed", rollback.reason, "failed", "rollback", url, "See what was done")
    return None


def _waiting(rollback: Rollback, person: Person | None, url: str) -> NextStep:
    question = rollback.question
    until = question.due_at or question.expires_at
    agreed = question.votes.filter(decision="approve").count()
    said = f"{agreed} of {question.seats.count()} have agreed. {question.requester.name} asked."
    answer = approvals.may_vote(person, question, now=timezone.now()) if person else None
    if answer:
        return NextStep(
            "Waiting for your approval", said, "awaiting_approval", "rollback", url,
            f"Review rollback to {rollback.target.version}", "undo-2", until=until,
        )  # fmt: skip
    action = f"See the plan for {rollback.target.version}"
    return NextStep("Waiting for approval", said, "awaiting_approval", "rollback", url, action, until=until)


def outlook(incident: Incident) -> Outlook | None:
    """Return when the newest rollback is likely to have the service healthy."""
    rollback = _newest(incident)
    if rollback is None or rollback.state in {"rejected", "expired", "cancelled", "failed"}:
        return None
    steps = list(rollback.steps.all())
    healthy = healthy_at(rollback, steps, timezone.now())
    if rollback.approved_at:
        marks = ({"at": rollback.approved_at, "label": "approved"},)
    else:
        marks = ({"at": rollback.proposed_at, "label": "asked"},)
    sentence = ""
    if rollback.state == "awaiting_approval":
        sentence = f"If approved now, it usually takes {max(1, round(takes(steps).total_seconds() / 60))} min."
    return Outlook(healthy, target_at(rollback), marks, sentence)


def _newest(incident: Incident) -> Rollback | None:
    rows = Rollback.objects.filter(incident=incident, kind="rollback")
    return (
        rows.select_related("question__requester", "target", "service", "revision", "incident")
        .order_by("-proposed_at")
        .first()
    )
