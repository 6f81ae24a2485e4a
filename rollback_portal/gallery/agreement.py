"""Sample data of what is agreed on: versions, losses, votes, findings, a difference, and every state."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from rollback_portal.gallery.tables import rows

BOX = "label note version commit who when deployment checked note_tone"
SWATCHES = [
    "canvas",
    "surface",
    "sunken",
    "line",
    "control",
    "ink3",
    "ink2",
    "ink",
    "proven",
    "moving",
    "person",
    "broken",
]
ROLLBACK_STATES = [
    ("awaiting_approval", "clock runs, nothing sent"),
    ("queued", "approved; another run holds portal"),
    ("running", "step 2 of 7"),
    ("paused", "after step 2, by Priya Nair"),
    ("needs_operator", "cannot go on alone"),
    ("cancelling", "step 2 finishes, then it stops"),
    ("cancelled", "1 to 3 applied, 4 to 7 not"),
    ("succeeded", "proven healthy 14:27"),
    ("failed", "refused at step 2, nothing unclear"),
    ("rejected", "by Arun Mehta 14:11:02"),
    ("expired", "not decided by 15:09"),
]
STEP_STATES = [
    ("pending", "not begun; nothing sent"),
    ("running", "request is on its way"),
    ("verifying", "accepted; proving that it took effect"),
    ("succeeded", "effect seen, not only promised"),
    ("failed", "refused or disproved; run stops here"),
    ("skipped", "left out, with approval and reason"),
    ("unknown", "sent, but the outcome cannot be told"),
]
CELLS = rows(
    "icon label fact text tone",
    ("users", "Reaches", "All 63 agencies", "100 % of traffic, 3 addresses"),
    ("triangle-alert", "Lost", "38 share links stop opening", "made since 13:58:20; can be sent again", "person"),
    ("database", "Database", "No writes lost", "v2.30.4 fits migration 0042"),
)
FINDINGS = rows(
    "state fact text url link",
    ("stop", "Step 4 would delete every key.", "Line 33: the prefix * matches 48,210 keys today.", "#", "Use share:*"),
    ("warn", "Close to the 30 min target.", "All waits together are 28 min if every step takes its longest."),
    ("ok", "14 other rules hold"),
)
SENTENCES = rows(
    "icon fact text",
    ("git-compare", "Step 4 deletes more:", "prefix was share:*, now *"),
    ("clock", "Step 5 waits longer:", "5 min, was 3 min"),
)
LINES = rows(
    "sign number text",
    (" ", 32, "    provider: upstash"),
    ("-", 33, '    prefix: "share:*"'),
    ("+", 33, '    prefix: "*"'),
    (" ", 34, "    timeout: 2m"),
)


def story(now: datetime) -> dict[str, Any]:
    """Everything around the approval, seen at `now`."""
    source, goal = _boxes(now)
    return {
        "hash": "3f9a1c07be42d0a9e7725f6a1c",
        "source": source,
        "goal": goal,
        "cells": CELLS,
        "findings": FINDINGS,
        "sentences": SENTENCES,
        "lines": LINES,
        "votes": votes(now),
        "rollback_states": ROLLBACK_STATES,
        "step_states": STEP_STATES,
        "swatches": SWATCHES,
    }


def _boxes(now: datetime) -> list[dict[str, Any]]:
    live, before = now - timedelta(minutes=13), now - timedelta(days=4, hours=4)
    return rows(
        BOX,
        (
            "From, live 13 min",
            "34.2 % of links fail",
            "v2.31.0",
            "9c41e7d",
            "Tom Okafor",
            live,
            "dpl_7Qm2xVtR",
            "",
            "broken",
        ),
        (
            "To, back to",
            "4 days in production",
            "v2.30.4",
            "4be02aa",
            "Lena Fischer",
            before,
            "dpl_4Hc9nWbK",
            "answers, checked 3 min ago",
        ),
    )


def votes(now: datetime) -> list[dict[str, Any]]:
    """A vote of each kind."""
    return rows(
        "state name role at note line ask_url because",
        ("approved", "Josh Whitlam", "Client Success Lead", now - timedelta(seconds=60)),
        ("waiting", "Mia Castellano", "Founder", None, "", "paged, not opened yet", "#"),
        ("waiting_for_you", "You, for Mia Castellano", "Founder, on leave until 24 Aug"),
        ("rejected", "Arun Mehta", "Security Specialist", now, "The old version has the token leak. Use the hotfix."),
        ("cannot", "Tom Okafor", "Technical Lead", None, "", "", "", "Asked for it, cannot vote"),
    )
