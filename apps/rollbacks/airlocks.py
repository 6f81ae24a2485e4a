"""The airlock: what is asked of a provider before something destructive is planned, and once more before it is sent.

Reads only, and is called outside any transaction. What it tells stands in the plan, so that people agree to exactly it.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.conf import settings

from apps.providers.base import Access, Airlock, Call, Provider, ProviderError, Risk
from apps.rollbacks.held import HeldRun
from apps.rollbacks.journal import Journal

logger = logging.getLogger(__name__)

UNTOLD = "It cannot be told what would be lost, so nothing is let out."


@dataclass(frozen=True)
class Judged:
    """What a provider told of one destructive call, and the sentences that forbid it."""

    airlock: Airlock | None
    refusals: Sequence[str] = ()


def judge(provider: Provider, access: Access, call: Call) -> Judged:
    """Ask the provider what a call would lose and whether it can be done. Whatever it cannot tell is a refusal."""
    try:
        found = provider.airlock(access, call)
    except ProviderError as error:
        return Judged(None, (f"{error} {UNTOLD}",))
    except Exception as error:
        logger.exception("%s: the airlock of %s failed in our own code", provider.slug, call.action)
        unread = f"{provider.name} gave an answer that the portal cannot read ({type(error).__name__}). {UNTOLD}"
        return Judged(None, (unread,))
    return Judged(found, tuple(found.refusals) if found else ())


def why_not_now(held: HeldRun, position: int, part: str, journal: Journal) -> str:
    """Return why an approved destructive part must not be sent after all, or an empty text."""
    planned = held.planned[position]
    if planned.said.get("risk") != Risk.DESTRUCTIVE:
        return ""
    held.heart.phase(settings.ENGINE_CALL_SECONDS + 10)
    access = held.access(planned)
    with journal.listening():
        refusals = judge(planned.provider, access, planned.call(part)).refusals
    return " ".join([*refusals, "Nothing was sent."]) if refusals else ""


def as_planned(airlock: Airlock) -> dict[str, Any]:
    """Return what people agree to, as it stands in the plan. Times are in UTC."""
    return {
        "loses": airlock.loses,
        "safety_copy": airlock.safety_copy,
        "lost_from": _in_utc(airlock.lost_from),
        "lost_until": _in_utc(airlock.lost_until),
    }


def _in_utc(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat(timespec="seconds") if moment else None
