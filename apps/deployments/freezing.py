"""Stop rollbacks (the kill switch) or deployments (the release freeze), from the moment of the commit."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F

from apps.accounts.models import Organisation, Person
from apps.deployments import entering, events, permissions
from apps.deployments.models import Environment, Freeze, Service
from apps.deployments.switches import hold, scope_in_words, switches_of
from apps.timeline.answers import Unacceptable
from apps.timeline.ids import new_id
from apps.timeline.log import SYSTEM, record
from apps.timeline.second_wall import lowered

STOPS = ("rollbacks", "deployments")
SCOPES = ("environment", "service", "organisation", "all")


def freeze(
    organisation: Organisation,
    *,
    by: Person,
    stops: str,
    scope: str,
    service: Service | None = None,
    environment: Environment | None = None,
    reason: str,
) -> Freeze:
    """Stop rollbacks or deployments at once, in an environment, a service, the organisation or everywhere.

    Raises Forbidden or Unacceptable.
    """
    _refuse_what_makes_no_sense(stops, scope, service, environment)
    permissions.may_freeze(by, scope, {"environment": environment, "service": service}.get(scope)).or_refuse()
    reason = entering.text(reason, "reason", limit=2000)
    if scope == "all":
        return freeze_all(organisation, by=by, stops=stops, reason=reason)
    return _freeze_one(
        organisation,
        by=by,
        stops=stops,
        scope=scope,
        reason=reason,
        service=service if scope == "service" else None,
        environment=environment if scope == "environment" else None,
    )


def freeze_all(organisation: Organisation, *, by: Any, stops: str, reason: str) -> Freeze:
    """Freeze every organisation, one after the other, and return the row of `organisation`.

    Each has a row and an event of its own. After a crash in between some are frozen and some not: do it
    again.
    """
    together = new_id()
    made = {}
    with lowered():  # it is about every organisation
        for each in Organisation.objects.order_by("pk"):  # always in this order: two of these cannot lock each other
            actor = by if each == organisation else SYSTEM
            made[each.pk] = _freeze_one(each, by=actor, stops=stops, scope="all", reason=reason, together=together)
    return made[organisation.pk]


def _refuse_what_makes_no_sense(
    stops: str, scope: str, service: Service | None, environment: Environment | None
) -> None:
    if stops not in STOPS:
        raise Unacceptable("A freeze stops rollbacks or deployments.", field="stops")
    if scope not in SCOPES:
        raise Unacceptable("A scope is environment, service, organisation or all.", field="scope")
    if scope == "environment" and environment is None:
        raise Unacceptable("Say which environment.", field="environment")
    if scope == "service" and service is None:
        raise Unacceptable("Say which service.", field="service")


@transaction.atomic
def _freeze_one(
    organisation: Organisation,
    *,
    by: Any,
    stops: str,
    scope: str,
    reason: str,
    service: Service | None = None,
    environment: Environment | None = None,
    together: UUID | None = None,
) -> Freeze:
    hold(organisation.pk)
    made = Freeze(
        organisation=organisation,
        stops=stops,
        scope=scope,
        service=service,
        environment=environment,
        reason=reason,
        created_by_id=by.pk,
        together=together,
    )
    if stops == "rollbacks":
        list(switches_of(made).select_for_update().order_by("pk"))  # waits for intents under way, stops new ones
        switches_of(made).update(frozen=True, generation=F("generation") + 1)
    made.save(force_insert=True)
    record(events.FROZEN, made, by=by, stops=stops, scope=scope_in_words(made), reason=reason)
    return made
