"""Registers the app."""

from django.apps import AppConfig


class PlaybooksConfig(AppConfig):
    """The playbooks app."""

    name = "apps.playbooks"
    default_auto_field = "django.db.models.BigAutoField"
