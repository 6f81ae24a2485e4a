"""Trouble at the simulated providers for one execution: ambiguous answers (F10), stale reads (F11), drift (F12)."""

from __future__ import annotations

import random
from typing import Any

from tests.faults.rig import VERSIONS, Rig, Slot

# Kinds for changing requests, with how often; `seconds` only where the kind knows them.
CHANGING: dict[str, int] = {
    "status": 4, "status_after": 5, "hang_before": 3, "hang_after": 4, "reset_before": 4, "reset_after": 5,
    "truncate": 3, "html": 2, "not_json": 3, "error_body": 2, "wrong_id": 2, "delay": 4, "redirect": 1, "drip": 1,
}  # fmt: skip
READING: dict[str, int] = {"status": 4, "reset_before": 3, "html": 1, "truncate": 1, "hang_before": 1}
CODES = (429, 500, 502, 503)
CODES_AFTER = (500, 502, 504)
# Seconds after which each provider shows what it has done, as its actions say; late and stale together stay below.
SETTLES = {"vercel": 3.0, "launchdarkly": 1.0, "slack": 2.0, "pagerduty": 2.0, "http": 2.0}
PROVIDERS = ("vercel", "launchdarkly", "slack", "pagerduty", "http")
MARKS = {"slack": r"{slot}[\s\S]*rollback-portal:"}  # only what a step posts, not the calls for votes


def script(rng: random.Random, slot: Slot) -> list[dict[str, Any]]:
    """Return the lines of trouble for one execution; often more than one, sometimes none."""
    lines = []
    for _ in range(rng.choices((0, 1, 2, 3), (15, 35, 35, 15))[0]):
        lines.append(rng.choices((_changing, _reading, _stale), (6, 2, 2))[0](rng, slot))
    return lines


def drift(rig: Rig, slot: Slot, rng: random.Random, target: str) -> None:
    """Somebody else moves production, and not to where the run wants it: that would be its success."""
    others = [number for number, version in enumerate(VERSIONS) if version != target]
    deployment = f"dpl_{slot.name}{rng.choice(others)}"
    rig.simulators.do("vercel", "move", project=f"prj_{slot.name}", deployment=deployment)


def inject(rig: Rig, lines: list[dict[str, Any]]) -> None:
    """Add lines to the simulators' script."""
    if lines:
        rig.simulators.control("faults", {"faults": lines})


def taken_back(rig: Rig, slot: Slot) -> list[dict[str, Any]]:
    """Remove a slot's lines; returns them with how often each hit."""
    gone: list[dict[str, Any]] = rig.simulators.control(f"faults?mark={slot.name}", method="DELETE")
    return gone


def _changing(rng: random.Random, slot: Slot) -> dict[str, Any]:
    slug = rng.choice(PROVIDERS)
    kind = rng.choices(list(CHANGING), list(CHANGING.values()))[0]
    line = {"kind": kind, "slug": slug, "mark": MARKS.get(slug, "{slot}").replace("{slot}", slot.name)}
    if kind in {"status", "status_after"}:
        # After an effect no provider answers 429 or 503: those are documented as "nothing was done".
        line["status"] = rng.choice(CODES if kind == "status" else CODES_AFTER)
        if line["status"] == 429:
            line["retry_after"] = rng.choice(("1", "2", "0"))
    if kind in {"hang_before", "hang_after"}:
        line["seconds"] = round(rng.uniform(0.3, 3.0), 2)
    if kind == "delay":  # it takes effect after the client has left, but not for ever after
        line["seconds"] = round(rng.uniform(0.3, 1.0 + 0.4 * SETTLES[slug]), 2)
    if kind == "drip":
        line["seconds"] = 0.05
    if kind == "redirect":
        line["location"] = "http://169.254.169.254/latest/meta-data/"
    return line | {"times": rng.choices((1, 2), (8, 2))[0], "skip": rng.choices((0, 1), (8, 2))[0]}


def _reading(rng: random.Random, slot: Slot) -> dict[str, Any]:
    kind = rng.choices(list(READING), list(READING.values()))[0]
    line: dict[str, Any] = {"kind": kind, "slug": rng.choice(PROVIDERS[:4]), "mark": slot.name, "reads": True}
    if kind == "status":
        line["status"] = rng.choice(CODES[1:])
    if kind == "hang_before":
        line["seconds"] = round(rng.uniform(0.3, 2.0), 2)
    return line | {"times": rng.randint(1, 4)}


def _stale(rng: random.Random, slot: Slot) -> dict[str, Any]:
    slug = rng.choice(("vercel", "launchdarkly", "slack", "pagerduty"))
    return {
        "kind": "stale", "slug": slug, "mark": slot.name, "reads": True, "times": rng.randint(1, 8),
        "flapping": rng.random() < 0.3, "seconds": round(rng.uniform(0.1, 0.4) * SETTLES[slug], 2),
    }  # fmt: skip
