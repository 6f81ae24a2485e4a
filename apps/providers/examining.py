"""What every adapter's checks share: an ending for what cannot be read, how a measured value is judged, and a
provider that has nothing but checks.
"""

from __future__ import annotations

import functools
import logging
import math
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from apps.providers.answers import CheckResult, Observation, Outcome, OutcomeKind, ProviderError, Seen
from apps.providers.base import Access, Call, Provider, Sending
from apps.providers.declaring import Check

logger = logging.getLogger(__name__)


class ReadsOnly(Provider):
    """A provider that can be asked and changes nothing: its two verbs about actions say so."""

    def observe(self, access: Access, call: Call, sending: Sending | None = None) -> Observation:
        """Say that there is nothing to look at."""
        return Observation(Seen.UNREADABLE, " ".join(self.problems(call)))

    def apply(self, access: Access, call: Call, sending: Sending) -> Outcome:
        """Refuse; nothing is sent."""
        return Outcome(OutcomeKind.REJECTED, f"{' '.join(self.problems(call))} Nothing was sent.")


def ends_in_a_check_result(examine: Callable[..., CheckResult]) -> Callable[..., CheckResult]:
    """Decorate `examine` so that whatever cannot be asked or read is said, not raised: `holds` is then None."""

    @functools.wraps(examine)
    def examined(provider: Any, access: Any, call: Any) -> CheckResult:
        if problems := provider.check_problems(call):
            return unreadable(" ".join(problems))
        try:
            return examine(provider, access, call)
        except ProviderError as error:
            return unreadable(str(error))
        except Exception as error:
            logger.exception("%s: the check %s failed in our own code", provider.slug, call.action)
            return unreadable(f"{provider.name} gave an answer that the portal cannot read ({type(error).__name__}).")

    return examined


def unreadable(message: str) -> CheckResult:
    """Return the result of a check that told nothing."""
    return CheckResult(None, message, (("unknown", message),))


def finite(value: Any) -> float | None:
    """Return a number that a source gave as a number or text; None for NaN, infinity and what is no number."""
    try:
        number = float(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else math.nan
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def measured(
    check: Check,
    given: Mapping[str, Any],
    value: float | None,
    *,
    samples: int | None = None,
    window_seconds: float | None = None,
    as_of: datetime | None = None,
) -> CheckResult:
    """Return the result of a measurement: `value` in the check's unit, judged by `below` and `above` of `given`.

    `window_seconds` is the window that the value is really of, where it is not the one asked for. Without a value
    nothing is known: silence of a source is never taken for health.
    """
    asked = float(given["window_minutes"]) * 60
    real = window_seconds if window_seconds is not None else asked
    span = f"over {real / 60:g} min"
    if value is None:
        return unreadable(f"{check.title}: the source has no data {span}.")
    limits = [("below", given.get("below")), ("above", given.get("above"))]
    wanted = " and ".join(f"{word} {limit:g} {check.unit}".rstrip() for word, limit in limits if limit is not None)
    holds = _within(value, given.get("below"), given.get("above"))
    made = "" if samples is None else f", from {samples} samples"
    text = f"{check.title}: {value:.4g} {check.unit} {span}{made}; wanted {wanted}."
    return CheckResult(holds, text, (("done" if holds else "failed", text),), value, real, samples=samples, as_of=as_of)


def _within(value: float, below: float | None, above: float | None) -> bool:
    return (below is None or value < below) and (above is None or value > above)
