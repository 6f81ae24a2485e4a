"""What is wrong: how bad, where, since when, and who leads."""

from django.db import models
from django.db.models import Q
from django.urls import reverse

from apps.accounts.seeing import seen_by
from apps.timeline.walls import OrganisationRow, WithinOrganisation


class Severity(models.TextChoices):
    """How bad. P0 is an outage for everybody, P3 a flaw that can wait."""

    P0 = "P0"
    P1 = "P1"
    P2 = "P2"
    P3 = "P3"


class IncidentQuerySet(models.QuerySet["Incident"]):
    """The reading vocabulary of incidents."""

    def active(self) -> "IncidentQuerySet":
        """Incidents that are not resolved."""
        return self.exclude(state="resolved")

    def visible_to(self, person: object) -> "IncidentQuerySet":
        """Incidents of the person's organisation that they may see."""
        return seen_by(self, person)

    def told(self) -> "IncidentQuerySet":
        """Incidents with everything that one line about them says, in one query."""
        return self.select_related(
            "service", "environment__service", "environment__live", "declared_by", "commander", "suspect"
        )

    def matching(
        self,
        state: str | None = None,
        severity: str | None = None,
        service: str | None = None,
        words: str | None = None,
        *,
        inside: bool = True,
    ) -> "IncidentQuerySet":
        """Incidents that fit every filter given; `state` may be `active`. Summaries are searched only `inside`."""
        rows = self.active() if state == "active" else self.filter(state=state) if state else self
        rows = rows.filter(severity=severity) if severity else rows
        rows = rows.filter(service__slug=service) if service else rows
        for word in (words or "").split()[:8]:
            here = Q(title__icontains=word) | Q(service__name__icontains=word)
            rows = rows.filter(here | Q(summary__icontains=word) if inside else here)
        return rows


class Incident(OrganisationRow):
    """Something customers feel. `number` is counted per organisation and shown as INC-7."""

    number = models.PositiveIntegerField()
    title = models.CharField(max_length=200)
    severity = models.CharField(max_length=2, choices=Severity)
    service = WithinOrganisation("deployments.Service", related_name="incidents")
    environment = WithinOrganisation("deployments.Environment", related_name="incidents")
    summary = models.TextField(blank=True)
    state = models.CharField(max_length=16, default="investigating")
    started_at = models.DateTimeField()
    declared_at = models.DateTimeField(auto_now_add=True)
    resolved_at = models.DateTimeField(null=True)
    declared_by = WithinOrganisation("accounts.Person", null=True, related_name="+")
    commander = WithinOrganisation("accounts.Person", null=True, related_name="+")
    externally_visible = models.BooleanField(default=False)
    affected_users_percent = models.FloatField(null=True)
    suspect = WithinOrganisation("deployments.Deployment", null=True, related_name="+")
    next_update_at = models.DateTimeField(null=True)

    objects = IncidentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organisation", "number"], name="one_incident_per_number"),
            models.CheckConstraint(
                condition=Q(state__in=["investigating", "identified", "rolling_back", "monitoring", "resolved"]),
                name="an_incident_has_a_known_state",
            ),
            models.CheckConstraint(
                condition=Q(state="resolved", resolved_at__isnull=False) | ~Q(state="resolved") & Q(resolved_at=None),
                name="resolved_incidents_have_a_time",
            ),
        ]
        ordering = ["-declared_at"]

    def __str__(self) -> str:
        return self.title

    @property
    def reference(self) -> str:
        """The name people say aloud: INC-7."""
        return f"INC-{self.number}"

    @property
    def status_url(self) -> str:
        """The address of its status page."""
        return reverse("communications:status", args=[self.pk])

    def get_absolute_url(self) -> str:
        """The address of its page."""
        return reverse("incidents:incident", args=[self.pk])
