"""Delete keys in Upstash so that stopping anywhere, and doing it again, leaves the same end: the keys are
gone.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

from apps.providers.base import Access, Outcome, OutcomeKind, ProviderError, Sending
from apps.providers.calling import Denied
from apps.providers.endings import LOOK, dig, lost, outcome_of, refused, unknown
from apps.providers.http import Answer, Lost, NotSent, UnreadableAnswer
from apps.providers.upstash.wire import API, OutOfTime, keys_with, tell

CHUNK = 500
PASSES = 3
WORKING_SHARE = 0.75  # of the deadline; the rest is left for the last request's answer


class _Stop(Exception):
    """Deleting cannot go on; carries how it ended."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__()
        self.outcome = outcome


def prefix(access: Access, sending: Sending, start: str) -> Outcome:
    """Delete every key that begins with `start`; at most three passes, the last of which finds nothing."""
    until = time.monotonic() + sending.deadline_seconds * WORKING_SHARE
    removed: list[int] = []
    try:
        for _ in range(PASSES):
            removed.append(0)
            for keys in _chunks(keys_with(access, start, until)):
                removed[-1] += _unlink(access, sending, keys)
                if time.monotonic() > until:
                    raise OutOfTime("The time for one attempt is over.")
            if not removed[-1]:
                return _gone(start, sum(removed))
    except _Stop as stop:
        return stop.outcome
    except Lost as error:
        return lost(error)
    except ProviderError as error:
        return _unfinished(start, sum(removed), error)
    if removed[-1] < removed[0]:
        return _gone(start, sum(removed))
    text = f"Upstash confirms that keys with “{start}” were deleted, but as many are there again. {LOOK}"
    return Outcome(OutcomeKind.AMBIGUOUS, text, evidence={"deleted": removed})


def everything(access: Access, sending: Sending) -> Outcome:
    """Empty the database."""
    answer = tell(access, sending, "FLUSHDB")
    if not answer.ok:
        return _refusal(access, answer, "empty the database")
    if dig(answer.json(), "result") != "OK":
        return unknown(f"Upstash answered {answer.status}, but did not confirm the flush. {LOOK}", answer)
    return Outcome(OutcomeKind.SUCCEEDED, "Upstash emptied the database.", status=answer.status)


def _chunks(batches: Iterator[list[str]]) -> Iterator[list[str]]:
    """Yield the keys in as few lists as possible: SCAN finds a prefix in many small batches."""
    waiting: list[str] = []
    for keys in batches:
        waiting += keys
        while len(waiting) >= CHUNK:
            yield waiting[:CHUNK]
            del waiting[:CHUNK]
    if waiting:
        yield waiting


def _unlink(access: Access, sending: Sending, keys: list[str]) -> int:
    """Delete the keys and return how many of them there were. Raises _Stop."""
    answer = tell(access, sending, "UNLINK", *keys)
    if answer.status == 400 and "unknown command" in API.said(access, answer).lower():
        answer = tell(access, sending, "DEL", *keys)  # an unknown command has had no effect
    if not answer.ok:
        raise _Stop(_refusal(access, answer, f"delete {len(keys)} keys"))
    try:
        count = dig(answer.json(), "result")
    except UnreadableAnswer as error:
        raise _Stop(lost(error)) from None
    if isinstance(count, bool) or not isinstance(count, int):
        raise _Stop(unknown(f"Upstash answered {answer.status}, but did not say how many keys went. {LOOK}", answer))
    return count


def _refusal(access: Access, answer: Answer, doing: str) -> Outcome:
    said = API.said(access, answer)
    if answer.status == 400 and "NOPERM" in said.upper():
        text = f"Upstash refused to {doing}: “{said}”. Nothing was changed. Enter the standard token."
        return refused(text, answer=answer)
    if "LIMIT EXCEEDED" in said.upper():
        text = f"Upstash refused to {doing}: “{said}”. Nothing was changed. The plan's limit is used up: raise it."
        return refused(text, needs_operator=True, answer=answer)
    return outcome_of(answer, doing, said)


def _gone(start: str, count: int) -> Outcome:
    text = f"Upstash deleted {count} keys with “{start}”." if count else f"No key with “{start}” was there to delete."
    return Outcome(OutcomeKind.SUCCEEDED, text, evidence={"deleted": count})


def _unfinished(start: str, count: int, error: ProviderError) -> Outcome:
    """Return the outcome of deleting that stopped between two requests; going on later is safe."""
    if not count and isinstance(error, Denied):
        return refused(f"{error} No key was deleted.")
    if not count:
        kind = OutcomeKind.NOT_SENT if isinstance(error, NotSent) else OutcomeKind.RETRY_LATER
        return Outcome(kind, f"{error} No key was deleted.", retryable=True)
    text = f"{count} keys with “{start}” were deleted, then it stopped: {error} The others are still there."
    return Outcome(OutcomeKind.RETRY_LATER, text, retryable=True, evidence={"deleted": count})
