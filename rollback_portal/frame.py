"""What every page shows around its content: where one is, who one is, and what waits for one."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import Person
from apps.accounts.permissions import may_somewhere
from apps.accounts.requests import Request
from apps.accounts.rights import SEE_INTERNAL
from apps.approvals import asking, debts

PLACES = [
    ("Now", "/"),
    ("Incidents", "/incidents/"),
    ("Rollbacks", "/rollbacks/"),
    ("Services", "/services/"),
    ("Playbooks", "/playbooks/"),
    ("People", "/people/"),
    ("Audit", "/audit/"),
]


def frame(request: Request) -> dict[str, Any]:
    """Return the shell's context. Where nobody is signed in there is no navigation, and no query."""
    person = getattr(request, "person", None)
    always = {"demo": settings.MODE == "demo", "now": timezone.now(), "shell": _shell()}
    if person is None:
        return always
    return {
        **always,
        "person": person,
        "organisation": request.organisation,
        "organisations": [_choice(each, request.organisation) for each in request.organisations],
        "nav": [_place(title, url, request.path) for title, url in _places(person)],
        "waiting": [*map(_question, asking.waiting_for(person)), *map(_debt, debts.owed_to(person))],
    }


def _places(person: Person) -> list[tuple[str, str]]:
    """Return the rooms this person may enter; whoever only follows has the first one."""
    return PLACES if may_somewhere(person, SEE_INTERNAL) else PLACES[:1]


def _question(question: Any) -> dict[str, Any]:
    return {"title": question.title, "url": question.url, "due_at": question.due_at or question.expires_at}


def _debt(debt: Any) -> dict[str, Any]:
    return {"title": f"Read: {debt.question.title}", "url": f"{reverse('approvals:questions')}#debts", "due_at": None}


def _shell() -> dict[str, str]:
    return {
        "home_url": "/",
        "profile_url": reverse("accounts:profile"),
        "switch_url": reverse("accounts:switch"),
        "sign_out_url": reverse("account_logout"),
        "sign_in_url": reverse("account_login"),
    }


def _place(title: str, url: str, path: str) -> dict[str, Any]:
    here = path == "/" if url == "/" else path.startswith(url)
    return {"title": title, "url": url, "current": here}


def _choice(organisation: Any, current: Any) -> dict[str, Any]:
    return {"name": organisation.name, "id": organisation.pk, "current": organisation == current}
