"""Judge what PostHog answered to an annotation."""

from __future__ import annotations

from apps.providers.base import Outcome, OutcomeKind
from apps.providers.endings import LOOK, dig, outcome_of, unknown
from apps.providers.http import Answer


def annotation(answer: Answer, said: str, content: str) -> Outcome:
    """Return how the writing of an annotation ended."""
    if not answer.ok:
        return outcome_of(answer, "write an annotation", said)
    made = answer.json()
    if not dig(made, "id") or dig(made, "content") != content:
        return unknown(f"PostHog answered {answer.status}, but not with the annotation. {LOOK}", answer)
    text = "PostHog wrote the annotation."
    return Outcome(OutcomeKind.SUCCEEDED, text, status=answer.status, evidence={"annotation": dig(made, "id")})
