"""What holds a stream open: a session or a token. Each is looked up again every two seconds, all in one query."""

from __future__ import annotations

from uuid import UUID

from django.contrib.sessions.models import Session
from django.db.models import Q
from django.utils import timezone

from apps.accounts.models import Token
from apps.timeline import stream

SESSION, TOKEN = "session", "token"


def register() -> None:
    """Tell the stream how to ask."""
    stream.ADMISSIONS[SESSION] = living_sessions
    stream.ADMISSIONS[TOKEN] = living_tokens


def living_sessions(keys: set[str]) -> set[str]:
    """Return the keys of sessions that still are somebody's: not signed out, not ended, not expired."""
    rows = Session.objects.filter(session_key__in=keys, expire_date__gt=timezone.now())
    return set(rows.values_list("session_key", flat=True))


def living_tokens(keys: set[str]) -> set[str]:
    """Return the ids of tokens that still act: not revoked, not expired, their person still here."""
    lasting = Q(expires_at=None) | Q(expires_at__gt=timezone.now())
    account = Q(person__user=None) | Q(person__user__is_active=True)
    here = Q(person=None) | (Q(person__active=True) & account)
    rows = Token.objects.filter(lasting, here, pk__in=[UUID(key) for key in keys], revoked_at=None)
    return {str(key) for key in rows.values_list("pk", flat=True)}
