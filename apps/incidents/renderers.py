"""How the pages of incidents look in a stream: the same fragments and contexts as the first paint."""

from __future__ import annotations

from typing import Any

from django.template.loader import render_to_string

from apps.accounts.seeing import sight_from
from apps.incidents import home, live, page
from apps.timeline import stream
from apps.timeline.models import Event

ABOUT_NOW = {"environment", "deployment", "service", "freeze", "question", "incident", "rollback"}


def register() -> None:
    """Tell the stream how its topics look."""
    stream.register("now", concerns=_concerns_now, render=_now)
    stream.register("incident", concerns=_concerns_incident, render=lambda key, audience: _incident(key, False))
    stream.register(
        "incident-oldest-first", concerns=_concerns_incident, render=lambda key, audience: _incident(key, True)
    )


def _concerns_now(event: Event, key: str) -> bool:
    return event.incident_id is not None or event.subject_kind in ABOUT_NOW


def _concerns_incident(event: Event, key: str) -> bool:
    return str(event.incident_id) == key


def _now(key: str, audience: str) -> str:
    context = home.context(key, sight=sight_from(audience.removeprefix(live.INSIDE)))
    return render_to_string("incidents/_home_partials.html", {**context, "streamed": True})


def _incident(key: str, oldest_first: bool) -> str:
    context: dict[str, Any] = page.read(key, oldest_first=oldest_first)
    return render_to_string("incidents/_incident_partials.html", {**context, "streamed": True})
