"""The one-time door of an empty installation: a link from the command line, valid for 30 minutes."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from apps.accounts import lifecycle
from apps.accounts.models import Organisation, Person, SetUpLink
from apps.accounts.roles import ADMINISTRATOR
from apps.timeline.answers import Missing, Refused
from apps.timeline.log import SYSTEM

VALID_FOR = timedelta(minutes=30)


@transaction.atomic
def make_link() -> str:
    """Return a fresh address; older ones stop working. Raises Refused when there is an organisation."""
    if Organisation.objects.exists():
        raise Refused("There is already an organisation; its administrator lets people in. No link was made.")
    SetUpLink.objects.filter(used_at=None).delete()
    secret = secrets.token_urlsafe(32)
    SetUpLink.objects.create(secret_hash=_hash(secret), expires_at=timezone.now() + VALID_FOR)
    return settings.BASE_URL + reverse("accounts:set_up", args=[secret])


def find_link(secret: str) -> SetUpLink:
    """Return the link that `secret` opens. Raises Missing when it is unknown, used, old or not needed."""
    link = SetUpLink.objects.filter(secret_hash=_hash(secret), used_at=None, expires_at__gt=timezone.now()).first()
    if link is None or Organisation.objects.exists():
        raise Missing("There is no such thing here.")
    return link


@transaction.atomic
def set_up(
    secret: str, *, slug: str, organisation: str, time_zone: str, email: str, name: str, password: str
) -> Person:
    """Use the link: create the organisation and its first administrator, and return them."""
    link = SetUpLink.objects.select_for_update().get(pk=find_link(secret).pk)
    find_link(secret)  # again, now that nobody else can use it
    team = lifecycle.create_organisation(slug, name=organisation, time_zone=time_zone, by=SYSTEM)
    person = lifecycle.add_person(team, email=email, name=name, roles=[ADMINISTRATOR], password=password, by=SYSTEM)
    link.used_at = timezone.now()
    link.save(update_fields=["used_at"])
    return person


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
