"""What a visitor gets at this moment, out of what hosting serves, which flags are on and what the cache
holds.
"""

import zlib
from dataclasses import dataclass
from typing import Any

from ..simulation import traffic
from ..simulation.organisations import ORGANISATIONS, Organisation, ordered
from ..simulation.world import World

FAILING_PERCENT = 34  # of share links while the broken release serves with its flags on
FAILING_PERCENT_FLAGS_OFF = 25  # the release has changed the signature even where its flags are off
RELEASE_FLAGS = ("new-share-links", "share-signing-v2")
DEMO_LINK = 7  # the position of the link called `demo`: it fails while the broken release serves


@dataclass(frozen=True)
class Visit:
    """One visit to one address of a site."""

    organisation: Organisation
    deployment: str
    version: str
    commit: str
    broken: bool
    paused: bool


def visit(world: World, slug: str, position: int) -> Visit | None:
    """Who answers at address number `position` of an organisation's project; None for an unknown one."""
    organisation = _organisation(world, slug)
    if organisation is None:
        return None
    deployment = traffic.serving(world, organisation.project, position)
    return Visit(
        organisation,
        deployment["id"],
        deployment["version"],
        deployment["commit"],
        bool(deployment["broken"]),
        bool(world.state("vercel")["projects"][organisation.project]["paused"]),
    )


def _organisation(world: World, slug: str) -> Organisation | None:
    joined = world.state("site").get("joined", {})
    if slug in joined:
        return ordered(joined[slug])
    return next((organisation for organisation in ORGANISATIONS if organisation.slug == slug), None)


def link_opens(world: World, seen: Visit, link: str) -> bool:
    """Whether a share link opens; the same link gives the same answer as long as nothing changes."""
    place = _place(link)
    if seen.broken:
        return place >= (FAILING_PERCENT if _flags_on(world, seen) else FAILING_PERCENT_FLAGS_OFF)
    cached = world.state("upstash")["databases"][seen.organisation.slug].get(f"share:{link}")
    return bool(cached != "signed-with-key-2")


def _place(link: str) -> int:
    """Where a link stands, 0 to 99: spread evenly over consecutive numbers."""
    if link == "demo":
        return DEMO_LINK
    digits = link.rpartition("-")[2]
    return (int(digits) * 37 if digits.isdecimal() else zlib.crc32(link.encode())) % 100


def _flags_on(world: World, seen: Visit) -> bool:
    flags: dict[str, Any] = world.state("launchdarkly")["accounts"][seen.organisation.slug]["flags"]
    places = [flags[name]["environments"]["production"] for name in RELEASE_FLAGS if name in flags]
    return any(place["on"] for place in places)
