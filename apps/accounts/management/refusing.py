"""Turns refusals into one sentence on stderr and exit status 1, for every command."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.management.base import CommandError

from apps.accounts.models import Organisation
from apps.timeline.answers import Refused


@contextmanager
def told_as_sentence() -> Iterator[None]:
    """Let a refusal end the command with its sentence."""
    try:
        yield
    except Refused as refusal:
        raise CommandError(refusal.message) from refusal


def organisation_called(slug: str) -> Organisation:
    """Return the organisation. Raises CommandError when there is none of this name."""
    found = Organisation.objects.filter(slug=slug.lower()).first()
    if found is None:
        known = ", ".join(Organisation.objects.order_by("slug").values_list("slug", flat=True)) or "none yet"
        raise CommandError(f"There is no organisation {slug}. There are: {known}.")
    return found
