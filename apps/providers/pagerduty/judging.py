"""Judge what PagerDuty answered to a page or a note."""

from __future__ import annotations

from typing import Any

from apps.providers.base import Outcome, OutcomeKind, ProviderError
from apps.providers.endings import LOOK, dig, outcome_of, quoted, refused, unknown
from apps.providers.http import Answer

REQUESTER_UNKNOWN = 1008  # error code: the From address is no user
ALREADY_THERE = "PagerDuty already has the incident with our key."


def event(answer: Answer, said: str, key: str) -> Outcome:
    """Return how an event ended. 202 means taken, not yet an incident."""
    if not answer.ok:
        return outcome_of(answer, "page the people on call", said)
    body = answer.json()
    if dig(body, "status") != "success" or dig(body, "dedup_key") not in (key, None):
        return unknown(f"PagerDuty answered {answer.status}, but did not confirm the event. {LOOK}", answer)
    text = "PagerDuty took the event and will page the people on call."
    return Outcome(OutcomeKind.SUCCEEDED, text, status=answer.status, evidence={"dedup_key": key})


def incident(answer: Answer, said: str, key: str, there: Any) -> Outcome:
    """Return how the making of an incident ended; `there` is what our key had made before, if anything."""
    made = there or (dig(answer.json(), "incident") if answer.ok else None)
    if answer.ok and (not dig(made, "id") or dig(made, "incident_key") not in (key, None)):
        return unknown(f"PagerDuty answered {answer.status}, but not with an incident. {LOOK}", answer)
    if made:
        text = ALREADY_THERE if there else f"PagerDuty made the incident {quoted(dig(made, 'id'))}."
        return Outcome(
            OutcomeKind.SUCCEEDED,
            text,
            status=answer.status,
            evidence={"incident": dig(made, "id")},
            external_url=str(dig(made, "html_url") or ""),
        )
    return _refusal(answer, said, "make an incident")


def note(answer: Answer, said: str, incident_id: str) -> Outcome:
    """Return how the writing of a note ended."""
    if not answer.ok:
        return _refusal(answer, said, f"add a note to the incident {incident_id}")
    made = dig(answer.json(), "note", "id")
    if not made:
        return unknown(f"PagerDuty answered {answer.status}, but not with the note. {LOOK}", answer)
    text = f"PagerDuty added the note to the incident {incident_id}."
    return Outcome(OutcomeKind.SUCCEEDED, text, status=answer.status, evidence={"note": made})


def _refusal(answer: Answer, said: str, doing: str) -> Outcome:
    if answer.status == 400 and answer.body and dig(_json(answer), "error", "code") == REQUESTER_UNKNOWN:
        text = (
            f"PagerDuty refused to {doing}: “{said}”. Nothing was changed. The connection's “From” must be "
            "the e-mail address of a PagerDuty user."
        )
        return refused(text, answer=answer)
    return outcome_of(answer, doing, said)


def _json(answer: Answer) -> Any:
    try:
        return answer.json()
    except ProviderError:
        return None
