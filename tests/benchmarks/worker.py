"""The product's Celery application with the benchmarks' provider: `celery -A tests.benchmarks.worker worker`."""

from rollback_portal.celery import app
from tests.benchmarks.noop import register

register()

__all__ = ["app"]
