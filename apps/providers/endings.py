"""Turn the end of a mutating exchange into an Outcome, in the words of a tired person, the same for every
provider.

What is not here is what one provider's documentation says differently; that is the adapter's to know.
"""

from __future__ import annotations

import functools
import logging
import re
import time
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

from apps.providers.base import Observation, Outcome, OutcomeKind, ProviderError, Seen
from apps.providers.http import Answer, Lost, NotSent, UnreadableAnswer

logger = logging.getLogger(__name__)

LONGEST_WAIT_SECONDS = 300.0
LONGEST_QUOTE = 200
RESET_HEADERS = ("x-ratelimit-reset", "ratelimit-reset", "x-sentry-rate-limit-reset")
NOT_DEFINITIVE = {408, 409, 423, 425, 429}  # 4xx that do not say "no" for good
LOOK = "Whether it had an effect is not known: look at the provider's state before anything is repeated."


def retry_after_seconds(headers: Mapping[str, str], now: float | None = None) -> float | None:
    """Return for how many seconds the provider asks to wait, between 0 and 300, or None when it does not say.

    Reads Retry-After as seconds or HTTP date; else a reset header as epoch milliseconds (LaunchDarkly), epoch
    seconds (Vercel, Sentry) or seconds from now (PagerDuty, Datadog). `now` is the epoch in seconds.
    """
    now = time.time() if now is None else now
    seconds = _retry_after(headers.get("retry-after", ""), now)
    for name in RESET_HEADERS:
        if seconds is None:
            seconds = _reset(headers.get(name, ""), now)
    return None if seconds is None else min(max(seconds, 0.0), LONGEST_WAIT_SECONDS)


def _retry_after(text: str, now: float) -> float | None:
    if re.fullmatch(r"\s*\d{1,12}(\.\d+)?\s*", text):
        return float(text)
    try:
        return parsedate_to_datetime(text).timestamp() - now
    except (ValueError, TypeError, OverflowError):
        return None


def _reset(text: str, now: float) -> float | None:
    if not re.fullmatch(r"\d{1,15}(\.\d+)?", text.strip()):
        return None
    number = float(text)
    if number >= 1e11:
        return number / 1000 - now
    return number - now if number >= 1e9 else number


def wait_of(answer: Answer) -> float | None:
    """Return how long an answer asks to wait; reset headers stand on every answer and count only on a 429."""
    headers = answer.headers
    if answer.status != 429:
        headers = {name: value for name, value in headers.items() if name not in RESET_HEADERS}
    return retry_after_seconds(headers)


def not_sent(error: NotSent) -> Outcome:
    """Return the outcome of a request of which no byte left."""
    return Outcome(OutcomeKind.NOT_SENT, str(error), retryable=True)


def lost(error: Lost | UnreadableAnswer) -> Outcome:
    """Return the outcome of a request whose answer never came whole, or cannot be understood."""
    return Outcome(OutcomeKind.AMBIGUOUS, f"{error} {LOOK}", retryable=True)


def refused(message: str, *, needs_operator: bool = False, answer: Answer | None = None) -> Outcome:
    """Return the outcome of a definitive no: nothing was changed and repeating will not help."""
    return Outcome(
        OutcomeKind.REJECTED, message, status=answer.status if answer else None, needs_operator=needs_operator
    )


def later(message: str, answer: Answer, seconds: float | None = None) -> Outcome:
    """Return the outcome of "not now": nothing was changed, try again after the time that was asked for."""
    wait = wait_of(answer)
    return Outcome(
        OutcomeKind.RETRY_LATER,
        message,
        status=answer.status,
        retry_after_seconds=seconds if wait is None else wait,
        retryable=True,
    )


def unknown(message: str, answer: Answer) -> Outcome:
    """Return the outcome of an answer that does not tell whether something was changed."""
    return Outcome(
        OutcomeKind.AMBIGUOUS,
        message,
        status=answer.status,
        retry_after_seconds=wait_of(answer),
        retryable=True,
    )


def outcome_of(answer: Answer, doing: str, said: str = "") -> Outcome:
    """Classify an answer that is not 2xx by its status alone.

    `doing` completes "asked to …"; `said` is the provider's own text, already redacted.
    """
    quote = f" It says: “{said}”." if said else ""
    head = f"{answer.name} answered {answer.status} {_phrase(answer.status)} when asked to {doing}.{quote}"
    if answer.status in (423, 425, 429):
        return later(f"{head} Nothing was changed; it asks to try again later.", answer)
    if answer.status in (307, 308):
        return refused(f"{head} Redirects are not followed. Nothing was changed; correct the connection's address.")
    if answer.status in (401, 403):
        return refused(f"{head} Nothing was changed. Check the connection's credentials and rights.", answer=answer)
    if 400 <= answer.status < 500 and answer.status not in NOT_DEFINITIVE:
        return refused(f"{head} Nothing was changed.", answer=answer)
    return unknown(f"{head} {LOOK}", answer)


def quoted(text: Any) -> str:
    """Return a provider's text on one line, without control characters, at most 200 characters long."""
    line = " ".join("".join(c if c.isprintable() else " " for c in str(text or "")).split())
    return line if len(line) <= LONGEST_QUOTE else line[: LONGEST_QUOTE - 1] + "…"


def dig(value: Any, *path: str | int) -> Any:
    """Return what lies at `path` inside parsed JSON, or None where the way ends."""
    for key in path:
        if isinstance(value, dict) and isinstance(key, str):
            value = value.get(key)
        elif isinstance(value, list) and isinstance(key, int) and -len(value) <= key < len(value):
            value = value[key]
        else:
            return None
    return value


def ends_in_an_outcome(apply: Callable[..., Outcome]) -> Callable[..., Outcome]:
    """Decorate `apply` so that every ending is an Outcome: a flaw of ours counts as unknown, never as
    success.
    """

    @functools.wraps(apply)
    def applied(provider: Any, access: Any, call: Any, sending: Any) -> Outcome:
        if problems := provider.problems(call):
            return refused(f"{' '.join(problems)} Nothing was sent.")
        try:
            return apply(provider, access, call, sending)
        except NotSent as error:
            return not_sent(error)
        except (Lost, UnreadableAnswer) as error:
            return lost(error)
        except ProviderError as error:
            return refused(f"{error} Nothing was sent.")
        except Exception as error:
            logger.exception("%s: applying %s failed in our own code", provider.slug, call.action)
            text = f"The portal failed while it talked to {provider.name} ({type(error).__name__}). {LOOK}"
            return Outcome(OutcomeKind.AMBIGUOUS, text, needs_operator=True)

    return applied


def ends_in_an_observation(observe: Callable[..., Observation]) -> Callable[..., Observation]:
    """Decorate `observe` so that whatever cannot be read is said, not raised."""

    @functools.wraps(observe)
    def observed(provider: Any, access: Any, call: Any, sending: Any = None) -> Observation:
        if problems := provider.problems(call):
            return Observation(Seen.UNREADABLE, " ".join(problems))
        try:
            return observe(provider, access, call, sending)
        except ProviderError as error:
            return Observation(Seen.UNREADABLE, str(error))
        except Exception as error:
            logger.exception("%s: observing %s failed in our own code", provider.slug, call.action)
            text = f"{provider.name} gave an answer that the portal cannot read ({type(error).__name__})."
            return Observation(Seen.UNREADABLE, text)

    return observed


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
