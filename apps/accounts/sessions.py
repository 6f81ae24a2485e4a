"""Where people are signed in: the list of it, and its end, which counts from the next request on."""

from __future__ import annotations

from typing import Any

from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.http import HttpRequest

from apps.accounts.models import Person, User


def of(user: Any) -> list[UserSession]:
    """Return where this account is signed in, newest first. Reads only."""
    alive = Session.objects.filter(session_key__in=UserSession.objects.filter(user=user).values("session_key"))
    keys = set(alive.values_list("session_key", flat=True))
    return [row for row in UserSession.objects.filter(user=user).order_by("-created_at") if row.session_key in keys]


def end(user: Any, *, but: str | None = None) -> int:
    """End every session of an account, except the one whose key is `but`; returns how many there were."""
    rows = UserSession.objects.filter(user=user).exclude(session_key=but or "")
    keys = list(rows.values_list("session_key", flat=True))
    Session.objects.filter(session_key__in=keys).delete()
    rows.delete()
    return len(keys)


def end_access(user: User | None) -> None:
    """End what a deactivated person's account could still open, unless it belongs to somebody active elsewhere: its
    sessions, and the tie to the sign-in service.
    """
    if user is not None and not Person.objects.filter(user=user, active=True).exists():
        end(user)
        SocialAccount.objects.filter(user=user).delete()


def rename(request: HttpRequest) -> None:
    """Give the session another key, so that one that was seen or set before is worth nothing now."""
    before = request.session.session_key
    request.session.cycle_key()
    UserSession.objects.filter(session_key=before).update(session_key=request.session.session_key)
