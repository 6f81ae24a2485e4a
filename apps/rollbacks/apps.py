"""Registers the app: what follows when its questions are decided, and how its pages look live."""

from django.apps import AppConfig


class RollbacksConfig(AppConfig):
    """The heart."""

    name = "apps.rollbacks"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register with the apps below; models can be imported only now."""
        from apps.approvals.asking import when_decided
        from apps.rollbacks import lifecycle, offering, operating, showing
        from apps.timeline import stream

        when_decided(lifecycle.KIND, granted=lifecycle.start, rejected=lifecycle.reject, expired=lifecycle.expire)
        when_decided(operating.SKIP, granted=operating.skip)
        when_decided(operating.ADOPT, granted=operating.adopt)
        offering.register()
        stream.register("rollback", concerns=showing.concerns, render=showing.fragments)
