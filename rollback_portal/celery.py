"""Celery, which only wakes things up: Postgres holds what is to be done, and every worker also polls it."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rollback_portal.settings")

app = Celery("rollback_portal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

# The whole schedule. Each tick is idempotent, and nothing depends on it: it only makes the workers' sweeps earlier.
app.conf.beat_schedule = {
    "advance what is due": {"task": "apps.rollbacks.tasks.advance_due", "schedule": 5.0},
    "end questions whose time is up": {"task": "apps.rollbacks.tasks.close_overdue", "schedule": 10.0},
    "deliver what waits": {"task": "apps.communications.tasks.deliver_due", "schedule": 5.0},
}
