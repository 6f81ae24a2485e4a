"""The kill switch itself: one row per environment, always there, that every intent to act locks for reading.

A freeze locks these rows for writing first and touches nothing but freezes, so no intent can commit after
it and no cycle of locks can arise.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from apps.accounts.models import Organisation
from apps.deployments import events
from apps.deployments.models import Environment, Freeze, FreezeSwitch
from apps.timeline.log import SYSTEM, record
from apps.timeline.second_wall import lowered


def hold(organisation_id: UUID) -> None:
    """Let only one freeze, lifting or new environment of an organisation go on at a time: none is missed."""
    Organisation.objects.select_for_update(no_key=True).get(pk=organisation_id)


def switches_of(freeze: Freeze) -> QuerySet[FreezeSwitch]:
    """Return the switches that the scope of `freeze` holds."""
    rows = FreezeSwitch.objects.filter(organisation_id=freeze.organisation_id)
    if freeze.scope == "environment":
        return rows.filter(environment=freeze.environment)
    return rows.filter(environment__service=freeze.service) if freeze.scope == "service" else rows


def set_switches(switches: QuerySet[FreezeSwitch], organisation_id: UUID) -> None:
    """Set the switches to what the freezes that are left say; they are locked before these are read."""
    rows = list(switches.select_related("environment").select_for_update(of=("self",)).order_by("pk"))
    left = list(Freeze.objects.active().filter(organisation_id=organisation_id, stops="rollbacks"))
    for switch in rows:
        frozen = any(one.covers(switch.environment) for one in left)
        if frozen != switch.frozen:
            switch.frozen = frozen
            switch.generation += 1
            switch.save(update_fields=["frozen", "generation"])


def begin_under_freezes(environment: Environment) -> FreezeSwitch:
    """Give a new environment its switch, frozen where a wider freeze holds. Waits for a freeze under way."""
    hold(environment.organisation_id)
    _join_freezes_of_all(environment.organisation_id)
    frozen = Freeze.objects.active().covering(environment).filter(stops="rollbacks").exists()
    return FreezeSwitch.objects.create(
        organisation_id=environment.organisation_id,
        environment=environment,
        frozen=frozen,
        generation=int(frozen),
    )


def scope_in_words(freeze: Freeze) -> str:
    """Return what a freeze covers, as people say it."""
    if freeze.scope == "environment":
        return str(freeze.environment)
    if freeze.scope == "service":
        return str(freeze.service)
    return "every service" if freeze.scope == "organisation" else "every organisation"


def _join_freezes_of_all(organisation_id: UUID) -> None:
    """Give an organisation that was founded during a freeze of all organisations its own row of it."""
    common = Freeze.objects.active().exclude(together=None)
    joined = set(common.filter(organisation_id=organisation_id).values_list("together", flat=True))
    with lowered():  # the others' rows of it
        missing = list(common.exclude(together__in=joined).order_by("together").distinct("together"))
    for other in missing:
        mine = Freeze(organisation_id=organisation_id, stops=other.stops, scope="all", reason=other.reason)
        mine.together = other.together
        mine.save(force_insert=True)
        told: dict[str, Any] = {"stops": mine.stops, "scope": scope_in_words(mine), "reason": mine.reason}
        record(events.FROZEN, mine, by=SYSTEM, **told)
