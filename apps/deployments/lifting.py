"""Allow again what a freeze stopped: one person asks, a second one agrees."""

from __future__ import annotations

from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import Person, Role
from apps.accounts.rights import FREEZE
from apps.approvals import asking
from apps.approvals.models import Question
from apps.deployments import entering, events, permissions
from apps.deployments.models import Freeze
from apps.deployments.switches import hold, scope_in_words, set_switches, switches_of
from apps.timeline.answers import Refused
from apps.timeline.log import SYSTEM, record

LIFT = "freeze.lift"  # the kind of question that lifts a freeze
LIFT_EXPIRES_MINUTES = 24 * 60


@transaction.atomic
def ask_to_lift(freeze: Freeze, *, by: Person, reason: str) -> Question:
    """Ask a second person to allow it again; returns the question that they answer.

    Raises Forbidden, Unacceptable, or Refused when it is lifted already, asked already, or nobody else may
    agree.
    """
    permissions.may_ask_to_lift(by).or_refuse()
    reason = entering.text(reason, "reason", limit=2000)
    Freeze.objects.select_for_update(no_key=True).get(pk=freeze.pk)
    freeze = Freeze.objects.select_related("question").get(pk=freeze.pk)  # read once it is locked: it may be new
    _refuse_if_lifted(freeze)
    if freeze.question and freeze.question.state == "open" and freeze.question.expires_at > timezone.now():
        raise Refused("Somebody has asked for this already; it waits for a second person.", code="already_asked")
    roles = _roles_that_may_agree(by)
    freeze.question = asking.ask(
        organisation=by.organisation,
        kind=LIFT,
        title=f"Allow {freeze.stops} of {scope_in_words(freeze)} again",
        url=reverse("deployments:freezes"),
        subject=freeze,
        requester=by,
        content={"freeze": str(freeze.pk), "stops": freeze.stops, "scope": freeze.scope, "reason": reason},
        rule={"any_of": roles, "needed": 1},
        right=FREEZE,
        service=freeze.service,
        environment=freeze.environment,
        rule_reason=reason[:300],
        expires_minutes=LIFT_EXPIRES_MINUTES,
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
    rows = list(Freeze.objects.active().filter(together=together).order_by("organisation_id"))
    for row in rows:
        _lift_one(row, by=SYSTEM)
    return len(rows)


def when_lifting_is_granted(question: Question, by: Any) -> None:
    """Lift what the question asked about, in the transaction of the deciding vote."""
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


def _roles_that_may_agree(by: Person) -> list[str]:
    """Return the roles whose holders may agree, when somebody else than `by` holds one. Raises Refused."""
    roles = Role.objects.filter(organisation_id=by.organisation_id, rights__contains=[FREEZE])
    holders = Person.objects.filter(roles__in=roles, active=True).exclude(pk=by.pk)
    if not holders.exists():
        raise Refused("Nobody else here may agree: give a second person a role that may freeze.", code="nobody_else")
    return sorted(roles.values_list("slug", flat=True))
