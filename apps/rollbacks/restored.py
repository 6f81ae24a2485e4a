"""Notice that the database is an older copy of itself: restored from a backup, or a standby that took over.

What the outside was asked to do after that copy was made is then missing here, so nothing may be sent before people
have looked: rollbacks are frozen everywhere and every run under way becomes a question.
"""

from __future__ import annotations

import hashlib
import logging

from django.db import connection, transaction

from apps.accounts.models import Organisation
from apps.deployments.freezing import freeze_all
from apps.deployments.models import Freeze
from apps.rollbacks import ending
from apps.rollbacks.lifecycle import lock
from apps.rollbacks.models import Ground, Rollback
from apps.rollbacks.states import RollbackState
from apps.timeline import anchoring
from apps.timeline.log import SYSTEM

logger = logging.getLogger(__name__)

REASON = (
    "The database was restored or taken over ({before} → {now}), so it may not know of everything that was sent. "
    "Compare the providers and the anchors with what stands here, then allow rollbacks again."
)
BEHIND = " behind its anchors "
GROUND = """SELECT (SELECT system_identifier FROM pg_control_system())::text
                   || '/' || left(pg_walfile_name(pg_current_wal_lsn()), 8)"""


def hold_after_restore() -> bool:
    """Compare what the database stands on with what it last stood on. Returns whether it changed and all was held.

    Safe to repeat and to do at the same time: what was begun and not finished is done again by the next worker.
    """
    now = _ground()
    ground, _ = Ground.objects.get_or_create(pk=1, defaults={"stands_on": now.split(BEHIND)[0]})
    before = ground.stands_on
    if before == now:
        return False
    is_older = BEHIND in now or now.split(BEHIND)[0] != before.split(BEHIND)[0]
    if is_older:
        _hold(REASON.format(before=before, now=now))
    Ground.objects.filter(pk=1, stands_on=before).update(stands_on=now)
    return is_older


def _ground() -> str:
    """The cluster's identity, its timeline (which grows with each recovery), and the anchors that it does not have."""
    with connection.cursor() as cursor:
        cursor.execute(GROUND)
        stands_on = cursor.fetchone()[0]
    newest = sorted(anchoring.newest_anchors().items())
    missing = "".join(f" {organisation}:{a.seq}" for organisation, a in newest if not anchoring.lies_on_chain(a))
    return stands_on + (BEHIND + hashlib.sha256(missing.encode()).hexdigest()[:12] if missing else "")


def _hold(reason: str) -> None:
    logger.error(reason)
    _freeze(reason)
    for rollback in Rollback.objects.filter(state__in=[RollbackState.RUNNING, RollbackState.CANCELLING]):
        _ask(rollback, reason)


def _freeze(reason: str) -> None:
    done = Freeze.objects.active().filter(reason=reason).values("organisation_id")
    anybody = Organisation.objects.exclude(pk__in=done).order_by("pk").first()
    if anybody:
        freeze_all(anybody, by=SYSTEM, stops="rollbacks", reason=reason)


@transaction.atomic
def _ask(rollback: Rollback, reason: str) -> None:
    rollback = lock(rollback)
    step = rollback.steps.exclude(state__in=["succeeded", "skipped"]).first() or rollback.steps.last()
    if rollback.state in {RollbackState.RUNNING, RollbackState.CANCELLING} and step:
        ending.put_question(rollback, step, reason)
