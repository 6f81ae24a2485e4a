"""Judge what Datadog answered to an event."""

from __future__ import annotations

from apps.providers.base import Outcome, OutcomeKind
from apps.providers.endings import LOOK, dig, outcome_of, unknown
from apps.providers.http import Answer


def event(answer: Answer, said: str) -> Outcome:
    """Return how the posting of an event ended. 202 means taken; it is seen a little later."""
    if not answer.ok:
        return outcome_of(answer, "post an event", said)
    body = answer.json()
    number = dig(body, "event", "id_str") or dig(body, "event", "id")
    if dig(body, "status") != "ok" or not number:
        return unknown(f"Datadog answered {answer.status}, but not with the event. {LOOK}", answer)
    url = str(dig(body, "event", "url") or "")
    evidence = {"event": str(number)}
    return Outcome(
        OutcomeKind.SUCCEEDED, "Datadog took the event.", status=answer.status, evidence=evidence, external_url=url
    )
