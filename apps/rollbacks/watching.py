"""Look again at what a finished run changed: a late request, or somebody else's change, is told and not hidden."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.core.exceptions import ObjectDoesNotExist
from django.db import transaction
from django.db.models.functions import Now

from apps.providers.base import IdempotencyClass, Observation, ProviderError, Seen
from apps.providers.sealing import KeysMissing, SealBroken
from apps.rollbacks import ending, events
from apps.rollbacks.approved import PlannedStep, sending, steps_of
from apps.rollbacks.lifecycle import lock
from apps.rollbacks.models import Attempt, Rollback
from apps.rollbacks.states import EFFECTIVE, FINAL
from apps.timeline.log import SYSTEM, record
from apps.timeline.models import Event

logger = logging.getLogger(__name__)

WATCHED_FOR = timedelta(minutes=10)
RELATED = ("plan", "incident", "environment", "target", "service", "organisation")


def watch_finished() -> int:
    """Look at every run that ended in the last ten minutes. Returns how many changes were told."""
    ended = Rollback.objects.filter(state__in=sorted(FINAL), finished_at__gt=Now() - WATCHED_FOR)
    rows = ended.filter(first_call_at__isnull=False).select_related(*RELATED)
    return sum(_watch(rollback) for rollback in rows if not _is_followed(rollback))


def _is_followed(rollback: Rollback) -> bool:
    """A later run of the environment changes it on purpose."""
    later = Rollback.objects.filter(environment_id=rollback.environment_id, approved_at__gt=rollback.approved_at)
    return later.exists()


def _watch(rollback: Rollback) -> int:
    changed = Attempt.objects.filter(
        rollback=rollback, kind="apply", state__in=sorted(EFFECTIVE), step__compensated=False
    )
    planned, told = steps_of(rollback), 0
    for position, part in changed.values_list("position", "part"):
        step = planned[position]
        # Only a state that lasts can be compared later; a message or a page is an event that is over.
        if step.action.idempotency_class is not IdempotencyClass.ABSOLUTE:
            continue
        seen = _look(rollback, step, part)
        if seen and seen.seen is Seen.OTHER and not seen.under_way:
            told += _tell(rollback, position, part, seen.summary)
    return told


def _look(rollback: Rollback, step: PlannedStep, part: str) -> Observation | None:
    who = sending(rollback, step, part, "apply", "observation")
    try:
        return step.provider.observe(step.access(rollback), step.call(part), who)
    except (ProviderError, SealBroken, KeysMissing, ObjectDoesNotExist) as unreadable:
        logger.info("%s cannot be looked at after its end: %s", rollback.reference, unreadable)
        return None


@transaction.atomic
def _tell(rollback: Rollback, position: int, part: str, summary: str) -> int:
    """Record it once for each part; the row's lock keeps two workers from telling it twice."""
    lock(rollback)
    known = Event.objects.filter(
        organisation_id=rollback.organisation_id, kind=events.DRIFTED.name, subject_id=str(rollback.pk),
        details__position=position, details__part=part,
    )  # fmt: skip
    if known.exists():
        return 0
    record(
        events.DRIFTED, rollback, by=SYSTEM, incident=rollback.incident_id, title=ending.title(rollback),
        position=position, part=part, message=summary,
    )  # fmt: skip
    return 1
