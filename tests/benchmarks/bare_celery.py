"""Two Celery tasks that do nothing, over the product's transport: `celery -A tests.benchmarks.bare_celery worker`.

Only the transport is the product's: no Django, no poll.
"""

import os

import redis
from celery import Celery, shared_task, signals

from rollback_portal import celery as product
from rollback_portal import settings

signals.worker_init.disconnect(product.start_polling)
os.environ.pop("DJANGO_SETTINGS_MODULE", None)  # with it Celery would set up Django, and look after it between tasks

app = Celery("bare")
app.conf.update(
    {
        name.removeprefix("CELERY_").lower(): value
        for name, value in vars(settings).items()
        if name.startswith("CELERY_")
    }
)
app.conf.update(task_default_queue="bare", task_routes=None)
_bell = redis.Redis.from_url(os.environ["REDIS_URL"])


@shared_task(name="bare.nothing")
def nothing() -> None:
    """Do nothing."""


@shared_task(name="bare.ring")
def ring(name: str) -> None:
    """Say that the chain has come to its end."""
    _bell.lpush(name, "done")


app.set_default()
