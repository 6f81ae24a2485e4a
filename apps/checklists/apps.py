"""Registers the app."""

from django.apps import AppConfig


class ChecklistsConfig(AppConfig):
    """The checklists app."""

    name = "apps.checklists"
    default_auto_field = "django.db.models.BigAutoField"
