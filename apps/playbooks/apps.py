"""Registers the app: which plans there are, and that a new environment gets the shipped ones."""

from django.apps import AppConfig


class PlaybooksConfig(AppConfig):
    """The playbooks app."""

    name = "apps.playbooks"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Speak with the apps below; models can be imported only now."""
        from apps.accounts.gaps import offer_needs
        from apps.approvals.asking import when_decided
        from apps.approvals.procedures import procedures_come_from
        from apps.deployments.plans import plans_come_from
        from apps.playbooks import agreed, events, library, lifecycle, needing, shipping  # noqa: F401 (importing declares events)
        from apps.timeline.log import event_recorded

        when_decided(agreed.KIND, granted=lifecycle.when_publication_is_granted)
        offer_needs(needing.needs)
        procedures_come_from(library.procedures)
        plans_come_from(exists=library.exists, fitting=library.fitting_slugs)
        event_recorded.connect(shipping.listen, dispatch_uid="playbooks.shipping")
