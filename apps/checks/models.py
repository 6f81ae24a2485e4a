"""Proof: what the outside probe measured, round by round."""

from django.db import models

from apps.timeline.walls import OrganisationRow, WithinOrganisation


class ProbeRound(OrganisationRow):
    """One round of requests to the public address: how many were made and failed, how slow, which version answered."""

    environment = WithinOrganisation("deployments.Environment", related_name="probe_rounds", on_delete=models.CASCADE)
    at = models.DateTimeField()
    requests = models.PositiveIntegerField()
    failures = models.PositiveIntegerField()
    slowest_ms = models.PositiveIntegerField(null=True)
    version = models.CharField(max_length=100, blank=True)
    detail = models.CharField(max_length=300, blank=True)

    class Meta:
        indexes = [models.Index(fields=["environment", "-at"], name="probe_rounds_newest_first")]

    @property
    def failure_percent(self) -> float:
        """Failed requests of this round, 0 to 100."""
        return 100.0 * self.failures / self.requests if self.requests else 0.0


class Probe(OrganisationRow):
    """The outside probe of one environment: when it asks next, and whether it last saw errors above the limit."""

    environment = WithinOrganisation("deployments.Environment", related_name="probes", on_delete=models.CASCADE)
    next_at = models.DateTimeField()
    failing = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["environment"], name="one_probe_per_environment")]
        indexes = [models.Index(fields=["next_at"], name="probes_due")]
