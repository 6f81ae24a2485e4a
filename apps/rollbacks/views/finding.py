"""Find a rollback for whoever asks, and read everything that their page of it shows."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import QueryDict
from django.urls import reverse

from apps.accounts.permissions import may
from apps.accounts.reauthentication import take_pending
from apps.accounts.requests import Request
from apps.accounts.rights import SEE_INTERNAL
from apps.incidents.situation import strip
from apps.rollbacks.models import Rollback
from apps.rollbacks.own import ballot_of, cancel_dialog, deeds_of
from apps.rollbacks.polling import workers_alive
from apps.rollbacks.showing import context, told
from apps.timeline.answers import Missing


def found(request: Request, pk: UUID) -> Rollback:
    """Return the rollback with what its page reads. Raises Missing for a foreign or unknown one, or Forbidden."""
    if not Rollback.objects.visible_to(request.person).filter(pk=pk).exists():
        raise Missing("There is no such thing here.")
    one = told(pk)
    may(request.person, SEE_INTERNAL, one).or_refuse()
    return one


def own_page(request: Request, one: Rollback, given: QueryDict | None = None) -> dict[str, Any]:
    """Return what everybody sees and what only this reader does; `given` is what they have filled in already."""
    shared = context(one)
    given = given or take_pending(request, reverse("rollbacks:create_approval", args=[one.pk]))
    shown = strip(one.incident)
    return {
        **shared,
        "cancel": cancel_dialog(one, shared["steps"], shared["standing"]),
        "ballot": ballot_of(one, request, shared["card"]["names"]),
        "can": deeds_of(one, request.person, shared["steps"], shared["standing"]),
        "given": {
            "accepts": given.getlist("accepts") if given else [],
            "confirm": given.get("confirm", "") if given else "",
            "note": given.get("note", "") if given else "",
        },
        "workers": workers_alive(),
        "strip": shown,
        "strip_until": shown["until"],
        "timeline_url": shown["timeline_url"],
    }
