"""The two states of a revision, and the one move between them."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils import timezone

from apps.playbooks.models import Revision
from apps.timeline.answers import Refused


class RevisionState(models.TextChoices):
    """A draft may change; a published revision never does."""

    DRAFT = "draft"
    PUBLISHED = "published"


MOVES: dict[RevisionState, set[RevisionState]] = {
    RevisionState.DRAFT: {RevisionState.PUBLISHED},
    RevisionState.PUBLISHED: set(),
}


def move(revision: Revision, to: RevisionState, *, by: Any) -> None:
    """Put a revision that is not yet published into its final state. Raises Refused for any other move."""
    if to not in MOVES[RevisionState(revision.state)]:
        raise Refused(f"Revision {revision.number} is already {revision.state} and cannot change any more.")
    revision.state = to
    revision.published_by_id = by.pk
    revision.published_at = timezone.now()
    revision.save(update_fields=["state", "comment", "published_by", "published_at", "changed_at"])
