"""Where people are signed in: the list of it, and its end, which counts from the next request on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.http import HttpRequest
from django.utils import timezone

from apps.accounts.everywhere import people_of
from apps.accounts.models import User

# What stands in the words of a browser, the telling ones first: most of them name others as well.
BROWSERS = (("Edg/", "Edge"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
SYSTEMS = (
    *(("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows")),
    *(("Mac OS", "macOS"), ("Linux", "Linux")),
)


@dataclass(frozen=True)
class Place:
    """Somewhere an account is signed in: the browser, where it came from, since when."""

    key: str
    browser: str
    address: str
    since: datetime


def of(user: Any) -> list[Place]:
    """Return where this account is signed in, newest first. Reads only."""
    rows = UserSession.objects.filter(user=user).order_by("-created_at")
    alive = Session.objects.filter(session_key__in=rows.values("session_key"), expire_date__gt=timezone.now())
    keys = set(alive.values_list("session_key", flat=True))
    places = [Place(row.session_key, browser_of(row.user_agent), str(row.ip), row.created_at) for row in rows]
    return [place for place in places if place.key in keys]


def browser_of(user_agent: str) -> str:
    """Return "Firefox on Linux" for what a browser says of itself; its own words, cut short, for an unknown one."""
    browser = next((name for sign, name in BROWSERS if sign in user_agent), "")
    system = next((name for sign, name in SYSTEMS if sign in user_agent), "")
    if not browser:
        return user_agent[:60] or "An unknown browser"
    return f"{browser} on {system}" if system else browser


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
    if user is not None and not people_of(user):
        end(user)
        SocialAccount.objects.filter(user=user).delete()


def rename(request: HttpRequest) -> None:
    """Give the session another key, so that one that was seen or set before is worth nothing now."""
    before = request.session.session_key
    request.session.cycle_key()
    UserSession.objects.filter(session_key=before).update(session_key=request.session.session_key)
