"""Judge what Cachet answered to a change."""

from __future__ import annotations

from typing import Any

from apps.providers.base import Outcome, OutcomeKind
from apps.providers.endings import LOOK, dig, outcome_of, quoted, refused, unknown
from apps.providers.http import Answer


def outcome(answer: Answer, said: str, doing: str, done: str, wanted: dict[str, Any]) -> Outcome:
    """Return how a change ended; the answer has to show every attribute in `wanted` and the status in it."""
    if answer.status == 401:
        return refused(
            f"Cachet does not know the token. Nothing was changed. Enter a valid one to {doing}.", answer=answer
        )
    if answer.status == 403:
        text = "Give it incidents.manage, incident-updates.manage and components.manage."
        return refused(f"Cachet's token lacks the right to {doing}. Nothing was changed. {text}", answer=answer)
    if not answer.ok:
        return outcome_of(answer, doing, said)
    body = answer.json()
    key, shown = dig(body, "data", "id"), dig(body, "data", "attributes")
    if not str(key or "") or any(_value(dig(shown, name)) != value for name, value in wanted.items()):
        return unknown(f"Cachet answered {answer.status}, but does not show what was asked for. {LOOK}", answer)
    return Outcome(OutcomeKind.SUCCEEDED, done, status=answer.status, evidence={"id": quoted(key)})


def words(state: str) -> str:
    """Return a status in words."""
    return state.replace("_", " ") or "in a state of its own"


def _value(attribute: Any) -> Any:
    """Return an attribute; of one such as the status, which Cachet shows with its name, the number."""
    return attribute.get("value") if isinstance(attribute, dict) else attribute
