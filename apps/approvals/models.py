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
    """One vote that is needed, and the roles whose holders may cast it. Empty `roles`: anybody with the right."""

    question = WithinOrganisation(Question, related_name="seats", on_delete=models.CASCADE)
    position = models.PositiveSmallIntegerField()
    roles = ArrayField(models.CharField(max_length=60))

    class Meta:
        constraints = [models.UniqueConstraint(fields=["question", "position"], name="one_seat_per_position")]
        ordering = ["position"]


class Vote(OrganisationRow):
    """One person's answer, in one seat, to one content.

    The requester's id is pulled in so that Postgres can refuse it.
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

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["question", "person"], name="a_person_votes_once"),
            models.UniqueConstraint(fields=["question", "seat"], name="a_seat_is_taken_once"),
            models.CheckConstraint(condition=Q(decision__in=["approve", "reject"]), name="a_vote_is_yes_or_no"),
            models.CheckConstraint(condition=~Q(person=F("requester_id")), name="nobody_votes_on_their_own_question"),
        ]
        ordering = ["cast_at"]
