"""Registers the app."""

from django.apps import AppConfig


class DemoConfig(AppConfig):
    """The demo app."""

    name = "apps.demo"
    default_auto_field = "django.db.models.BigAutoField"
