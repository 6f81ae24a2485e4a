"""Speak to Vercel: where it is, how to sign in, whose project it is, and how it words ids, times and errors."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from apps.providers.base import Access, ProviderError
from apps.providers.calling import Api, credential, segment
from apps.providers.endings import dig
from apps.providers.http import Answer

API = Api(
    "Vercel",
    "https://api.vercel.com",
    lambda access: {"Authorization": f"Bearer {credential(access, 'token', 'Vercel')}"},
)


def scope(access: Access) -> dict[str, str]:
    """Return the query that names the team; Vercel wants it on every call."""
    return {"teamId": access.settings.get("team_id", "")}


def project_path(access: Access) -> str:
    """Return the project's id as a path segment. Raises ProviderError for an id that cannot be one."""
    return segment(access.settings.get("project_id"), "a Vercel project id")


def id_of(deployment: Any) -> str:
    """Return a deployment's id: a list calls it `uid`, everything else `id`."""
    found = dig(deployment, "id") or dig(deployment, "uid")
    return found if isinstance(found, str) else ""


def error_code(answer: Answer) -> str:
    """Return Vercel's own code of an error, or an empty text."""
    try:
        body = answer.json()
    except ProviderError:
        return ""
    return str(dig(body, "error", "code") or dig(body, "err", "code") or dig(body, "code") or "")


def moment(milliseconds: Any) -> datetime | None:
    """Return the time that Vercel gives in milliseconds since the epoch, or None."""
    if isinstance(milliseconds, bool) or not isinstance(milliseconds, int | float):
        return None
    try:
        return datetime.fromtimestamp(milliseconds / 1000, UTC)
    except (OverflowError, ValueError, OSError):
        return None
