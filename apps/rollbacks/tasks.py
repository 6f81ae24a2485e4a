"""Wake-up calls. Each does what the poll would do a moment later."""

import logging
from uuid import UUID

from celery import shared_task

from apps.approvals import overdue
from apps.rollbacks import engine, polling

logger = logging.getLogger(__name__)


@shared_task(ignore_result=True)
def advance_rollback(rollback_id: str) -> None:
    """Advance one rollback, unless the poll has still to find out what the database stands on; then it will.

    Whoever reaches the broker can send anything: an id that is none, or of nothing, ends in silence.
    """
    try:
        known = UUID(rollback_id)
    except (ValueError, AttributeError, TypeError):
        logger.warning("A hint names no rollback; it is left alone.")
        return
    if polling.is_standing():
        engine.advance(known)


@shared_task(ignore_result=True)
def advance_due() -> None:
    """Advance whatever is due."""
    if polling.is_standing():
        polling.advance_due()


@shared_task(ignore_result=True)
def close_overdue() -> None:
    """End the questions whose time is up."""
    overdue.close_overdue()
