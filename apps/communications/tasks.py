"""What Celery wakes: one line each."""

from celery import shared_task

from apps.communications import delivering


@shared_task
def deliver_due() -> None:
    """Send the messages that are due."""
    delivering.deliver_due()
