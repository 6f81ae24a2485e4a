"""Registers the app."""

from django.apps import AppConfig


class ProvidersConfig(AppConfig):
    """The providers app."""

    name = "apps.providers"
    default_auto_field = "django.db.models.BigAutoField"
