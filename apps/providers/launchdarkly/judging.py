"""Judge what LaunchDarkly answered to a change of a flag, and put a flag's state into words."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from apps.providers.base import Outcome, OutcomeKind
from apps.providers.endings import dig, later, outcome_of, quoted, refused, unknown
from apps.providers.http import Answer

RETRY_AFTER_CONFLICT_SECONDS = 1.0


def needs_approval(answer: Answer, said: str, flag: str, environment: str, wanted: bool, standing: str) -> Outcome:
    """Return the outcome where people must agree in LaunchDarkly first; `standing` says what lies before them."""
    quote = f" It says: “{said}”." if said else ""
    return refused(
        f"LaunchDarkly wants an approval for changes in {environment}.{quote} {flag} was not changed; "
        f"trying again cannot help. {standing} Have it turned {'on' if wanted else 'off'} there, then adopt this step.",
        needs_operator=True,
        answer=answer,
    )


def outcome(answer: Answer, said: str, flag: str, environment: str, wanted: bool) -> Outcome:
    """Return how the change of one flag ended."""
    word = "on" if wanted else "off"
    quote = f" It says: “{said}”." if said else ""
    if answer.ok:
        return _confirmed(answer, flag, environment, wanted)
    if answer.status == 409:
        # Documented: all or nothing, and safe to send again.
        text = f"Somebody changed {flag} at the same moment (409).{quote} It was not turned {word}."
        return later(text, answer, RETRY_AFTER_CONFLICT_SECONDS)
    if answer.status == 404:
        return refused(
            f"LaunchDarkly knows no flag {flag} in this project, or the token may not see it.{quote} "
            f"{flag} was not changed. Correct the list of flags.",
            answer=answer,
        )
    ended = outcome_of(answer, f"turn {flag} {word}", said)
    # Other flags of the same step may have been turned already.
    return replace(ended, message=ended.message.replace("Nothing was changed", f"{flag} was not changed"))


def words(body: Any, environment: str) -> str:
    """Return a flag's state in words, with what it serves while it is off."""
    if dig(body, "environments", environment, "on"):
        return "on"
    index = dig(body, "environments", environment, "offVariation")
    variation = dig(body, "variations", index) if isinstance(index, int) else None
    if variation is None:
        return "off; applications use their own default"
    return f"off, serves {quoted(dig(variation, 'name') or dig(variation, 'value'))}"


def _confirmed(answer: Answer, flag: str, environment: str, wanted: bool) -> Outcome:
    body = answer.json()
    if dig(body, "key") != flag:
        return unknown(f"LaunchDarkly answered {answer.status}, but not with the flag {flag}.", answer)
    if dig(body, "environments", environment, "on") not in (wanted, None):
        return unknown(f"LaunchDarkly answered {answer.status}, but shows {flag} unchanged.", answer)
    return Outcome(
        OutcomeKind.SUCCEEDED,
        f"LaunchDarkly turned {flag} {'on' if wanted else 'off'} in {environment}.",
        status=answer.status,
        evidence={"version": dig(body, "environments", environment, "version") or dig(body, "_version")},
    )
