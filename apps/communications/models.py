"""Telling people: what was said to whom, and what still has to reach a channel."""

from django.db import models
from django.db.models import Q

from apps.incidents.states import IncidentState
from apps.timeline.walls import OneWithinOrganisation, OrganisationRow, WithinOrganisation


class Update(OrganisationRow):
    """A sentence to an audience about an incident, and when they will hear more."""

    incident = WithinOrganisation("incidents.Incident", related_name="updates")
    audience = models.CharField(max_length=12)
    phase = models.CharField(max_length=16)
    text = models.TextField()
    author = WithinOrganisation("accounts.Person", null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    next_update_at = models.DateTimeField(null=True)
    question = OneWithinOrganisation("approvals.Question", null=True, related_name="+")  # what others agreed on first

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(audience__in=["internal", "stakeholder", "public"]), name="an_update_has_a_known_audience"
            )
        ]

    @property
    def phase_words(self) -> str:
        """The phase as people read it."""
        return str(IncidentState(self.phase).label)


class WaitingUpdate(OrganisationRow):
    """Words to the outside that wait until others agree to exactly them. Never changes; told, it becomes an Update."""

    incident = WithinOrganisation("incidents.Incident", related_name="+")
    question = OneWithinOrganisation("approvals.Question", related_name="+")
    author = WithinOrganisation("accounts.Person", related_name="+")
    audience = models.CharField(max_length=12)
    phase = models.CharField(max_length=16)
    text = models.TextField()
    next_update_minutes = models.PositiveIntegerField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["created_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(audience__in=["stakeholder", "public"]), name="only_words_to_the_outside_wait"
            )
        ]

    @property
    def content(self) -> bytes:
        """What is agreed on, as Postgres writes it too: where, for whom, how the incident stands, what is promised."""
        minutes = "" if self.next_update_minutes is None else str(self.next_update_minutes)
        return "\n".join((str(self.incident_id), self.audience, self.phase, minutes, self.text)).encode()

    @property
    def phase_words(self) -> str:
        """The phase as people read it."""
        return str(IncidentState(self.phase).label)


class Notice(OrganisationRow):
    """A message waiting for a channel: at least once, with a marker so that a repeat is recognised."""

    connection = WithinOrganisation("providers.Connection", related_name="+")
    incident = WithinOrganisation("incidents.Incident", null=True, related_name="notices")
    question = WithinOrganisation("approvals.Question", null=True, related_name="notices")
    reason = models.CharField(max_length=80)
    channel = models.CharField(max_length=120, blank=True)
    text = models.TextField()
    state = models.CharField(max_length=12, default="waiting")
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    delivered_at = models.DateTimeField(null=True)
    external_reference = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organisation", "reason", "connection"], name="one_notice_per_reason"),
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "sending", "delivered", "given_up"]),
                name="a_notice_has_a_known_state",
            ),
        ]
        indexes = [
            models.Index(fields=["next_attempt_at"], name="notices_due", condition=Q(state__in=["waiting", "sending"]))
        ]
