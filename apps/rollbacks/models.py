"""The heart's rows: the frozen plan, the rollback, its steps, every attempt on the outside, and what was seen.

The rules about them (order, fence, quorum, freeze, final states) are triggers of migration 0002: Postgres keeps
the promise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.db import models
from django.db.models import Func, Q, Value

from apps.accounts.seeing import seen_by
from apps.rollbacks.states import ACTIVE, Agreement, AttemptState, RollbackState, StepState
from apps.timeline.ids import new_id
from apps.timeline.walls import OrganisationRow, WithinOrganisation

if TYPE_CHECKING:
    from apps.accounts.models import Person


class Plan(OrganisationRow):
    """What people approve: canonical bytes, immutable. The database computes the hash."""

    canonical = models.BinaryField()
    hash = models.GeneratedField(
        expression=Func(Func("canonical", function="sha256"), Value("hex"), function="encode"),
        output_field=models.CharField(max_length=64),
        db_persist=True,
    )
    findings = models.JSONField(default=list)
    planned_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organisation", "id", "hash"], name="a_plan_is_its_hash")]


class RollbackQuerySet(models.QuerySet["Rollback"]):
    """The reading vocabulary of rollbacks."""

    def active(self) -> RollbackQuerySet:
        """Rollbacks that hold their environment."""
        return self.filter(state__in=ACTIVE)

    def visible_to(self, person: Person) -> RollbackQuerySet:
        """Rollbacks of the person's organisation that they may see."""
        return cast(RollbackQuerySet, seen_by(self, person))


class Rollback(OrganisationRow):
    """One run of a plan against one environment. `kind` is rollback, or forward for going forward again."""

    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=12, default="rollback")
    incident = WithinOrganisation("incidents.Incident", related_name="rollbacks")
    service = WithinOrganisation("deployments.Service", related_name="rollbacks")
    environment = WithinOrganisation("deployments.Environment", related_name="rollbacks")
    revision = WithinOrganisation("playbooks.Revision", related_name="rollbacks")
    target = WithinOrganisation("deployments.Deployment", related_name="+")
    previous = WithinOrganisation("deployments.Deployment", null=True, related_name="+")
    inputs = models.JSONField(default=dict)
    requester = WithinOrganisation("accounts.Person", related_name="+")
    plan = WithinOrganisation(Plan, related_name="rollbacks")
    plan_hash = models.CharField(max_length=64)
    question = WithinOrganisation("approvals.Question", related_name="+")
    state = models.CharField(max_length=20, choices=RollbackState, default=RollbackState.AWAITING_APPROVAL)
    reason = models.TextField(blank=True)  # why it waits for a person, failed, was cancelled …
    fence = models.BigIntegerField(default=0)
    lease_owner = models.CharField(max_length=200, blank=True)
    lease_expires_at = models.DateTimeField(null=True)
    lease_epoch = models.PositiveIntegerField(default=0)  # of the code that took it; see epoch.py
    decisions = models.PositiveIntegerField(default=0, editable=False)  # counted by Postgres: what people wrote
    wake_at = models.DateTimeField(null=True)
    pause_requested = models.BooleanField(default=False)
    cancel_requested = models.BooleanField(default=False)
    compensating = models.BooleanField(default=False)
    proposed_at = models.DateTimeField(auto_now_add=True)
    approved_at = models.DateTimeField(null=True)
    first_call_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    objects = RollbackQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organisation", "number"], name="one_rollback_per_number"),
            models.UniqueConstraint(
                fields=["organisation", "environment"],
                condition=Q(state__in=sorted(ACTIVE)),
                name="one_active_rollback_per_environment",
            ),
            models.CheckConstraint(
                condition=Q(state__in=sorted(RollbackState.values)), name="a_rollback_has_a_known_state"
            ),
        ]
        indexes = [models.Index(fields=["wake_at"], name="rollbacks_due", condition=Q(state__in=sorted(ACTIVE)))]
        ordering = ["-proposed_at"]

    def __str__(self) -> str:
        return f"{self.service} → {self.target}"

    @property
    def reference(self) -> str:
        """The name people say aloud: RB-7."""
        return f"RB-{self.number}"


