"""Allow again what a freeze stopped: one person asks, a second one agrees."""

from __future__ import annotations

from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import Person
from apps.accounts.permissions import roles_that_may
from apps.accounts.rights import FREEZE
from apps.approvals import asking
from apps.approvals.counting import consume
from apps.approvals.models import Question
from apps.approvals.rule_changes import hold_rules
from apps.approvals.ruling import Own, Ruling, rule_for
from apps.approvals.seating import refuse_alone
from apps.deployments import entering, events, permissions
from apps.deployments.models import Environment, Freeze
from apps.deployments.switches import hold, scope_in_words, set_switches, switches_of
from apps.timeline.answers import Refused
from apps.timeline.log import SYSTEM, record
from apps.timeline.second_wall import lowered

LIFT = "freeze.lift"  # the kind of question that lifts a freeze
LIFT_EXPIRES_MINUTES = 24 * 60


@transaction.atomic
def ask_to_lift(freeze: Freeze, *, by: Person, reason: str) -> Question:
    """Ask a second person to allow it again; returns the question that they answer.

    Raises Forbidden, Unacceptable, or Refused when it is lifted already, asked already, or nobody else may
    agree.
    """
    permissions.may_ask_to_lift(by, freeze).or_refuse()
    reason = entering.text(reason, "reason", limit=2000)
    Freeze.objects.select_for_update(no_key=True).get(pk=freeze.pk)
    freeze = Freeze.objects.select_related("question").get(pk=freeze.pk)  # read once it is locked: it may be new
    _refuse_if_lifted(freeze)
    if freeze.question and freeze.question.state == "open" and freeze.question.expires_at > timezone.now():
        raise Refused("Somebody has asked for this already; it waits for a second person.", code="already_asked")
    ruling = _ruling(freeze)
    refuse_alone(freeze.organisation_id, ruling.demand, by=by, advice="give a second person a role that may freeze.")
    freeze.question = asking.ask(
        organisation=by.organisation,
        kind=LIFT,
        title=f"Allow {freeze.stops} of {scope_in_words(freeze)} again",
        url=reverse("deployments:freezes"),
        subject=freeze,
        requester=by,
        content={"freeze": str(freeze.pk), "stops": freeze.stops, "scope": freeze.scope, "reason": reason},
        service=freeze.service,
        environment=freeze.environment,
        rule_reason=reason[:300],
        **ruling.asked(),
    )
    freeze.save(update_fields=["question"])
    told: dict[str, Any] = {"stops": freeze.stops, "scope": scope_in_words(freeze)}
    record(events.LIFTING_ASKED, freeze, by=by, reason=reason, **told)
    return freeze.question


def lift(freeze: Freeze, *, by: Any) -> Freeze:
    """Allow it again. Asks nobody: called when a second person has agreed. Raises Refused when it is lifted.

    The other organisations of a common freeze follow after the commit, each by itself; until then they stay
    frozen.
    """
    with transaction.atomic():
        lifted = _lift_one(freeze, by=by)
        if freeze.together:
            transaction.on_commit(partial(lift_together, freeze.together))
    return lifted


def lift_together(together: UUID) -> int:
    """Lift what is left of a freeze of all organisations; returns how many rows. May be repeated."""
    with lowered():  # the rows of every organisation
        rows = list(Freeze.objects.active().filter(together=together).order_by("organisation_id"))
        for row in rows:
            _lift_one(row, by=SYSTEM)
    return len(rows)


def when_lifting_is_granted(question: Question, by: Any) -> None:
    """Lift what the question asked about, in the transaction of the deciding vote.

    The organisation is held before the voters are: whoever takes a role from one of them holds it first, too.
    """
    hold(question.organisation_id)
    consume(question)
    freeze = Freeze.objects.get(pk=question.subject_id, organisation_id=question.organisation_id)
    if freeze.lifted_at is None:
        lift(freeze, by=by)


@transaction.atomic
def _lift_one(freeze: Freeze, *, by: Any) -> Freeze:
    hold(freeze.organisation_id)
    freeze = (
        Freeze.objects.select_for_update(of=("self",))
        .select_related("environment__service", "service")
        .get(pk=freeze.pk)
    )
    _refuse_if_lifted(freeze)
    freeze.lifted_at, freeze.lifted_by_id = timezone.now(), by.pk
    freeze.save(update_fields=["lifted_at", "lifted_by"])
    if freeze.stops == "rollbacks":
        set_switches(switches_of(freeze), freeze.organisation_id)
    told: dict[str, Any] = {"stops": freeze.stops.capitalize(), "scope": scope_in_words(freeze)}
    record(events.LIFTED, freeze, by=by, **told)
    return freeze


def _refuse_if_lifted(freeze: Freeze) -> None:
    if freeze.lifted_at:
        raise Refused("This freeze is lifted already. Nothing was changed.", code="already_lifted", state="lifted")


def _ruling(freeze: Freeze) -> Ruling:
    """Return who must agree: at least one more of those who may freeze.

    A freeze of several environments is a question about each of them, so a rule for one of them matches.
    """
    roles = [role.slug for role in roles_that_may(freeze.organisation_id, FREEZE, freeze)]
    one_more = {"any_of": sorted(roles), "needed": 1}
    own = Own("Two of those who may freeze", one_more, None, LIFT_EXPIRES_MINUTES, floor=True)
    hold_rules(freeze.organisation_id)
    return rule_for(freeze.organisation_id, kind=LIFT, environments=_stopped(freeze), otherwise=own, right=FREEZE)


def _stopped(freeze: Freeze) -> list[Environment]:
    rows = Environment.objects.filter(organisation_id=freeze.organisation_id)
    if freeze.environment_id:
        rows = rows.filter(pk=freeze.environment_id)
    elif freeze.service_id:
        rows = rows.filter(service_id=freeze.service_id)
    return list(rows)
