"""Registers the app: what follows when its questions are decided, and how its pages look live."""

from django.apps import AppConfig


class RollbacksConfig(AppConfig):
    """The heart."""

    name = "apps.rollbacks"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register with the apps below; models can be imported only now."""
        from apps.approvals.asking import when_decided
        from apps.providers.receiving import hook_received
        from apps.rollbacks import (
            agreeing,
            freezing,
            gating,
            hearing,
            lifecycle,
            offering,
            polling,
            rejudged,
            showing,
            step_demands,
            withdrawing,
        )
        from apps.timeline import stream

        when_decided(
            lifecycle.KIND,
            granted=lifecycle.start,
            rejected=lifecycle.reject,
            expired=lifecycle.expire,
            consumes=False,
            alone=True,
        )  # the start's own trigger counts the votes
        for kind in step_demands.KINDS:
            when_decided(kind, granted=gating.grant, rejected=gating.reject, expired=gating.expire, facts=gating.facts)
        when_decided(withdrawing.SKIP, granted=agreeing.skip, facts=agreeing.facts)
        when_decided(withdrawing.ADOPT, granted=agreeing.adopt, facts=agreeing.facts)
        when_decided(withdrawing.RETRY, granted=agreeing.send_again, facts=agreeing.facts)
        polling.every(3, "settled questions", withdrawing.withdraw_settled)
        polling.every(3, "questions of incidents judged otherwise", rejudged.withdraw_outdated)
        polling.every(3, "steps whose question was taken back", gating.refuse_taken_back)
        offering.register()
        freezing.register()
        hook_received.connect(hearing.hear)
        stream.register("rollback", concerns=showing.concerns, render=showing.fragments)
