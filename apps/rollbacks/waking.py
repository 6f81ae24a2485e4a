"""Hints: tell a worker that a rollback is due. Lost hints cost a second, for every worker also polls."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

from apps.rollbacks.models import Rollback

logger = logging.getLogger(__name__)

# A broker that hangs must not hold up whoever approved: one thread sends the hints, one quick try each.
_messenger = ThreadPoolExecutor(1, thread_name_prefix="hints")


def wake(rollback: Rollback) -> None:
    """Send a hint once the transaction is committed."""
    transaction.on_commit(lambda: _messenger.submit(hint, rollback.pk))


def hint(rollback_id: UUID) -> None:
    """Send a hint now; the broker being away is nobody's failure."""
    try:
        current_app.send_task("apps.rollbacks.tasks.advance_rollback", args=[str(rollback_id)], retry=False)
    except (OperationalError, OSError) as away:
        logger.info("The broker is away (%s); the workers' poll finds the rollback.", type(away).__name__)
