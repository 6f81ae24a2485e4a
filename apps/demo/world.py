"""The four organisations of the demo as data: who works there, what they run, what a visitor of the site asks for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """One service with its production environment. `flags` and the like are what its newest release changed."""

    slug: str
    name: str
    audience: str
    rto_minutes: int
    probe: tuple[str, ...]  # what the outside probe asks for; a round asks twelve times in all
    flags: tuple[str, ...] = ()
    losses: tuple[str, ...] = ()
    migrations: tuple[dict[str, object], ...] = ()
    env_changes: tuple[dict[str, str], ...] = ()


@dataclass(frozen=True)
class Team:
    """One organisation. `people` maps a role to the name of who holds it; `connections` a role to its provider.

    The providers are those that the team's own plans name (S1-S5); `besides` are connected and fill no role.
    """

    slug: str
    name: str
    time_zone: str
    people: dict[str, str]
    place: Place
    connections: dict[str, str]
    besides: tuple[str, ...] = ()


# Numbers that nobody has, kept for fiction; two digits are missing.
PHONES = {
    "Australia/Melbourne": "+61 3 5550 00",
    "America/Chicago": "+1 312 555 01",
    "Europe/London": "+44 7700 9001",
}

EVERYBODY = ("admin", "incident-commander", "technical-lead", "reliability-partner", "stakeholder", "on-call-engineer")

TEAMS = (
    Team(
        "motion-mavericks",
        "Motion Mavericks",
        "Australia/Melbourne",
        {
            "admin": "Ingrid Solheim",
            "incident-commander": "Priya Nair",
            "technical-lead": "Tom Okafor",
            "reliability-partner": "Hanna Lindqvist",
            "security-specialist": "Arun Mehta",
            "founder": "Mia Castellano",
            "client-success-lead": "Josh Whitlam",
            "on-call-engineer": "Lena Fischer",
            "stakeholder": "Ruby Tran",
        },
        Place(
            "portal",
            "Portal",
            "All 63 agencies, and the clients they share with",
            60,
            ("/share/probe",),
            ("new-share-links", "share-signing-v2"),
            (
                "Share links made since the release were signed with the new key and stop opening; "
                "they can be sent again.",
            ),
            ({"id": "0042_share_key_id", "kind": "additive", "reversible": True},),
            ({"name": "SHARE_SIGNING_KEY_ID"},),
        ),
        {
            "hosting": "vercel",
            "flags": "launchdarkly",
            "cache": "upstash",
            "chat": "slack",
            "paging": "pagerduty",
            "database": "neon",
            "code": "github",
            "tracker": "linear",
            "mail": "resend",
            "media": "mux",
        },
    ),
    Team(
        "partpulse",
        "PartPulse",
        "America/Chicago",
        {
            "admin": "Dana Kowalski",
            "incident-commander": "Marcus Reyes",
            "technical-lead": "Yuki Tanaka",
            "reliability-partner": "Sofia Brandt",
            "on-call-engineer": "Omar Haddad",
            "engineering-lead": "Greta Vance",
            "stakeholder": "Paul Dunne",
        },
        Place("partpulse", "PartPulse", "Workshops that order parts", 60, ("/", "/api/health")),
        {"hosting": "vercel", "chat": "slack", "code": "github", "database": "supabase", "status": "statuspage"},
    ),
    Team(
        "derrimut",
        "Derrimut",
        "Australia/Melbourne",
        {
            "admin": "Kirra Doyle",
            "incident-commander": "Nathan Cole",
            "technical-lead": "Wei Zhang",
            "reliability-partner": "Amara Obi",
            "engineering-lead": "Liam Novak",
            "cto": "Helena Marsh",
            "on-call-engineer": "Jarrah Webb",
            "stakeholder": "Chloe Best",
        },
        Place("platform", "Derrimut Platform", "Members and trainers of the gyms", 60, ("/", "/api/health")),
        {
            "hosting": "vercel",
            "chat": "slack",
            "backend": "convex",
            "errors": "sentry",
            "identity": "clerk",
            "payments": "stripe",
        },
    ),
    Team(
        "pulse",
        "Pulse Messages",
        "Europe/London",
        {
            "admin": "Freya Lund",
            "incident-commander": "Samir Khan",
            "technical-lead": "Beth Oakley",
            "reliability-partner": "Noor Aziz",
            "engineering-lead": "Viktor Hale",
            "cto": "Ines Prado",
            "on-call-engineer": "Theo Grant",
            "stakeholder": "Zoe Hart",
        },
        Place("messages", "Pulse Messages", "Everybody who sends messages", 15, ("/", "/api/health")),
        {
            "hosting": "vercel",
            "flags": "http",
            "chat": "slack",
            "code": "github",
            "database": "supabase",
            "errors": "sentry",
            "metrics": "posthog",
            "status": "cachet",
        },
        ("lighthouse",),
    ),
)
