"""Registers the app, and tells the deploy gate below which plans there are."""

from django.apps import AppConfig


class PlaybooksConfig(AppConfig):
    """The playbooks app."""

    name = "apps.playbooks"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Answer the questions of apps.deployments about plans; models can be imported only now."""
        from apps.deployments.plans import plans_come_from
        from apps.playbooks import events, library  # noqa: F401 (events are declared by being imported)

        plans_come_from(exists=library.exists, fitting=library.fitting_slugs)
