"""Wiring only: settings, addresses, the API's root, the web door and Celery."""

from rollback_portal.celery import app as celery_app

__all__ = ["celery_app"]
