"""What happened: append-only events, chained per organisation. Written only by `log.record`."""

from django.db import models
from django.db.models import Q

from apps.timeline.walls import OrganisationRow, WithinOrganisation


class Visibility(models.TextChoices):
    """Who may read an event. Internal notes never reach stakeholders."""

    INTERNAL = "internal"
    STAKEHOLDER = "stakeholder"
    PUBLIC = "public"


class EventQuerySet(models.QuerySet["Event"]):
    """The reading vocabulary of the timeline."""

    def of_incident(self, incident_id: object) -> "EventQuerySet":
        """Events of one incident, oldest first."""
        return self.filter(incident_id=incident_id).order_by("seq")

    def after(self, seq: int) -> "EventQuerySet":
        """Events whose number is greater than `seq`, oldest first."""
        return self.filter(seq__gt=seq).order_by("seq")


class Event(OrganisationRow):
    """One thing that happened. `seq`, the hashes and `recorded_at` are filled by the database when it commits."""

    seq = models.BigIntegerField(null=True, editable=False)
    kind = models.CharField(max_length=80)
    text = models.TextField()
    details = models.JSONField(default=dict)
    visibility = models.CharField(max_length=12, choices=Visibility, default=Visibility.INTERNAL)
    actor = WithinOrganisation("accounts.Person", null=True, related_name="+", db_index=False)
    actor_name = models.CharField(max_length=200)
    subject_kind = models.CharField(max_length=40)
    subject_id = models.CharField(max_length=64)
    incident = WithinOrganisation("incidents.Incident", null=True, related_name="events", db_index=False)
    revises = WithinOrganisation("self", null=True, related_name="revisions", db_index=False)
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField(null=True, editable=False)
    transaction = models.BigIntegerField(null=True, editable=False)
    body = models.TextField(null=True, editable=False)
    previous_hash = models.BinaryField(null=True, editable=False)
    hash = models.BinaryField(null=True, editable=False)

    objects = EventQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organisation", "seq"], name="one_event_per_number")]
        indexes = [
            models.Index(fields=["incident", "seq"], name="events_of_an_incident"),
            models.Index(fields=["transaction"], name="events_of_a_transaction"),
            models.Index(fields=["organisation", "subject_kind", "subject_id", "seq"], name="events_of_a_subject"),
            models.Index(fields=["organisation", "seq"], name="public_events", condition=~Q(visibility="internal")),
        ]

    def __str__(self) -> str:
        return self.text


class Head(models.Model):
    """The newest link of one organisation's chain; locked for the last moment of every transaction that records."""

    organisation = models.OneToOneField(
        "accounts.Organisation", on_delete=models.PROTECT, primary_key=True, related_name="+"
    )
    seq = models.BigIntegerField(default=0)
    hash = models.BinaryField(default=bytes)

    def __str__(self) -> str:
        return f"{self.organisation_id} #{self.seq}"
