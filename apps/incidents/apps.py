"""Registers the app: who may read the record, and how its events look in a stream."""

from django.apps import AppConfig


class IncidentsConfig(AppConfig):
    """The incidents app."""

    name = "apps.incidents"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from apps.incidents import live, permissions, renderers
        from apps.timeline import reading

        live.register()
        renderers.register()
        reading.readable_if(permissions.may_read_the_record)
