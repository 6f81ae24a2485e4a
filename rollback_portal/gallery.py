"""The gallery of the interface: every part with sample data, for people who build pages. Reads nothing, changes nothing."""

from __future__ import annotations

from datetime import datetime, timedelta
from math import sin
from typing import Any

from django import forms
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

PAGES = ("parts", "now", "approval", "run", "question", "status", "log")


class SampleForm(forms.Form):
    """One field of each kind, one of them wrong."""

    reason = forms.CharField(label="Reason", help_text="Shown in the record, not to agencies.")
    gives_up = forms.CharField(label="Gives up after")
    provider = forms.ChoiceField(label="Provider", choices=[("vercel", "Vercel"), ("upstash", "Upstash")])
    note = forms.CharField(label="Note", widget=forms.Textarea(attrs={"rows": 2}), required=False)
    roles = forms.MultipleChoiceField(
        label="Roles", choices=[("founder", "Founder"), ("lead", "Technical Lead")], widget=forms.CheckboxSelectMultiple, required=False
    )
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
    """Everything the gallery shows, told as one story that is nine minutes old."""
    start = now - timedelta(minutes=12, seconds=48)
    return {
        "nav": [{"title": title, "url": f"#{title.lower()}", "current": title == "Rollbacks"} for title in ROOMS],
        "organisation": {"name": "Motion Mavericks"},
        "organisations": [{"name": "Motion Mavericks", "id": 1, "current": True}, {"name": "PartPulse", "id": 2}],
        "person": {"name": "Priya Nair", "email": "priya@motion-mavericks.example"},
        "waiting": [{"title": "Roll back portal → v2.30.4", "url": "#", "due_at": now + timedelta(seconds=168)}],
        "shell": {"home_url": "#", "profile_url": "#", "switch_url": "#", "sign_out_url": "#"},
        "now": now,
        "start": start,
        "end": start + timedelta(hours=1),
        "target": start + timedelta(minutes=30),
        "healthy": now + timedelta(minutes=12),
        "late": now + timedelta(minutes=20),
        "too_late": now + timedelta(minutes=55),
        "asked": now - timedelta(minutes=5),
        "due": now + timedelta(seconds=168),
        "points": readings(now),
        "rising": readings(now, peak_only=True),
        "events": events(now),
        "form": SampleForm({"reason": "Agencies cannot open links", "gives_up": "0 s", "provider": "vercel"}),
        "steps": steps(now),
        "votes": votes(now),
        "timeline": timeline(now),
        **words(now),
    }


ROOMS = ("Now", "Incidents", "Rollbacks", "Services", "Playbooks", "Audit")


def readings(now: datetime, peak_only: bool = False) -> list[tuple[datetime, float | None]]:
    """Errors in percent every ten seconds: quiet, risen, falling since the rollback was sent."""
    values: list[tuple[datetime, float | None]] = []
    for number in range(126):
        minutes = number / 6
        height = 0.4 + 0.2 * sin(number)
        if minutes > 7.5:
            height = min(34.0, 0.4 + (minutes - 7.5) ** 1.7 * 8) + sin(number * 1.3)
        if minutes > 18.2 and not peak_only:
            height = max(11.4, 34 - (minutes - 18.2) * 9)
        values.append((now - timedelta(minutes=21 - minutes), max(0.0, height)))
    return values


def events(now: datetime) -> list[dict[str, Any]]:
    """What happened along the chart."""
    return [
        {"at": now - timedelta(minutes=16, seconds=28), "label": "v2.31.0", "rest": "live"},
        {"at": now - timedelta(minutes=10, seconds=38), "label": "Detected"},
        {"at": now - timedelta(minutes=2, seconds=42), "label": "Approved"},
        {"at": now - timedelta(minutes=2, seconds=31), "label": "Rollback sent", "dotted": True},
    ]


