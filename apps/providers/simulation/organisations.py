"""The demo world of the seeds: four organisations, their projects, releases, channels and access tokens.

Ids are constant, so that whoever reads `--describe` once may rely on them. Ages count from the first start.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

MINUTE = 60
DAY = 24 * 60 * MINUTE


@dataclass(frozen=True)
class Release:
    """One production deployment; `age` in seconds since it went live."""

    version: str
    deployment: str
    commit: str
    author: str
    age: float
    message: str
    broken: bool = False
    state: str = "PROMOTED"  # or STAGED, ERROR, PREVIEW


@dataclass(frozen=True)
class Organisation:
    """A customer and what it has at the providers."""

    slug: str
    name: str
    team: str
    project: str
    project_name: str
    addresses: tuple[str, ...]
    releases: tuple[Release, ...]  # oldest first; the last promoted one is live
    flags: dict[str, bool] = field(default_factory=dict)
    channels: tuple[str, ...] = ("incidents",)

    @property
    def key(self) -> str:
        """The slug as it stands in ids: upper case, letters only."""
        return "".join(letter for letter in self.slug.upper() if letter.isalpha())


MOTION_MAVERICKS = Organisation(
    slug="motion-mavericks",
    name="Motion Mavericks",
    team="team_motion",
    project="prj_portal",
    project_name="portal",
    addresses=(
        "portal.motion-mavericks.example",
        "share.motion-mavericks.example",
        "api.motion-mavericks.example",
    ),
    releases=(
        Release("v2.28.0", "dpl_2Fj6yKpS", "a71c0d3", "Lena Fischer", 44 * DAY, "Agencies can reorder milestones"),
        Release("v2.29.1", "dpl_8Tw3rQzL", "c05be91", "Tom Okafor", 27 * DAY, "Faster asset playback on phones"),
        Release("v2.30.0", "dpl_5Bn1mXcD", "e93f7aa", "Lena Fischer", 16 * DAY, "Notification digests"),
        Release("v2.30.3", "dpl_9Gk4hVsJ", "77d21bc", "Hanna Lindqvist", 9 * DAY, "Fix digest time zones"),
        Release(
            "v2.30.4",
            "dpl_4Hc9nWbK",
            "4be02aa",
            "Lena Fischer",
            4 * DAY + 2 * 3600,
            "Fix share link previews",
        ),
        Release(
            "v2.30.5",
            "dpl_3Er8uFaP",
            "b18d440",
            "Tom Okafor",
            2 * DAY,
            "Upgrade image pipeline",
            state="ERROR",
        ),
        Release(
            "preview",
            "dpl_6Pv5wNyG",
            "5f0a3e2",
            "Tom Okafor",
            26 * 3600,
            "Try new share page",
            state="PREVIEW",
        ),
        Release(
            "v2.31.0",
            "dpl_7Qm2xVtR",
            "9c41e7d",
            "Tom Okafor",
            14 * MINUTE,
            "New share links, signed with key 2",
            True,
        ),
    ),
    flags={
        "new-share-links": True,
        "share-signing-v2": True,
        "notification-digests": True,
        "asset-playback-hls": True,
        "milestone-drag": False,
    },
    channels=("incidents", "portal-release"),
)

PARTPULSE = Organisation(
    slug="partpulse",
    name="PartPulse",
    team="team_partpulse",
    project="prj_partpulse",
    project_name="partpulse",
    addresses=("partpulse.example",),
    releases=(
        Release("v1.1.0", "dpl_Pp1aZq7R", "1d9e0b4", "Johan Ras", 38 * DAY, "Job cards as PDF"),
        Release("v1.1.1", "dpl_Pp2bYw8S", "f2267cd", "Johan Ras", 21 * DAY, "Fix password reset mail"),
        Release("v1.2.0", "dpl_Pp3cXe9T", "83ac5d1", "Johan Ras", 6 * DAY, "Parts search"),
    ),
    flags={"parts-search": True},
)

DERRIMUT = Organisation(
    slug="derrimut",
    name="Derrimut",
    team="team_derrimut",
    project="prj_derrimut",
    project_name="derrimut-platform",
    addresses=("derrimut.example", "www.derrimut.example"),
    releases=(
        Release("v3.4.0", "dpl_Dr1kLm2N", "6be1f09", "Aisha Rahman", 30 * DAY, "Trainer booking calendar"),
        Release("v3.4.2", "dpl_Dr2jKn3P", "0c7d8e5", "Marco Bellini", 12 * DAY, "Fix membership renewals"),
        Release("v3.5.0", "dpl_Dr3hJp4Q", "d4415fb", "Aisha Rahman", 3 * DAY, "Family memberships"),
    ),
    flags={"family-memberships": True},
    channels=("incidents", "engineering"),
)

PULSE = Organisation(
    slug="pulse",
    name="Pulse Messages",
    team="team_pulse",
    project="prj_pulse",
    project_name="pulse-messages",
    addresses=("app.pulse.example", "api.pulse.example"),
    releases=(
        Release("v1.2.2", "dpl_Pu1vBn5M", "9e0f3d7", "Sam Iyer", 18 * DAY, "Thread view"),
        Release("v1.2.3", "dpl_Pu2cVb6N", "24ac8b6", "Sam Iyer", 5 * DAY, "Split view layout"),
        Release("v1.2.4", "dpl_Pu3xCv7B", "c3d96e1", "Noor Haddad", 7 * 3600, "AI summaries", state="STAGED"),
    ),
    flags={"split-view-layout": True, "ai-summarization": True},
)

ORGANISATIONS = (MOTION_MAVERICKS, PARTPULSE, DERRIMUT, PULSE)


def organisation(slug: str) -> Organisation:
    """The organisation with this slug; raises LookupError."""
    for candidate in ORGANISATIONS:
        if candidate.slug == slug:
            return candidate
    raise LookupError(f"No organisation {slug!r} in the demo world.")


def ordered(order: Mapping[str, Any]) -> Organisation:
    """The organisation that the deed `join` describes: {organisation, versions (the last is live), flags?}.

    Only letters of that slug tell it apart in ids, so two that join must differ in those.
    """
    slug = str(order["organisation"])
    versions = [str(version) for version in order["versions"]]
    releases = tuple(
        Release(version, f"dpl_{slug}{number}", f"{number:07x}", "Tom Okafor", (len(versions) - number) * DAY, version)
        for number, version in enumerate(versions)
    )
    return Organisation(
        slug=slug,
        name=slug.capitalize(),
        team=f"team_{slug}",
        project=f"prj_{slug}",
        project_name=slug,
        addresses=(f"{slug}.example", f"api.{slug}.example"),
        releases=releases,
        flags={str(key): bool(on) for key, on in (order.get("flags") or {}).items()},
    )
