"""Registers the app."""

from django.apps import AppConfig


class ApprovalsConfig(AppConfig):
    """The approvals app."""

    name = "apps.approvals"
    default_auto_field = "django.db.models.BigAutoField"
