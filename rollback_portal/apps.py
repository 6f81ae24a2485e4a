"""Registers the wiring: its commands, and Celery, so that hints leave through our own broker settings."""

from django.apps import AppConfig


class PortalConfig(AppConfig):
    """The portal itself."""

    name = "rollback_portal"

    def ready(self) -> None:
        """Load Celery once the settings stand."""
        from rollback_portal import celery  # noqa: F401  (loading it is the point)
