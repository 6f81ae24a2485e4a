"""Registers the app."""

from django.apps import AppConfig


class TimelineConfig(AppConfig):
    """The timeline app."""

    name = "apps.timeline"
    default_auto_field = "django.db.models.BigAutoField"
