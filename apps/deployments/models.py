"""What runs where: services, environments, what was deployed, what is known good, and what is frozen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from apps.accounts.rights import DEEDS, SCOPED
from apps.accounts.seeing import seen_by
from apps.timeline.walls import OneWithinOrganisation, OrganisationRow, WithinOrganisation

if TYPE_CHECKING:
    from apps.accounts.models import Person


class VisibleQuerySet(models.QuerySet[Any]):
    """The reading vocabulary that services, environments, deployments and freezes share."""

    def visible_to(self, person: Person) -> Self:
        """Rows of the person's organisation that they may see."""
        return seen_by(self, person)


class FreezeQuerySet(VisibleQuerySet):
    """The reading vocabulary of freezes."""

    def active(self) -> Self:
        """Freezes that nobody has lifted."""
        return self.filter(lifted_at=None)

    def covering(self, environment: Environment) -> Self:
        """Freezes whose scope holds the environment. A freeze of all has a row in each organisation."""
        return self.filter(
            Q(scope="environment", environment_id=environment.pk)
            | Q(scope="service", service_id=environment.service_id)
            | Q(scope__in=["organisation", "all"]),
            organisation_id=environment.organisation_id,
        )


class Service(OrganisationRow):
    """Something customers use, with its hour to recover."""

    slug = models.SlugField(max_length=60)
    name = models.CharField(max_length=120)
    description = models.TextField(blank=True)
    rto_minutes = models.PositiveIntegerField(default=60)
    audience = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = VisibleQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organisation", "slug"], name="one_service_per_slug")]
        permissions = [(right, DEEDS[right]) for right in sorted(SCOPED)]

    def __str__(self) -> str:
        return self.name


class Environment(OrganisationRow):
    """Where a service runs: its public address, how to see which version answers, who is called to change it.

    `serving` is {"path": "/api/health", "header": "x-version"} or {"path": …, "json": "version"}. `probe`
    is {"paths": [...], "every_seconds": 10}: what the outside probe asks for. `host_says` is what the
    hosting provider answered last: {"at", "live", "source", "pinned", "listed", "problem"}.
    """

    service = WithinOrganisation(Service, related_name="environments")
    name = models.SlugField(max_length=60)
    kind = models.CharField(max_length=40, default="production")
    public_url = models.URLField(max_length=500, blank=True)
    serving = models.JSONField(default=dict, blank=True)
    probe = models.JSONField(default=dict, blank=True)
    error_limit_percent = models.FloatField(default=1.0)
    live = WithinOrganisation("Deployment", null=True, related_name="+")
    live_since = models.DateTimeField(null=True)
    host_says = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = VisibleQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["service", "name"], name="one_environment_per_name")]
        permissions = [(right, DEEDS[right]) for right in sorted(SCOPED)]

    def __str__(self) -> str:
        return f"{self.service.name} {self.name}"


class EnvironmentConnection(OrganisationRow):
    """Which connection fills a role (hosting, flags, cache …) for an environment."""

    environment = WithinOrganisation(Environment, related_name="connections", on_delete=models.CASCADE)
    role = models.CharField(max_length=20)
    connection = WithinOrganisation("providers.Connection", related_name="uses")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["environment", "role"], name="one_connection_per_role")]


class Deployment(OrganisationRow):
    """One release in one environment and everything it changed.

    `variables` is what it was built with, as the host tells it: {"at", "key", "seen": [{"name", "fingerprint",
    "changed_at"}]}, or a "problem" in place of "seen"; null while the host was not asked. Never a value.
    """

    service = WithinOrganisation(Service, related_name="deployments")
    environment = WithinOrganisation(Environment, related_name="deployments")
    reference = models.CharField(max_length=200)
    version = models.CharField(max_length=100)
    commit = models.CharField(max_length=64, blank=True)
    author = models.CharField(max_length=200, blank=True)
    summary = models.CharField(max_length=300, blank=True)
    deployed_at = models.DateTimeField()
    good = models.BooleanField(null=True)
    preview_reviewed = models.BooleanField(null=True)
    flags = ArrayField(models.CharField(max_length=100), default=list)
    migrations = models.JSONField(default=list)
    env_changes = models.JSONField(default=list)
    variables = models.JSONField(null=True)
    losses = models.JSONField(default=list)
    playbook = models.SlugField(max_length=100, blank=True)
    checked_at = models.DateTimeField(null=True)
    usable = models.BooleanField(null=True)
    usable_reason = models.CharField(max_length=300, blank=True)
    served_at = models.DateTimeField(null=True)  # when it first served this environment; null while nobody saw it do so
    created_at = models.DateTimeField(auto_now_add=True)

    objects = VisibleQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["environment", "reference"], name="one_deployment_per_reference"),
        ]
        indexes = [models.Index(fields=["environment", "-deployed_at"], name="deployments_newest_first")]

    def __str__(self) -> str:
        return self.version


class Pin(OrganisationRow):
    """Production stays on one version after a rollback: new releases are built but do not go live."""

    environment = WithinOrganisation(Environment, related_name="pins")
    deployment = WithinOrganisation(Deployment, related_name="+")
    rollback_id = models.UUIDField(null=True)
    since = models.DateTimeField()
    lifted_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["environment"], condition=Q(lifted_at=None), name="one_pin_per_environment")
        ]


class FreezeSwitch(OrganisationRow):
    """One row per environment, always there for an intent to act to lock it. Written only with freezes."""

    environment = OneWithinOrganisation(Environment, on_delete=models.CASCADE, related_name="freeze_switch")
    frozen = models.BooleanField(default=False)
    generation = models.BigIntegerField(default=0)


class Freeze(OrganisationRow):
    """Somebody stopped rollbacks (the kill switch) or deployments (the release freeze), and why."""

    stops = models.CharField(max_length=12)
    scope = models.CharField(max_length=12)
    service = WithinOrganisation(Service, null=True, related_name="freezes")
    environment = WithinOrganisation(Environment, null=True, related_name="freezes")
    reason = models.TextField()
    created_by = WithinOrganisation("accounts.Person", null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    lifted_at = models.DateTimeField(null=True)
    lifted_by = WithinOrganisation("accounts.Person", null=True, related_name="+")
    question = WithinOrganisation("approvals.Question", null=True, related_name="+")
    together = models.UUIDField(null=True)  # the rows of one freeze of all organisations share it

    objects = FreezeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(stops__in=["rollbacks", "deployments"]), name="a_freeze_stops_something"
            ),
            models.CheckConstraint(
                condition=Q(scope__in=["environment", "service", "organisation", "all"]),
                name="a_freeze_has_a_scope",
            ),
        ]

    def __str__(self) -> str:
        return f"No {self.stops}: {self.reason}"

    def covers(self, environment: Environment) -> bool:
        """Say whether the scope holds the environment; the same rule as `FreezeQuerySet.covering`."""
        if self.organisation_id != environment.organisation_id:
            return False
        if self.scope == "environment":
            return self.environment_id == environment.pk
        return self.scope != "service" or self.service_id == environment.service_id
