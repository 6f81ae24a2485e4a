"""Registers the app: what it hears, what it does now and then, what it promises, how its page looks live."""

from django.apps import AppConfig


class CommunicationsConfig(AppConfig):
    """The communications app."""

    name = "apps.communications"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from apps.approvals.asking import when_decided
        from apps.communications import agreeing, delivering, promises, renderers, telling
        from apps.incidents.following import offer_promises
        from apps.rollbacks import polling
        from apps.timeline.log import event_recorded

        renderers.register()
        when_decided(agreeing.KIND, granted=agreeing.grant, facts=agreeing.facts)
        offer_promises(promises.next_updates)
        event_recorded.connect(telling.listen, dispatch_uid="communications.telling")
        polling.every(2, "notices", delivering.deliver_due)
