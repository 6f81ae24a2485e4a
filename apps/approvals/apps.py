"""Registers the app: a new organisation gets the rules that everybody starts with."""

from django.apps import AppConfig


class ApprovalsConfig(AppConfig):
    """The approvals app."""

    name = "apps.approvals"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Listen to the apps below; models can be imported only now."""
        from apps.accounts.gaps import offer_needs
        from apps.approvals import needing, standard_rules
        from apps.timeline.log import event_recorded

        offer_needs(needing.needs)
        event_recorded.connect(standard_rules.listen, dispatch_uid="approvals.standard_rules")