def steps(now: datetime) -> list[dict[str, Any]]:
    """Seven steps: one done, one being proven, five waiting."""
    sent = now - timedelta(seconds=151)

    def waiting(position: int, title: str, line: str, usual: int, limit: int) -> dict[str, Any]:
        return {"position": position, "title": title, "line": line, "state": "pending", "usual": usual, "limit": limit}

    return [
        {
            "position": 1, "title": "Stop new releases, turn off 2 flags", "state": "succeeded", "used": 7, "usual": 6, "limit": 60,
            "line": "LaunchDarkly · attempt 2; the first was not sent",
            "lamps": [{"name": name, "state": "lit", "text": "14:12:15"} for name in ("Requested", "Accepted", "Effective")],
        },
        {
            "position": 2, "title": "Put v2.30.4 back on 3 addresses", "state": "verifying", "usual": 125, "limit": 300, "since": sent,
            "line": "Vercel · attempt 1 of 5", "open": True, "gives_up": "Gives up in 2 min 29 s and asks you. Nothing is sent twice.",
            "url": "#", "link": "Open in Vercel",
            "lamps": [
                {"name": "Requested", "state": "lit", "text": "sent 14:12:17"},
                {"name": "Accepted", "state": "lit", "text": "Vercel said yes 14:12:18"},
                {"name": "Serving", "state": "under_way", "text": "2 of 3 addresses so far"},
            ],
            "proofs": [
                {"state": "passed", "fact": "portal.motion-mavericks.example", "text": "v2.30.4 since 14:13:52"},
                {"state": "passed", "fact": "share.motion-mavericks.example", "text": "v2.30.4 since 14:14:31"},
                {"state": "running", "fact": "api.motion-mavericks.example", "text": "still v2.31.0, asked 3 s ago"},
            ],
            "log": [
                {"number": 41, "at": sent, "direction": "sent", "text": "POST /v1/projects/prj_portal/rollback/dpl_4Hc9nWbK"},
                {"number": 42, "at": sent + timedelta(seconds=1), "direction": "answered", "text": "201 accepted, empty answer"},
                {"number": 43, "at": sent + timedelta(seconds=95), "text": "portal address answers v2.30.4"},
                {"number": 44, "at": sent + timedelta(seconds=134), "text": "share address answers v2.30.4"},
                {"number": 45, "at": now - timedelta(seconds=3), "text": "api address answers v2.31.0, ask again in 5 s"},
            ],
        },
        waiting(3, "Check v2.30.4 against the database", "Neon · reads only", 5, 30),
        waiting(4, "Clear 1,284 cached share links", "Upstash · cannot be undone", 20, 120),
        waiting(5, "Run 5 smoke checks", "Project view, milestone update, asset playback, share link, notification", 70, 300),
        waiting(6, "Watch errors and speed", "Below 1 % and 300 ms for 10 min", 600, 1200),
        waiting(7, "Tell agencies and the team", "Resend, Slack, PagerDuty", 15, 120),
    ]


def votes(now: datetime) -> list[dict[str, Any]]:
    """A vote of each kind."""
    return [
        {"state": "approved", "name": "Josh Whitlam", "role": "Client Success Lead", "at": now - timedelta(seconds=60)},
        {"state": "waiting", "name": "Mia Castellano", "role": "Founder", "line": "paged, not opened yet", "ask_url": "#"},
        {"state": "waiting_for_you", "name": "You, for Mia Castellano", "role": "Founder, on leave until 24 Aug"},
        {"state": "rejected", "name": "Arun Mehta", "role": "Security Specialist", "at": now, "note": "The old version has the token leak. Use the hotfix."},
        {"state": "cannot", "name": "Tom Okafor", "role": "Technical Lead", "because": "Asked for it, cannot vote"},
    ]


def timeline(now: datetime) -> list[dict[str, Any]]:
    """Entries of the record, newest first."""
    told: list[tuple[int, dict[str, Any]]] = [
        (17, {"state": "verifying", "of": "step", "text": "Share address serves v2.30.4, 2 of 3"}),
        (150, {"icon": "arrow-right", "text": "Vercel accepted the rollback"}),
        (153, {"state": "succeeded", "of": "step", "text": "2 flags are off, at the second attempt; the first was never sent"}),
        (162, {"icon": "thumbs-up", "actor": "You", "text": "approved for the Founder, 2 of 2. Started."}),
        (257, {"icon": "thumbs-up", "actor": "Josh Whitlam", "text": "approved:", "note": "Agencies are calling. Please go back."}),
        (336, {"icon": "undo-2", "actor": "Tom Okafor", "text": "asked to go back to v2.30.4"}),
        (528, {"icon": "flag", "actor": "You", "text": "declared P1"}),
        (638, {"icon": "activity", "text": "Share link errors above 1 % for 2 min"}),
        (988, {"icon": "rocket", "text": "v2.31.0 went live"}),
    ]
    return [{"id": 900 - number, "at": now - timedelta(seconds=ago), **entry} for number, (ago, entry) in enumerate(told)]


