"""Registers the app."""

from django.apps import AppConfig


class DeploymentsConfig(AppConfig):
    """The deployments app."""

    name = "apps.deployments"
    default_auto_field = "django.db.models.BigAutoField"
