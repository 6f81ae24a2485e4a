"""Publishing as a question: asked where a rule of the organisation wants somebody to agree, and only for this text."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse

from apps.approvals import asking
from apps.approvals.models import Question
from apps.approvals.rule_changes import hold_rules
from apps.approvals.ruling import Own, rule_for
from apps.approvals.seating import refuse_alone
from apps.playbooks.models import Playbook, Revision
from apps.timeline.answers import Refused
from apps.timeline.log import SYSTEM

KIND = "playbook.publish"
SECOND_PERSON = "give a second person a role that the rule names."
DUE_MINUTES = 24 * 60
EXPIRES_MINUTES = 7 * 24 * 60


def ask_to_publish(revision: Revision, playbook: Playbook, *, by: Any) -> Question | None:
    """Ask those whom a rule names; returns None where no rule wants anybody, or the product itself publishes.

    The caller holds the playbook's row. Raises Refused where it was asked already, or nobody else may agree.
    """
    if by is SYSTEM:
        return None
    hold_rules(playbook.organisation_id)
    clocks = Own("", {}, DUE_MINUTES, EXPIRES_MINUTES, fallback=True)
    ruling = rule_for(playbook.organisation_id, kind=KIND, procedure=playbook.slug, otherwise=clocks)
    if ruling.nobody:
        return None
    if open_about(revision).exists():
        raise Refused("Somebody has asked for this already; it waits for an answer.", code="already_asked")
    refuse_alone(playbook.organisation_id, ruling.demand, by=by, advice=SECOND_PERSON)
    return asking.ask(
        organisation=playbook.organisation,
        kind=KIND,
        title=f"Publish revision {revision.number} of {playbook.name}"[:300],
        url=reverse("playbooks:revision", args=[playbook.slug, revision.number]),
        subject=revision,
        requester=by,
        content=content_of(revision),
        rule_reason=revision.comment[:300],
        **ruling.asked(),
    )


def content_of(revision: Revision) -> dict[str, Any]:
    """Return what people agree to: this text of this revision, with this comment."""
    return {"revision": str(revision.pk), "content": revision.content_hash, "comment": revision.comment}


def refuse_changed(revision: Revision, question: Question) -> None:
    """Raise Stale where the draft is not what people were asked about."""
    if asking.digest(content_of(revision)) != question.content_hash:
        raise asking.Stale("The draft changed since it was asked about. Nothing was published; ask again.")


def open_about(revision: Revision) -> QuerySet[Question]:
    """Return the open question about a revision, if there is one."""
    asked = Question.objects.filter(organisation_id=revision.organisation_id, kind=KIND, state="open")
    return asked.filter(subject_kind="revision", subject_id=str(revision.pk))


def hold(revision: Revision) -> list[Question]:
    """Lock the open question about a revision. Call it before the playbook is locked, as whoever votes does."""
    return list(open_about(revision).select_for_update())


def withdraw(questions: list[Question], *, by: Any, reason: str) -> None:
    """Take questions back: the draft they are about has changed or is gone."""
    for question in questions:
        asking.void(question, by=by, reason=reason)
