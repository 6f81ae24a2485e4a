"""Two Celery tasks that do nothing, over the product's transport: `celery -A tests.benchmarks.bare_celery worker`."""

import os

import redis
from celery import Celery, shared_task

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rollback_portal.settings")

app = Celery("bare")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.task_default_queue = "bare"
app.conf.task_routes = None
_bell = redis.Redis.from_url(os.environ["REDIS_URL"])


@shared_task(name="bare.nothing")
def nothing() -> None:
    """Do nothing."""


@shared_task(name="bare.ring")
def ring(name: str) -> None:
    """Say that the chain has come to its end."""
    _bell.lpush(name, "done")
