"""Registers the app."""

from django.apps import AppConfig


class RollbacksConfig(AppConfig):
    """The rollbacks app."""

    name = "apps.rollbacks"
    default_auto_field = "django.db.models.BigAutoField"
