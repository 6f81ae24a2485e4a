"""The rules of the demo's teams, as their own plans demand them; the ids name the demands.

What a team's playbook says of its own start stands in the playbook.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Rules = Sequence[Mapping[str, Any]]

MOTION_MAVERICKS: Rules = (
    {  # S1-21; the start of a portal release's rollback asks two others, as its playbook says (S2-11, S2-12)
        "name": "The Incident Commander authorises",
        "because": "Nothing is executed before the Incident Commander has authorised it.",
        "kinds": ["rollback.start"],
        "severities": ["P0", "P1", "P2", "P3"],
        "all_of": ["incident-commander"],
        "due_minutes": 5,
    },
    {  # S1-36
        "name": "Hotfixes",
        "because": "A hotfix skips the usual release, so two look at it.",
        "kinds": ["hotfix.gate"],
        "all_of": ["technical-lead", "reliability-partner"],
        "due_minutes": 15,
    },
)
PARTPULSE: Rules = (
    {  # S3-50: fresh authorisation before a retry
        "name": "Before the next try",
        "because": "The original defect is still open: the fix is authorised afresh.",
        "kinds": ["deployment.redeploy", "rollback.retry"],
        "any_of": ["human-owner", "engineering-lead"],
        "due_minutes": 30,
    },
)
DERRIMUT: Rules = (
    {  # S4-06, S4-73: at once, and these are told afterwards
        "name": "P0 starts at once",
        "because": "Waiting costs more than going back.",
        "kinds": ["rollback.start"],
        "severities": ["P0"],
        "told_after": ["engineering-lead", "cto", "on-call-engineer"],
        "told_within_minutes": 15,
    },
    {  # S4-12
        "name": "P1 with the Engineering Lead",
        "because": "The Engineering Lead is consulted first.",
        "kinds": ["rollback.start"],
        "severities": ["P1"],
        "all_of": ["engineering-lead"],
        "due_minutes": 5,
    },
)
PULSE: Rules = (
    {  # S5-51: who is called while nobody decides; the start itself asks whom the playbook names
        "name": "Pulse escalates",
        "because": "On call first, then up the ladder.",
        "kinds": ["rollback.start"],
        "environment_kinds": ["production"],
        "any_of": ["on-call-engineer", "engineering-manager", "engineering-lead", "cto"],
        "due_minutes": 5,
        "ladder": [
            {"minutes": 5, "roles": ["on-call-engineer"]},
            {"minutes": 10, "roles": ["engineering-manager", "engineering-lead"]},
            {"minutes": 15, "roles": ["cto"]},
            {"minutes": 20, "roles": ["founder"]},
        ],
    },
)

TEAM_RULES: Mapping[str, Rules] = {
    "motion-mavericks": MOTION_MAVERICKS,
    "partpulse": PARTPULSE,
    "derrimut": DERRIMUT,
    "pulse": PULSE,
}
BREAK_GLASS = frozenset({"partpulse"})  # S3-17: any team member in an emergency, and everybody is told at once
