"""What is known of a step that needs a person, and what its provider says at this moment. Reads only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooLate
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from django.core.exceptions import ObjectDoesNotExist
from django.utils import timezone

from apps.checks.http import run_check
from apps.providers import registry
from apps.providers.base import CheckResult, Observation, Seen
from apps.providers.sealing import KeysMissing, SealBroken
from apps.rollbacks.approved import PlannedStep, sending, steps_of
from apps.rollbacks.examining import examine, is_by_provider
from apps.rollbacks.models import Attempt, Rollback, Step
from apps.rollbacks.planned_words import by_whom
from apps.rollbacks.step_rows import in_versions, proofs_of

T = TypeVar("T")
ANSWER_WITHIN_SECONDS = 5.0
SHOWN = 5
MEANINGS = {
    Seen.DESIRED: ("passed", "as wanted"),
    Seen.OTHER: ("unknown", "not as wanted"),
    Seen.UNREADABLE: ("unknown", "cannot be told"),
}
ANSWERS = {
    True: ("passed", "as wanted"),
    False: ("failed", "not as wanted"),
    None: ("unknown", "cannot be told"),
}
ATTEMPTS = {
    "succeeded": ("passed", "was accepted"),
    "reconciled_applied": ("passed", "was seen to have worked"),
    "rejected": ("failed", "was refused"),
    "not_sent": ("passed", "was not sent"),
    "reconciled_not_applied": ("passed", "was seen not to have worked"),
    "ambiguous": ("unknown", "got no clear answer"),
    "conflict": ("unknown", "cannot be told to have worked or not"),
    "in_flight": ("running", "is under way"),
}


@dataclass(frozen=True)
class Line:
    """A fact with its mark: passed, failed, unknown or running."""

    mark: str
    text: str
    at: datetime | None = None


@dataclass(frozen=True)
class Reading:
    """What the provider said at an instant, and what that means."""

    at: datetime
    text: str
    mark: str
    means: str
    fresh: bool = False


def known(rollback: Rollback, step: Step) -> list[Line]:
    """Return what is known and what is not, in the order in which it happened."""
    lines = [_before(rollback, step)]
    attempts = list(step.attempts.all())
    lines += [_attempt(attempt, rollback) for attempt in attempts]
    if not attempts:
        lines.append(Line("passed", "Nothing has been sent for this step."))
    elif _sent_once(attempts):
        lines.append(Line("passed", "Nothing was sent a second time."))
    if step.message and step.message not in {attempt.message for attempt in attempts}:
        lines.append(Line("unknown", in_versions(step.message, rollback)))
    lines += [Line(proof["state"], f"{proof['fact']} {proof['text']}".strip()) for proof in proofs_of(step, rollback)]
    return lines


def snapshot(rollback: Rollback, step: Step) -> list[str]:
    """Look now, and return what was seen as sentences that can be kept. Call it outside any transaction."""
    name = provider_name(step)
    return [f"{reading.at:%H:%M:%S} UTC, {name}: {reading.text}" for reading in now(rollback, step)]


def earlier(rollback: Rollback, step: Step) -> list[Reading]:
    """Return the latest readings that the run itself has made, oldest first. Asks nobody."""
    found = [
        _reading(datetime.fromisoformat(look["at"]), Seen(look["seen"]), look["summary"], attempt.part, rollback)
        for attempt in step.attempts.all()
        for look in attempt.evidence.get("looks", [])
    ]
    return sorted(found, key=lambda reading: reading.at)[-SHOWN:]


def now(rollback: Rollback, step: Step) -> list[Reading]:
    """Ask the provider, or the checked address, what it says now. Call it outside any transaction."""
    planned = steps_of(rollback)[step.position]
    if step.kind == "check" and not is_by_provider(planned):
        return [_checked(rollback, planned)]
    if step.kind not in {"action", "check"}:
        return []
    try:
        access = planned.access(rollback)
    except ObjectDoesNotExist:
        return [_unreadable(f"The connection to {by_whom(planned.said)} is gone.")]
    except (SealBroken, KeysMissing) as broken:
        return [_unreadable(str(broken))]
    if step.kind == "check":
        ask, show = partial(examine, planned, access), partial(_examined, rollback)
        return _in_time([(ask, show)], by_whom(planned.said))
    asked = [
        (
            partial(planned.provider.observe, access, planned.call(part), _who(rollback, planned, part)),
            partial(_observed, rollback, part),
        )
        for part in planned.parts
    ]
    return _in_time(asked, by_whom(planned.said))


def _observed(rollback: Rollback, part: str, seen: Observation) -> Reading:
    return _reading(timezone.now(), seen.seen, seen.summary, part, rollback, fresh=True)


def _examined(rollback: Rollback, result: CheckResult) -> Reading:
    mark, means = ANSWERS[result.holds]
    return Reading(timezone.now(), in_versions(result.message, rollback), mark, means, fresh=True)


def _in_time(asked: Sequence[tuple[Callable[[], T], Callable[[T], Reading]]], name: str) -> list[Reading]:
    """Ask everything at once; whoever is late is said to be late, and nobody waits for the rest."""
    pool = ThreadPoolExecutor(max(1, len(asked)), thread_name_prefix="looking")
    futures = [(pool.submit(ask), show) for ask, show in asked]
    until = timezone.now().timestamp() + ANSWER_WITHIN_SECONDS
    found = []
    for future, show in futures:
        try:
            found.append(show(future.result(max(0.0, until - timezone.now().timestamp()))))
        except TooLate:
            found.append(_unreadable(f"{name} did not answer within {ANSWER_WITHIN_SECONDS:.0f} s."))
    pool.shutdown(wait=False, cancel_futures=True)
    return found


def _who(rollback: Rollback, planned: PlannedStep, part: str) -> Any:
    return sending(rollback, planned, part, "apply", "look", deadline_seconds=ANSWER_WITHIN_SECONDS)


def _checked(rollback: Rollback, planned: PlannedStep) -> Reading:
    result = run_check(rollback.environment, planned.said["check"])
    mark, means = ("passed", "as wanted") if result.ok else ("failed", "not as wanted")
    return Reading(timezone.now(), result.message, mark, means, fresh=True)


def _reading(at: datetime, seen: Seen, summary: str, part: str, rollback: Rollback, *, fresh: bool = False) -> Reading:
    mark, means = MEANINGS[seen]
    text = in_versions(summary, rollback)
    return Reading(at, f"{part}: {text}" if part and part not in text else text, mark, means, fresh)


def _unreadable(text: str) -> Reading:
    return Reading(timezone.now(), text, "unknown", "cannot be told", fresh=True)


def _before(rollback: Rollback, step: Step) -> Line:
    done = [one.position for one in rollback.steps.all() if one.position < step.position and one.state == "succeeded"]
    if not done:
        return Line("passed", "No step before it has changed anything.")
    text = (
        f"Step {done[0]} is done and proven."
        if len(done) == 1
        else f"Steps {done[0]} to {done[-1]} are done and proven."
    )
    return Line("passed", text)


def _attempt(attempt: Attempt, rollback: Rollback) -> Line:
    mark, became = ATTEMPTS.get(attempt.state, ("unknown", attempt.get_state_display().lower()))
    name = f"Request {attempt.number}{f' for {attempt.part}' if attempt.part else ''}"
    return Line(mark, f"{name} {became}. {in_versions(attempt.message, rollback)}".strip(), attempt.intended_at)


def _sent_once(attempts: list[Attempt]) -> bool:
    sent = [attempt.part for attempt in attempts if attempt.state != "not_sent"]
    return bool(sent) and len(sent) == len(set(sent))


def provider_name(step: Step) -> str:
    """Return whom a step asks, for the heading of its readings."""
    if step.provider:
        return registry.provider(step.provider).name
    return "the public address" if step.kind == "check" else ""
