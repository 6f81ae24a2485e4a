"""Judge what PagerDuty answered to a page or a note."""

from __future__ import annotations

from typing import Any

from apps.providers.base import Outcome, OutcomeKind, ProviderError
from apps.providers.endings import LOOK, dig, later, outcome_of, quoted, refused, unknown
from apps.providers.http import Answer

# PagerDuty's own error codes.
ALREADY_RESOLVED, ALREADY_ACKNOWLEDGED, UPDATED_MEANWHILE = 1001, 1002, 1005
REQUESTER_UNKNOWN = 1008  # the From address is no user
RETRY_AFTER_UPDATE_SECONDS = 1.0
EVENTS = {
    "trigger": ("page the people on call", "page the people on call"),
    "acknowledge": ("acknowledge the incident", "acknowledge the incident with this key, if one is open"),
    "resolve": ("resolve the incident", "resolve the incident with this key, if one is open"),
}
DOING = {
    "note": "add a note to the incident {}",
    "status_update": "tell the stakeholders of the incident {}",
    "responder_request": "ask people to join the incident {}",
}
ALREADY_THERE = "PagerDuty already has the incident with our key."


def event(answer: Answer, said: str, action: str, key: str) -> Outcome:
    """Return how an event ended. 202 means taken: what it does shows later, and one for an unknown key does nothing."""
    doing, done = EVENTS[action]
    if not answer.ok:
        return outcome_of(answer, doing, said)
    body = answer.json()
    if dig(body, "status") != "success" or dig(body, "dedup_key") not in (key, None):
        return unknown(f"PagerDuty answered {answer.status}, but did not confirm the event. {LOOK}", answer)
    text = f"PagerDuty took the event and will {done}."
    return Outcome(OutcomeKind.SUCCEEDED, text, status=answer.status, evidence={"dedup_key": key})


def moved(answer: Answer, said: str, status: str) -> Outcome:
    """Return how setting an incident's status ended; being so already is what was wanted."""
    code = dig(_json(answer), "error", "code") if not answer.ok else None
    already = {"resolved": ALREADY_RESOLVED, "acknowledged": ALREADY_ACKNOWLEDGED}[status]
    if answer.status in (400, 409) and code == already:
        return Outcome(OutcomeKind.SUCCEEDED, f"The incident was {status} already.", status=answer.status)
    if answer.status in (400, 409) and code == UPDATED_MEANWHILE:
        text = f"Somebody changed the incident at the same moment. It says: “{said}”. It was not {status}."
        return later(text, answer, RETRY_AFTER_UPDATE_SECONDS)
    if not answer.ok:
        return _refusal(answer, said, f"set the incident to {status}")
    body = dig(answer.json(), "incident")
    if dig(body, "status") != status:
        return unknown(
            f"PagerDuty answered {answer.status}, but does not show the incident as {status}. {LOOK}", answer
        )
    evidence = {"incident": dig(body, "id")}
    text = f"PagerDuty shows the incident {quoted(dig(body, 'id'))} as {status}."
    return Outcome(OutcomeKind.SUCCEEDED, text, status=answer.status, evidence=evidence)


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


def written(answer: Answer, said: str, proof: tuple[str, str], done: str, incident_id: str) -> Outcome:
    """Return how writing on an incident ended; `proof` is where the answer shows that it was written."""
    if not answer.ok:
        return _refusal(answer, said, DOING[proof[0]].format(incident_id))
    made = dig(answer.json(), *proof)
    if not made:
        return unknown(f"PagerDuty answered {answer.status}, but not with what was written. {LOOK}", answer)
    text = f"PagerDuty {done} the incident {incident_id}."
    return Outcome(OutcomeKind.SUCCEEDED, text, status=answer.status, evidence={proof[0]: made})


def _refusal(answer: Answer, said: str, doing: str) -> Outcome:
    if answer.status == 402:
        text = (
            f"PagerDuty refused to {doing}: the account's plan does not have this (“{said}”). Nothing was changed. "
            "Do it by hand in another way, or ask PagerDuty for the ability."
        )
        return refused(text, answer=answer)
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
