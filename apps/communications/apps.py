"""Registers the app."""

from django.apps import AppConfig


class CommunicationsConfig(AppConfig):
    """The communications app."""

    name = "apps.communications"
    default_auto_field = "django.db.models.BigAutoField"
