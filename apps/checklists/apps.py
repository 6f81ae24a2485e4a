"""Registers the app: open items with a due time are promises."""

from django.apps import AppConfig


class ChecklistsConfig(AppConfig):
    """The checklists app."""

    name = "apps.checklists"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from apps.checklists import events, promises  # noqa: F401
        from apps.incidents.following import offer_promises

        offer_promises(promises.open_items)
