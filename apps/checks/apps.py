"""Registers the app."""

from django.apps import AppConfig


class ChecksConfig(AppConfig):
    """The checks app."""

    name = "apps.checks"
    default_auto_field = "django.db.models.BigAutoField"
