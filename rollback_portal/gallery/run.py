"""Sample data of a run: readings, events, steps, the timeline, how the public parts did."""

from __future__ import annotations

from datetime import datetime, timedelta
from math import sin
from typing import Any

from rollback_portal.gallery.tables import rows

LAMPS = "name state text"
WAITING = rows(
    "position title line usual limit state",
    (3, "Check v2.30.4 against the database", "Neon · reads only", 5, 30, "pending"),
    (4, "Clear 1,284 cached share links", "Upstash · cannot be undone", 20, 120, "pending"),
    (5, "Run 5 smoke checks", "Project view, milestone update, asset playback, share link", 70, 300, "pending"),
    (6, "Watch errors and speed", "Below 1 % and 300 ms for 10 min", 600, 1200, "pending"),
    (7, "Tell agencies and the team", "Resend, Slack, PagerDuty", 15, 120, "pending"),
)


def story(now: datetime) -> dict[str, Any]:
    """Everything about the run, seen at `now`."""
    return {
        "points": readings(now),
        "rising": readings(now, peak_only=True),
        "events": events(now),
        "steps": [_done(), _verifying(now), *WAITING],
        "timeline": timeline(now),
        "failing": rows("state since until", ("failing", _ago(now, 1020), _ago(now, 240)), ("partly", _ago(now, 240))),
        "delayed": rows("state since", ("partly", _ago(now, 900))),
        "bar_start": _ago(now, 1140),
        "cancel_points": rows(
            "state text",
            ("succeeded", "Stays: flags off, v2.30.4 on 2 of 3 addresses"),
            ("pending", "Not done: steps 3 to 7"),
            ("unknown", "Open: api address, for 2 min 29 s"),
        ),
        "bad_lamps": rows(
            LAMPS,
            ("Requested", "lit", "14:12:17"),
            ("Accepted", "cannot_tell", "no answer"),
            ("Serving", "disproved", "still v2.31.0"),
        ),
        "new_lamps": rows(
            LAMPS,
            ("Requested", "lit", "14:12:17"),
            ("Accepted", "under_way", "asking"),
            ("Serving", "not_yet", "not yet"),
        ),
    }


def _ago(now: datetime, seconds: int) -> datetime:
    return now - timedelta(seconds=seconds)


def readings(now: datetime, peak_only: bool = False) -> list[tuple[datetime, float | None]]:
    """Errors in percent every ten seconds: quiet, risen, falling since the rollback was sent."""
    return [(_ago(now, 1260 - 10 * number), _height(number, peak_only)) for number in range(126)]


def _height(number: int, peak_only: bool) -> float:
    minutes = number / 6
    if minutes > 18.2 and not peak_only:
        return max(11.4, 34 - (minutes - 18.2) * 9)
    if minutes > 7.5:
        return max(0.0, min(34.0, 0.4 + (minutes - 7.5) ** 1.7 * 8) + sin(number * 1.3))
    return 0.4 + 0.2 * sin(number)


def events(now: datetime) -> list[dict[str, Any]]:
    """What happened along the chart."""
    return rows(
        "at label rest dotted",
        (_ago(now, 988), "v2.31.0", "live"),
        (_ago(now, 638), "Detected"),
        (_ago(now, 162), "Approved"),
        (_ago(now, 151), "Rollback sent", "", True),
    )


def _done() -> dict[str, Any]:
    return {
        "position": 1,
        "title": "Stop new releases, turn off 2 flags",
        "line": "LaunchDarkly · attempt 2; the first was not sent",
        "state": "succeeded",
        "used": 7,
        "usual": 6,
        "limit": 60,
        "lamps": rows(LAMPS, *[(name, "lit", "14:12:15") for name in ("Requested", "Accepted", "Effective")]),
    }


def _verifying(now: datetime) -> dict[str, Any]:
    sent = _ago(now, 151)
    return {
        "position": 2,
        "title": "Put v2.30.4 back on 3 addresses",
        "line": "Vercel · attempt 1 of 5",
        "state": "verifying",
        "usual": 125,
        "limit": 300,
        "since": sent,
        "open": True,
        "gives_up": "Gives up in 2 min 29 s and asks you. Nothing is sent twice.",
        "url": "#",
        "link": "Open in Vercel",
        "lamps": rows(
            LAMPS,
            ("Requested", "lit", "sent 14:12:17"),
            ("Accepted", "lit", "Vercel said yes 14:12:18"),
            ("Serving", "under_way", "2 of 3 addresses so far"),
        ),
        "proofs": rows(
            "state fact text",
            ("passed", "portal.motion-mavericks.example", "v2.30.4 since 14:13:52"),
            ("passed", "share.motion-mavericks.example", "v2.30.4 since 14:14:31"),
            ("running", "api.motion-mavericks.example", "still v2.31.0, asked 3 s ago"),
        ),
        "log": rows(
            "number at text direction",
            (41, sent, "POST /v1/projects/prj_portal/rollback/dpl_4Hc9nWbK", "sent"),
            (42, _ago(now, 150), "201 accepted, empty answer", "answered"),
            (43, _ago(now, 56), "portal address answers v2.30.4"),
            (44, _ago(now, 17), "share address answers v2.30.4"),
            (45, _ago(now, 3), "api address answers v2.31.0, ask again in 5 s"),
        ),
    }


def timeline(now: datetime) -> list[dict[str, Any]]:
    """Entries of the record, newest first."""
    told = rows(
        "ago text icon actor note state of",
        (17, "Share address serves v2.30.4, 2 of 3", "", "", "", "verifying", "step"),
        (150, "Vercel accepted the rollback", "arrow-right"),
        (153, "2 flags are off, at the second attempt; the first was never sent", "", "", "", "succeeded", "step"),
        (162, "approved for the Founder, 2 of 2. Started.", "thumbs-up", "You"),
        (257, "approved:", "thumbs-up", "Josh Whitlam", "Agencies are calling. Please go back."),
        (336, "asked to go back to v2.30.4", "undo-2", "Tom Okafor"),
        (528, "declared P1", "flag", "You"),
        (638, "Share link errors above 1 % for 2 min", "activity"),
        (988, "v2.31.0 went live", "rocket"),
    )
    return [{**entry, "id": 900 - number, "at": _ago(now, entry["ago"])} for number, entry in enumerate(told)]
