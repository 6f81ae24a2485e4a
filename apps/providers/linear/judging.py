"""Judge what Linear answered to a change: the error's type says more than the status."""

from __future__ import annotations

from typing import Any

from apps.providers.base import Access, Outcome, OutcomeKind
from apps.providers.endings import LONGEST_WAIT_SECONDS, LOOK, dig, outcome_of, quoted, refused, unknown
from apps.providers.http import Answer
from apps.providers.linear.wire import DEFINITIVE, RATE_LIMITED, refusal, wait_seconds

WAIT_SECONDS = 60.0  # where Linear does not say how long


def outcome(access: Access, answer: Answer, field: str, thing: str, doing: str) -> Outcome:
    """Return how a mutation ended; its payload is `data.<field>.<thing>`. `doing` completes “asked to …”."""
    if (said := refusal(access, answer)) is not None:
        return _refused(answer, said.kind, said.words, doing)
    if not answer.ok:
        return outcome_of(answer, doing, "")
    payload = dig(answer.json(), "data", field)
    made = dig(payload, thing)
    if dig(payload, "success") is not True or not isinstance(dig(made, "id"), str):
        return unknown(f"Linear answered {answer.status}, but did not confirm it when asked to {doing}. {LOOK}", answer)
    name = quoted(dig(made, "identifier") or "")
    text = f"Linear did it when asked to {doing}{f': it is {name}' if name else ''}."
    evidence = {thing: dig(made, "id"), **({"identifier": name} if name else {})}
    page = str(dig(made, "url") or "")
    return Outcome(OutcomeKind.SUCCEEDED, text, answer.status, evidence=evidence, external_url=page)


def already(text: str, found: Any) -> Outcome:
    """Return the outcome of a change whose effect is there already."""
    page = str(dig(found, "url") or "")
    return Outcome(OutcomeKind.SUCCEEDED, text, evidence={"id": dig(found, "id")}, external_url=page)


def _refused(answer: Answer, kind: str, words: str, doing: str) -> Outcome:
    head = f"Linear answered {answer.status} when asked to {doing}: “{words}” ({kind})."
    if kind == RATE_LIMITED:
        wait = wait_seconds(answer)
        seconds = min(WAIT_SECONDS if wait is None else wait, LONGEST_WAIT_SECONDS)
        text = f"{head} Nothing was changed; it asks to try again later."
        return Outcome(OutcomeKind.RETRY_LATER, text, answer.status, seconds, retryable=True)
    if kind == "usage limit exceeded":
        text = f"{head} Nothing was changed. The plan's limit is reached: archive issues or upgrade."
        return refused(text, needs_operator=True, answer=answer)
    if kind in ("authentication error", "forbidden"):
        return refused(f"{head} Nothing was changed. Check the token and its rights.", answer=answer)
    if kind in DEFINITIVE:
        return refused(f"{head} Nothing was changed.", answer=answer)
    return unknown(f"{head} {LOOK}", answer)


def unconfirmed(answer: Answer, doing: str) -> Outcome:
    """Return the outcome of a yes that shows something else than what was asked for."""
    return unknown(f"Linear answered {answer.status} when asked to {doing}, but shows another status. {LOOK}", answer)
