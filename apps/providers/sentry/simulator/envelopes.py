"""What applications send: envelopes of events for the project whose public key they carry. Errors count at once."""

import gzip
import json
import re
import zlib
from typing import Any

from ...simulation.messages import Malformed, Refused, Request, Response, answer
from ...simulation.organisations import ORGANISATIONS
from ...simulation.routing import Routes
from ...simulation.world import World

ROUTES = Routes()
KEY = re.compile(r"sentry_key=([0-9a-f]{32})")


def public_key(slug: str) -> str:
    """The public key in an organization's DSN: 32 hex digits."""
    return slug.encode().hex()[:32].ljust(32, "0")


@ROUTES.add("POST", "/api/{project}/envelope/")
def envelope(world: World, request: Request, project: str) -> Response:
    """Takes the events of an envelope and counts those that are errors."""
    given = f"{request.headers.get('x-sentry-auth', '')} sentry_key={request.first('sentry_key')}"
    found = KEY.search(given)
    slug = next((o.slug for o in ORGANISATIONS if found and public_key(o.slug) == found[1]), None)
    if slug is None:
        raise Refused(answer(403, {"detail": "bad sentry DSN public key"}))
    lines = [_line(line) for line in _opened(request).split(b"\n") if line.strip()]
    errors = sum(line.get("type") == "event" and "length" in line for line in lines)
    if errors:
        minute = str(int(world.now() // 60 * 60))
        counts = world.state("sentry").setdefault("sent", {}).setdefault(slug, {})
        counts[minute] = counts.get(minute, 0) + errors
        request.effect("events", errors=errors)
    return answer(200, {"id": lines[0].get("event_id") if lines else None})


def sent(world: World, slug: str, minute: int) -> int:
    """How many errors applications have sent in the minute that begins then (epoch seconds)."""
    counts: dict[str, int] = world.state("sentry").get("sent", {}).get(slug, {})
    return counts.get(str(minute), 0)


def _opened(request: Request) -> bytes:
    if request.headers.get("content-encoding") != "gzip":
        return request.body
    try:
        return gzip.decompress(request.body)
    except (OSError, EOFError, zlib.error) as error:
        raise Malformed(str(error)) from error


def _line(line: bytes) -> dict[str, Any]:
    """A line of an envelope; an attachment's bytes are none."""
    try:
        told = json.loads(line)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}
