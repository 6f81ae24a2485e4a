"""The pages of the gallery and the one story they tell. Reads nothing, changes nothing."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from rollback_portal.gallery import agreement, run

PAGES = ("parts", "now", "approval", "run", "question", "status", "log")
ROOMS = ("Now", "Incidents", "Rollbacks", "Services", "Playbooks", "Audit")
ROLES = [("founder", "Founder"), ("lead", "Technical Lead")]


class SampleForm(forms.Form):
    """One field of each kind, one of them wrong."""

    reason = forms.CharField(label="Reason", help_text="Shown in the record, not to agencies.")
    gives_up = forms.CharField(label="Gives up after")
    provider = forms.ChoiceField(label="Provider", choices=[("vercel", "Vercel"), ("upstash", "Upstash")])
    note = forms.CharField(label="Note", widget=forms.Textarea(attrs={"rows": 2}), required=False)
    roles = forms.MultipleChoiceField(choices=ROLES, widget=forms.CheckboxSelectMultiple, required=False)
    accept = forms.BooleanField(label="I accept that 38 share links stop opening.", required=False)

    def clean_gives_up(self) -> str:
        """Refuse the value the gallery sends, to show what an error looks like."""
        raise forms.ValidationError("Give at least 5 s.")


@login_not_required
def gallery(request: HttpRequest, page: str = "parts") -> HttpResponse:
    """One page of the gallery; the names are in PAGES."""
    if page not in PAGES:
        raise Http404
    return render(request, f"gallery/{page}.html", sample(timezone.now()))


def sample(now: datetime) -> dict[str, Any]:
    """Everything the gallery shows, told as one story that is thirteen minutes old."""
    start = now - timedelta(minutes=12, seconds=48)
    return {
        **_frame(now),
        "now": now,
        "start": start,
        "end": start + timedelta(hours=1),
        "target": start + timedelta(minutes=30),
        "healthy": now + timedelta(minutes=12),
        "late": now + timedelta(minutes=20),
        "too_late": now + timedelta(minutes=55),
        "asked": now - timedelta(minutes=5),
        "due": now + timedelta(seconds=168),
        "form": SampleForm({"reason": "Agencies cannot open links", "gives_up": "0 s", "provider": "vercel"}),
        **run.story(now),
        **agreement.story(now),
    }


def _frame(now: datetime) -> dict[str, Any]:
    waiting = {"title": "Roll back portal → v2.30.4", "url": "#", "due_at": now + timedelta(seconds=168)}
    links = ("home_url", "profile_url", "switch_url", "sign_out_url")
    return {
        "nav": [{"title": room, "url": f"#{room.lower()}", "current": room == "Rollbacks"} for room in ROOMS],
        "organisation": {"name": "Motion Mavericks"},
        "organisations": [{"name": "Motion Mavericks", "id": 1, "current": True}, {"name": "PartPulse", "id": 2}],
        "person": {"name": "Priya Nair", "email": "priya@motion-mavericks.example"},
        "waiting": [waiting],
        "shell": dict.fromkeys(links, "#"),
    }
