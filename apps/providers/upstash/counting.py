"""Count keys in Upstash: all of them, or those with a prefix, as far as the time allows."""

from __future__ import annotations

import time

from apps.providers.base import Access, Call, CheckResult
from apps.providers.examining import unreadable
from apps.providers.upstash.wire import OutOfTime, ask, keys_with

LOOKING_SECONDS = 10.0


def keys(access: Access, prefix: str) -> tuple[int, bool]:
    """Return how many keys begin with `prefix`, and whether that is all of them. Raises ProviderError."""
    count = 0
    try:
        for batch in keys_with(access, prefix, time.monotonic() + LOOKING_SECONDS):
            count += len(batch)
    except OutOfTime:
        if not count:
            raise
        return count, False
    return count, True


def held(access: Access, call: Call) -> CheckResult:
    """Count and judge. Raises ProviderError."""
    prefix, most, least = (call.parameters.get(name) for name in ("prefix", "at_most", "at_least"))
    count, whole = keys(access, prefix) if prefix else (int(ask(access, "DBSIZE")), True)
    what = f"keys begin with “{prefix}”" if prefix else "keys are in the database"
    wanted = " and ".join(
        f"{word} {limit:g}" for word, limit in (("at most", most), ("at least", least)) if limit is not None
    )
    text = f"{'' if whole else 'At least '}{count} {what}; wanted {wanted}."
    too_many = most is not None and count > most
    enough = least is None or count >= least
    if not whole and not too_many and not (enough and most is None):
        return unreadable(f"{text} There was no time to count them all.")
    holds = enough and not too_many
    return CheckResult(holds, text, (("done" if holds else "failed", text),))
