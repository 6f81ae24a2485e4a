"""Find a rollback for whoever asks: of their organisation, and only for those who see the inside."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest

from apps.accounts.permissions import may
from apps.accounts.rights import SEE_INTERNAL
from apps.rollbacks.models import Rollback
from apps.rollbacks.showing import told
from apps.timeline.answers import Missing


def found(request: HttpRequest, pk: UUID) -> Rollback:
    """Return the rollback with what its page reads. Raises Missing for a foreign or unknown one, or Forbidden."""
    if not Rollback.objects.visible_to(request.person).filter(pk=pk).exists():
        raise Missing("There is no such thing here.")
    may(request.person, SEE_INTERNAL).or_refuse()
    return told(pk)
