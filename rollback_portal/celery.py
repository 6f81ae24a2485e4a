"""Celery, which only wakes things up: Postgres holds what is to be done, and every worker also polls it."""

import os
import threading
from typing import Any

import django
from celery import Celery, signals

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rollback_portal.settings")

app = Celery("rollback_portal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

no_more_lines = threading.Event()

# The whole schedule. Each tick is idempotent, and nothing depends on it: it only makes the workers' sweeps earlier.
app.conf.beat_schedule = {
    "advance what is due": {"task": "apps.rollbacks.tasks.advance_due", "schedule": 5.0},
    "end questions whose time is up": {"task": "apps.rollbacks.tasks.close_overdue", "schedule": 10.0},
    "deliver what waits": {"task": "apps.communications.tasks.deliver_due", "schedule": 5.0},
}
for entry in app.conf.beat_schedule.values():
    entry["options"] = {"expires": entry["schedule"]}  # ticks of an hour without a worker are worth nothing


@signals.worker_init.connect
def start_polling(**_: Any) -> None:
    """Poll Postgres from the first moment, whether the broker can be reached or not, and hold lines to providers."""
    django.setup()
    from apps.providers.line_keeping import keep_lines  # models can be imported only after the set-up
    from apps.rollbacks.polling import Poll

    Poll().start()
    threading.Thread(target=keep_lines, args=(no_more_lines,), daemon=True, name="lines").start()


@signals.worker_shutting_down.connect
def stop_polling(**_: Any) -> None:
    """Take no new work, and let the lines go."""
    no_more_lines.set()
    from apps.rollbacks import polling

    polling.stop_all()
