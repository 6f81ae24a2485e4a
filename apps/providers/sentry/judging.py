"""Judge what Sentry answered to a release or a deploy."""

from __future__ import annotations

from apps.providers.base import Outcome, OutcomeKind
from apps.providers.endings import LOOK, dig, outcome_of, unknown
from apps.providers.http import Answer

ALREADY_THERE = 208


def release(answer: Answer, said: str, version: str) -> Outcome:
    """Return how the making of a release ended: 201 is made, 208 was there and counts as well."""
    if not answer.ok:
        return outcome_of(answer, f"create the release {version}", said)
    if dig(answer.json(), "version") != version:
        return unknown(f"Sentry answered {answer.status}, but not with the release {version}. {LOOK}", answer)
    text = f"Sentry {'already had' if answer.status == ALREADY_THERE else 'made'} the release {version}."
    return Outcome(OutcomeKind.SUCCEEDED, text, status=answer.status)


def deploy(answer: Answer, said: str, version: str, environment: str) -> Outcome:
    """Return how the recording of a deploy ended."""
    doing = f"record a deploy of {version} to {environment}"
    if answer.status == 404:
        text = f"{doing}; it knows no release {version} (create the release first)"
        return outcome_of(answer, text, said)
    if not answer.ok:
        return outcome_of(answer, doing, said)
    made = answer.json()
    if not dig(made, "id") or dig(made, "environment") != environment:
        return unknown(f"Sentry answered {answer.status}, but not with the deploy. {LOOK}", answer)
    text = f"Sentry recorded the deploy of {version} to {environment}."
    return Outcome(OutcomeKind.SUCCEEDED, text, status=answer.status, evidence={"deploy": dig(made, "id")})
