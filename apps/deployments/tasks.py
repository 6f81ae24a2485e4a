"""What Celery wakes: one line each."""

from celery import shared_task

from apps.deployments import probing


@shared_task
def probe_known_good() -> None:
    """Look at the hosts whose last look is old."""
    probing.probe_due()
