"""Recipes: a playbook and its revisions. A published revision never changes; a run keeps the one it began with."""

from django.db import models
from django.db.models import Q

from apps.timeline.walls import OrganisationRow, WithinOrganisation


class Playbook(OrganisationRow):
    """A named recipe of an organisation. `published` is the revision that new plans use."""

    slug = models.SlugField(max_length=100)
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=12, default="rollback")
    published = WithinOrganisation("Revision", null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organisation", "slug"], name="one_playbook_per_slug")]

    def __str__(self) -> str:
        return self.name


class Revision(OrganisationRow):
    """One text of a playbook. A draft may change (`edits` counts, for the optimistic lock); a published one may not."""

    playbook = WithinOrganisation(Playbook, related_name="revisions")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=12, default="draft")
    content = models.TextField()
    content_hash = models.CharField(max_length=64)
    edits = models.PositiveIntegerField(default=0)
    comment = models.TextField(blank=True)
    based_on = WithinOrganisation("self", null=True, related_name="+")
    created_by = WithinOrganisation("accounts.Person", null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now=True)
    published_by = WithinOrganisation("accounts.Person", null=True, related_name="+")
    published_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["playbook", "number"], name="one_revision_per_number"),
            models.CheckConstraint(condition=Q(state__in=["draft", "published"]), name="a_revision_has_a_known_state"),
            models.CheckConstraint(
                condition=Q(state="draft", published_at=None) | Q(state="published", published_at__isnull=False),
                name="published_revisions_have_a_time",
            ),
        ]
        ordering = ["-number"]
