"""Judge what Statuspage answered to a change."""

from __future__ import annotations

from typing import Any

from apps.providers.base import Outcome, OutcomeKind
from apps.providers.endings import LOOK, dig, later, outcome_of, quoted, refused, unknown
from apps.providers.http import Answer
from apps.providers.statuspage.wire import LIMIT_WAIT_SECONDS, LIMITED


def incident(answer: Answer, said: str, doing: str, done: str, wanted: dict[str, Any]) -> Outcome:
    """Return how a change of an incident ended; the answer has to show every value in `wanted`."""
    if not answer.ok:
        return _refused(answer, said, doing)
    body = answer.json()
    key = dig(body, "id")
    if not isinstance(key, str) or any(dig(body, name) != value for name, value in wanted.items()):
        return unknown(f"Statuspage answered {answer.status}, but does not show what was asked for. {LOOK}", answer)
    evidence = {"incident": quoted(key), "status": quoted(dig(body, "status"))}
    link = dig(body, "shortlink")
    address = link if isinstance(link, str) and link.startswith(("https://", "http://")) else ""
    return Outcome(OutcomeKind.SUCCEEDED, done, status=answer.status, evidence=evidence, external_url=address)


def component(answer: Answer, said: str, key: str, name: str, state: str) -> Outcome:
    """Return how setting the status of one component ended."""
    if not answer.ok:
        return _refused(answer, said, f"set {name} to {state}")
    body = answer.json()
    if (dig(body, "id"), dig(body, "status")) != (key, state):
        return unknown(f"Statuspage answered {answer.status}, but does not show {name} as {state}. {LOOK}", answer)
    text = f"Statuspage shows {name} as {words(state)}."
    return Outcome(OutcomeKind.SUCCEEDED, text, status=answer.status, evidence={"component": key})


def words(state: Any) -> str:
    """Return a status in words."""
    return quoted(state).replace("_", " ") or "nothing"


def _refused(answer: Answer, said: str, doing: str) -> Outcome:
    if answer.status in LIMITED:
        text = (
            f"Statuspage takes one request a second and this was one too many ({answer.status}). Nothing was changed."
        )
        return later(text, answer, LIMIT_WAIT_SECONDS)
    if answer.status == 404:
        text = f"Statuspage does not find the page, the incident or the component when asked to {doing}."
        return refused(f"{text} Nothing was changed. Check the page id and what the key may see.", answer=answer)
    return outcome_of(answer, doing, said)
