"""Any question that people must agree on: what exactly, which seats must agree, who voted, until when."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from apps.timeline.walls import OrganisationRow, WithinOrganisation


class Question(OrganisationRow):
    """Content to agree on, by its hash. It knows nothing of what it is about; that thing points at its question."""

    kind = models.CharField(max_length=40)
    title = models.CharField(max_length=300)
    url = models.CharField(max_length=300)
    subject_kind = models.CharField(max_length=40)
    subject_id = models.CharField(max_length=64)
    incident = WithinOrganisation("incidents.Incident", null=True, related_name="+")
    service = WithinOrganisation("deployments.Service", null=True, related_name="+")
    environment = WithinOrganisation("deployments.Environment", null=True, related_name="+")
    right = models.CharField(max_length=40, default="approve")  # what a voter must be allowed, where the question is
    break_glass = WithinOrganisation(
        "approvals.BreakGlass", null=True, related_name="questions"
    )  # under which it began
    requester = WithinOrganisation("accounts.Person", related_name="questions_asked")
    content_hash = models.CharField(max_length=64)
    rule = models.JSONField(default=dict)
    rule_reason = models.CharField(max_length=300, blank=True)
    losses = models.JSONField(default=list)
    confirm = models.CharField(max_length=100, blank=True)
    state = models.CharField(max_length=12, default="open")
    asked_at = models.DateTimeField(auto_now_add=True)
    due_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField()
    overdue_recorded_at = models.DateTimeField(null=True)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["open", "granted", "rejected", "expired", "void"]),
                name="a_question_has_a_known_state",
            ),
            models.UniqueConstraint(
                fields=["organisation", "id", "content_hash"], name="a_question_is_about_its_content"
            ),
            models.UniqueConstraint(
                fields=["organisation", "id", "requester", "content_hash"],
                name="a_question_has_its_requester",
            ),
        ]
        indexes = [models.Index(fields=["organisation", "state", "due_at"], name="open_questions")]

    def __str__(self) -> str:
        return self.title


class Seat(OrganisationRow):
    """One vote that is needed, and the roles whose holders may cast it. Empty `roles`: anybody with the right.

    `substitutes` are the people named for these roles when the question was asked; they may sit from
    `substitutes_from` on.
    """

    question = WithinOrganisation(Question, related_name="seats", on_delete=models.CASCADE)
    position = models.PositiveSmallIntegerField()
    roles = ArrayField(models.CharField(max_length=60))
    substitutes = ArrayField(models.UUIDField(), default=list)
    substitutes_from = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["question", "position"], name="one_seat_per_position")]
        ordering = ["position"]


class StandingVotes(models.Manager["Vote"]):
    """Votes that nobody has withdrawn: what every count and every page means by a vote."""

    def get_queryset(self) -> models.QuerySet["Vote"]:
        """Leave out what was withdrawn."""
        return super().get_queryset().filter(withdrawn_at=None)


class Vote(OrganisationRow):
    """One person's answer, in one seat, to one content.

    The requester's id is pulled in so that Postgres can refuse it; `cast_at` is the database's time, whoever writes.
    """

    question = WithinOrganisation(Question, related_name="votes", on_delete=models.CASCADE)
    seat = WithinOrganisation(Seat, related_name="votes", on_delete=models.CASCADE)
    person = WithinOrganisation("accounts.Person", related_name="votes")
    requester_id = models.UUIDField()
    content_hash = models.CharField(max_length=64)
    decision = models.CharField(max_length=8)
    role = models.CharField(max_length=60)
    note = models.TextField(blank=True)
    accepts = models.JSONField(default=list)
    cast_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    consumed_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)

    objects = StandingVotes()
    ever = models.Manager["Vote"]()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["question", "person"], condition=Q(withdrawn_at=None), name="a_person_votes_once"
            ),
            models.UniqueConstraint(
                fields=["question", "seat"], condition=Q(withdrawn_at=None), name="a_seat_is_taken_once"
            ),
            models.CheckConstraint(condition=Q(decision__in=["approve", "reject"]), name="a_vote_is_yes_or_no"),
            models.CheckConstraint(condition=~Q(person=F("requester_id")), name="nobody_votes_on_their_own_question"),
        ]
        ordering = ["cast_at"]


class Rule(OrganisationRow):
    """Who must agree to what, as the organisation's own data. An empty condition matches everything.

    `demand` is {"all_of": [role], "any_of": [role], "needed": n}; an empty one needs nobody. `ladder` is
    [{"minutes": 5, "roles": [role]}]; `told_after` are the roles that must be told when nobody had to agree.
    """

    name = models.CharField(max_length=200)
    because = models.CharField(max_length=300, blank=True)
    kinds = ArrayField(models.CharField(max_length=40), default=list)
    severities = ArrayField(models.CharField(max_length=4), default=list)
    procedures = ArrayField(models.CharField(max_length=80), default=list)
    environment_kinds = ArrayField(models.CharField(max_length=40), default=list)
    service = WithinOrganisation("deployments.Service", null=True, related_name="+", on_delete=models.CASCADE)
    environment = WithinOrganisation("deployments.Environment", null=True, related_name="+", on_delete=models.CASCADE)
    impacts = ArrayField(models.CharField(max_length=40), default=list)
    demand = models.JSONField(default=dict)
    due_minutes = models.PositiveSmallIntegerField(null=True)
    expires_minutes = models.PositiveSmallIntegerField(null=True)
    ladder = models.JSONField(default=list)
    told_after = ArrayField(models.CharField(max_length=60), default=list)
    told_within_minutes = models.PositiveSmallIntegerField(default=60)
    active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "name"], condition=Q(active=True), name="one_active_rule_per_name"
            )
        ]
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Rung(OrganisationRow):
    """One rung of the ladder: whom to call when a question is still open after some minutes (S5-51)."""

    question = WithinOrganisation(Question, related_name="rungs", on_delete=models.CASCADE)
    position = models.PositiveSmallIntegerField()
    roles = ArrayField(models.CharField(max_length=60))
    at = models.DateTimeField()
    reached_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["question", "position"], name="one_rung_per_position")]
        indexes = [models.Index(fields=["at"], condition=Q(reached_at=None), name="rungs_not_reached")]
        ordering = ["position"]


class Debt(OrganisationRow):
    """Somebody who must still be told what was done without asking them (S4-73), until they acknowledge it."""

    question = WithinOrganisation(Question, related_name="debts", on_delete=models.CASCADE)
    incident = WithinOrganisation("incidents.Incident", null=True, related_name="+")
    person = WithinOrganisation("accounts.Person", related_name="debts")
    role = models.CharField(max_length=60, blank=True)
    because = models.CharField(max_length=300)
    owed_at = models.DateTimeField(auto_now_add=True)
    due_at = models.DateTimeField()
    overdue_recorded_at = models.DateTimeField(null=True)
    acknowledged_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["question", "person"], name="a_person_is_told_once")]
        indexes = [models.Index(fields=["due_at"], condition=Q(acknowledged_at=None), name="debts_not_acknowledged")]
        ordering = ["due_at"]


class BreakGlass(OrganisationRow):
    """One person acts alone in one environment for 30 minutes; it is reviewed before the next time (S3-17)."""

    person = WithinOrganisation("accounts.Person", related_name="+")
    environment = WithinOrganisation("deployments.Environment", related_name="+")
    incident = WithinOrganisation("incidents.Incident", null=True, related_name="+")
    reason = models.TextField()
    opened_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    reviewed_at = models.DateTimeField(null=True)
    reviewed_by = WithinOrganisation("accounts.Person", null=True, related_name="+")
    review = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organisation"], condition=Q(reviewed_at=None), name="one_open_break_glass_until_it_is_reviewed"
            ),
            models.CheckConstraint(
                condition=Q(reviewed_by=None) | ~Q(reviewed_by=F("person")), name="nobody_reviews_their_own_break_glass"
            ),
        ]
        ordering = ["-opened_at"]
