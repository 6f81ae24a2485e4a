"""What people tick: items with who, when, not applicable, evidence and due times. Every tick is kept."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from apps.timeline.walls import OrganisationRow, WithinOrganisation


class Checklist(OrganisationRow):
    """A list opened for an incident, usually when its rollback ends."""

    incident = WithinOrganisation("incidents.Incident", related_name="checklists")
    rollback_id = models.UUIDField(null=True)
    title = models.CharField(max_length=200)
    position = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["position", "created_at"]

    @property
    def closed(self) -> int:
        """How many items are done or do not apply; costs nothing where the items were prefetched."""
        return sum(item.state != "open" for item in self.items.all())


class Item(OrganisationRow):
    """One line to tick. `state` is the result of the newest tick."""

    checklist = WithinOrganisation(Checklist, related_name="items", on_delete=models.CASCADE)
    position = models.PositiveSmallIntegerField()
    text = models.CharField(max_length=500)
    hint = models.CharField(max_length=500, blank=True)
    role = models.CharField(max_length=60, blank=True)
    due_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=16, default="open")

    class Meta:
        ordering = ["position"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["open", "done", "not_applicable"]), name="an_item_has_a_known_state"
            )
        ]

    @property
    def newest(self) -> Tick | None:
        """The tick that counts; costs nothing where the ticks were prefetched."""
        return next(iter(self.ticks.all()), None)


class Tick(OrganisationRow):
    """Somebody ticked, unticked or ruled out an item. Never changed."""

    item = WithinOrganisation(Item, related_name="ticks", on_delete=models.CASCADE)
    person = WithinOrganisation("accounts.Person", related_name="+")
    result = models.CharField(max_length=16)
    note = models.TextField(blank=True)
    evidence = models.TextField(blank=True)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(result__in=["done", "not_applicable", "undone"]), name="a_tick_has_a_known_result"
            )
        ]
