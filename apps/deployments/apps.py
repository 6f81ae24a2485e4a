"""Registers the app, and what follows when a question about lifting a freeze is granted."""

from django.apps import AppConfig


class DeploymentsConfig(AppConfig):
    """The deployments app."""

    name = "apps.deployments"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Answer for the questions that this app asks; models can be imported only now."""
        from apps.approvals import asking
        from apps.deployments import holding, lifting, redeploying

        asking.when_decided(
            lifting.LIFT, granted=lifting.when_lifting_is_granted, facts=holding.facts, consumes=False
        )  # it counts the votes itself, once it holds the organisation
        asking.when_decided(redeploying.KIND, granted=redeploying.grant, facts=redeploying.facts)