class Step(OrganisationRow):
    """One line of the plan, as it goes."""

    rollback = WithinOrganisation(Rollback, related_name="steps", db_index=False)
    position = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=12)  # action, check, human, gate
    role = models.CharField(max_length=20, blank=True)
    provider = models.CharField(max_length=40, blank=True)
    action = models.CharField(max_length=60, blank=True)
    on_failure = models.CharField(max_length=12, default="halt")
    usual_seconds = models.FloatField(default=0)
    gives_up_seconds = models.FloatField(default=0)
    state = models.CharField(max_length=12, choices=StepState, default=StepState.PENDING)
    started_at = models.DateTimeField(null=True)
    applied_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    message = models.TextField(blank=True)
    lamps = models.JSONField(default=dict)  # requested, accepted, serving: {state, text, at}
    proof = models.JSONField(default=list)  # [{mark, text}]
    baseline = models.JSONField(default=dict)
    compensated = models.BooleanField(default=False)
    max_attempts = models.PositiveSmallIntegerField(default=5)
    allowed_after = models.PositiveSmallIntegerField(default=0)  # attempts up to this one were looked at by a person
    agreement = models.CharField(max_length=8, choices=Agreement, default=Agreement.NONE, blank=True)  # see 0008
    question = WithinOrganisation("approvals.Question", null=True, related_name="+")  # the newest about beginning it

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["rollback", "position"], name="one_step_per_position"),
            models.CheckConstraint(condition=Q(state__in=sorted(StepState.values)), name="a_step_has_a_known_state"),
        ]


class Attempt(OrganisationRow):
    """One intended request to the outside: written before it is sent, closed with what became of it. Never deleted."""

    rollback = WithinOrganisation(Rollback, related_name="attempts")
    step = WithinOrganisation(Step, related_name="attempts", db_index=False)
    position = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=12, default="apply")
    part = models.CharField(max_length=200, blank=True)
    number = models.PositiveSmallIntegerField()
    fence = models.BigIntegerField()
    owner = models.CharField(max_length=200, blank=True)  # the process that may send it
    idempotency_key = models.CharField(max_length=64)
    request_digest = models.CharField(max_length=64)
    baseline = models.JSONField(default=dict)
    state = models.CharField(max_length=24, choices=AttemptState, default=AttemptState.IN_FLIGHT)
    intended_at = models.DateTimeField()
    send_before = models.DateTimeField()  # reconcile waits for it: nothing can be sent later
    sent_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    status = models.PositiveSmallIntegerField(null=True)
    message = models.TextField(blank=True)
    retryable = models.BooleanField(default=False)
    needs_operator = models.BooleanField(default=False)
    retry_at = models.DateTimeField(null=True)
    evidence = models.JSONField(default=dict)

    class Meta:
        ordering = ["position", "kind", "part", "number"]
        constraints = [
            models.UniqueConstraint(fields=["step", "kind", "part", "number"], name="one_attempt_per_number"),
            models.UniqueConstraint(
                fields=["rollback"],
                condition=Q(state__in=["in_flight", "ambiguous"]),
                name="one_open_attempt",
            ),
            models.UniqueConstraint(
                fields=["step", "kind", "part"],
                condition=Q(state__in=["succeeded", "reconciled_applied"]),
                name="one_effect",
            ),
        ]


class AttemptEvidence(OrganisationRow):
    """Inbox for results that came too late to close their attempt. Append-only, needs no fence."""

    attempt = WithinOrganisation(Attempt, related_name="late_evidence")
    at = models.DateTimeField(auto_now_add=True)
    outcome = models.CharField(max_length=16)
    message = models.TextField(blank=True)
    details = models.JSONField(default=dict)


class LogLine(OrganisationRow):
    """One numbered line of what was sent, answered and seen, without secrets."""

    rollback = WithinOrganisation(Rollback, related_name="log_lines", db_index=False)
    number = models.PositiveIntegerField()
    position = models.PositiveSmallIntegerField()
    at = models.DateTimeField()
    direction = models.CharField(max_length=4, blank=True)  # → sent, ← answered, or empty
    text = models.TextField()

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["rollback", "number"], name="one_log_line_per_number")]


class Worker(models.Model):
    """A worker process that is alive: its heartbeat, and which code it runs."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    owner = models.CharField(max_length=200, unique=True)
    started_at = models.DateTimeField()
    beat_at = models.DateTimeField()
    schema_epoch = models.PositiveIntegerField(default=1)
    details: Any = models.JSONField(default=dict)

    def __str__(self) -> str:
        return self.owner


class Ground(models.Model):
    """What the database stood on when a worker last looked: its cluster and that cluster's timeline. One row."""

    stands_on = models.CharField(max_length=80)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="there_is_one_ground")]

    def __str__(self) -> str:
        return self.stands_on
