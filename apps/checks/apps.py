"""Registers the app: it measures what the pictures of incidents show."""

from django.apps import AppConfig


class ChecksConfig(AppConfig):
    """The checks app."""

    name = "apps.checks"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from apps.checks import events, reading  # noqa: F401
        from apps.incidents.picture import Measuring, measure_with

        measure_with(Measuring(reading.error_series, reading.readings))