def words(now: datetime) -> dict[str, Any]:
    """From and to, cells, findings, a difference, impact."""
    return {
        "hash": "3f9a1c07be42d0a9e7725f6a1c",
        "source": {"label": "From, live 13 min", "note": "34.2 % of links fail", "note_tone": "broken", "version": "v2.31.0", "commit": "9c41e7d",
                   "who": "Tom Okafor", "when": now - timedelta(minutes=13), "deployment": "dpl_7Qm2xVtR"},
        "goal": {"label": "To, back to", "note": "4 days in production", "version": "v2.30.4", "commit": "4be02aa", "who": "Lena Fischer",
                 "when": now - timedelta(days=4, hours=4), "deployment": "dpl_4Hc9nWbK", "checked": "answers, checked 3 min ago"},
        "cells": [
            {"icon": "users", "label": "Reaches", "fact": "All 63 agencies", "text": "100 % of traffic, 3 addresses"},
            {"icon": "triangle-alert", "label": "Lost", "fact": "38 share links stop opening", "text": "made since 13:58:20; can be sent again", "tone": "person"},
            {"icon": "database", "label": "Database", "fact": "No writes lost", "text": "v2.30.4 fits migration 0042"},
        ],
        "findings": [
            {"state": "stop", "fact": "Step 4 would delete every key and sign everybody out.", "text": "Line 33: the prefix * matches 48,210 keys today.", "url": "#", "link": "Use share:*"},
            {"state": "warn", "fact": "Close to the 30 min target.", "text": "All waits together are 28 min if every step takes its longest."},
            {"state": "ok", "fact": "14 other rules hold"},
        ],
        "sentences": [{"icon": "git-compare", "fact": "Step 4 deletes more:", "text": "prefix was share:*, now *"}, {"icon": "clock", "fact": "Step 5 waits longer:", "text": "5 min, was 3 min"}],
        "lines": [
            {"sign": " ", "number": 32, "text": "    provider: upstash"}, {"sign": "-", "number": 33, "text": '    prefix: "share:*"'},
            {"sign": "+", "number": 33, "text": '    prefix: "*"'}, {"sign": " ", "number": 34, "text": "    timeout: 2m"},
        ],
        "failing": [{"state": "failing", "since": now - timedelta(minutes=17), "until": now - timedelta(minutes=4)}, {"state": "partly", "since": now - timedelta(minutes=4)}],
        "delayed": [{"state": "partly", "since": now - timedelta(minutes=15)}],
        "bar_start": now - timedelta(minutes=19),
        "bad_lamps": [{"name": "Requested", "state": "lit", "text": "14:12:17"}, {"name": "Accepted", "state": "cannot_tell", "text": "no answer"}, {"name": "Serving", "state": "disproved", "text": "still v2.31.0"}],
        "new_lamps": [{"name": "Requested", "state": "lit", "text": "14:12:17"}, {"name": "Accepted", "state": "under_way", "text": "asking"}, {"name": "Serving", "state": "not_yet", "text": "not yet"}],
        "rollback_states": [("awaiting_approval", "clock runs, nothing sent"), ("queued", "approved; another run holds portal"), ("running", "step 2 of 7"), ("paused", "after step 2, by Priya Nair"), ("needs_operator", "cannot go on alone"), ("cancelling", "step 2 finishes, then it stops"), ("cancelled", "1 to 3 applied, 4 to 7 not"), ("succeeded", "proven healthy 14:27"), ("failed", "refused at step 2, nothing unclear"), ("rejected", "by Arun Mehta 14:11:02"), ("expired", "not decided by 15:09")],
        "step_states": [("pending", "not begun; nothing sent"), ("running", "request is on its way"), ("verifying", "accepted; proving that it took effect"), ("succeeded", "effect seen, not only promised"), ("failed", "refused or disproved; run stops here"), ("skipped", "left out, with approval and reason"), ("unknown", "sent, but the outcome cannot be told")],
        "swatches": "canvas surface sunken line control ink3 ink2 ink proven moving person broken".split(),
    }
