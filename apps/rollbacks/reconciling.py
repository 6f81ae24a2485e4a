"""Clear up an attempt whose end is not known: look at the outside before anything is repeated.

Two looks, the settle time apart, after the moment when nothing of the old attempt can be sent any more. What cannot be
read for five minutes, or is neither the wanted state nor the old one, is a question for a person.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from apps.providers.base import Action, IdempotencyClass, Observation, Seen
from apps.rollbacks import events
from apps.rollbacks.failpoints import failpoint
from apps.rollbacks.held import HeldRun
from apps.rollbacks.journal import Journal
from apps.rollbacks.leases import is_proved_dead
from apps.rollbacks.models import Attempt, Step
from apps.rollbacks.moving import move_attempt
from apps.rollbacks.sending import note_first_call, observe
from apps.rollbacks.states import OPEN, AttemptState
from apps.timeline.clock import database_now
from apps.timeline.log import SYSTEM, record

UNREADABLE_FOR = timedelta(minutes=5)


@dataclass(frozen=True)
class Verdict:
    """What the looks say: a final state with its sentence, or when to look again.

    `again`: whether another attempt may follow without asking anybody.
    """

    state: str = ""
    message: str = ""
    again: bool = False
    look_again_in_seconds: float = 0.0


def judge(
    action: Action,
    attempt_baseline: dict[str, object],
    looks: list[tuple[datetime, Observation]],
    quiet_since: datetime,
) -> Verdict:
    """Decide from the looks made since `quiet_since`, the moment after which nothing more could be sent. Pure."""
    newest_at, newest = looks[-1]
    if newest.seen is Seen.DESIRED:
        return Verdict(AttemptState.RECONCILED_APPLIED, f"It worked after all: {newest.summary}")
    if action.idempotency_class is IdempotencyClass.UNREPEATABLE:
        return Verdict(AttemptState.CONFLICT, "Nobody can see whether it worked, and it must not be sent twice.")
    if action.idempotency_class is IdempotencyClass.KEYED and newest.seen is Seen.UNREADABLE:
        # Nobody saw that it did not work, so it is not called that: it may well have.
        return Verdict(AttemptState.CONFLICT, "It is asked again with the same key, which counts once.", again=True)
    if newest.seen is Seen.UNREADABLE or newest.under_way:
        if newest_at - quiet_since > UNREADABLE_FOR:
            return Verdict(
                AttemptState.CONFLICT,
                f"For five minutes it could not be seen whether it worked. {newest.summary}",
            )
        return Verdict(look_again_in_seconds=2.0)
    if attempt_baseline and dict(newest.identity) != attempt_baseline:
        return Verdict(AttemptState.CONFLICT, f"Something else changed it meanwhile: {newest.summary}")
    settled = [at for at, seen in looks if at >= quiet_since + timedelta(seconds=action.settle_seconds)]
    if len(settled) >= 2:
        return Verdict(
            AttemptState.RECONCILED_NOT_APPLIED,
            f"It did not work, and nothing was changed: {newest.summary}",
            again=True,
        )
    wait = (quiet_since + timedelta(seconds=action.settle_seconds) - newest_at).total_seconds()
    return Verdict(look_again_in_seconds=max(wait, 0.5))


def reconcile(held: HeldRun, position: int) -> float:
    """Look once and close the attempt if that says enough. Returns in how many seconds to go on, 0 for at once."""
    planned = held.planned[position]
    attempt = _open(held)
    if attempt.state == AttemptState.IN_FLIGHT:
        _mark_unclear(held)
    journal = Journal()
    seen = observe(held, planned, attempt.part, attempt.kind, journal)
    with held.fenced() as run:
        attempt = _open(held)
        looks = _looks(attempt, seen)
        verdict = judge(planned.action, attempt.baseline, looks, _quiet_since(attempt))
        attempt.evidence = {**attempt.evidence, "looks": [_written(at, look) for at, look in looks[-20:]]}
        held.write_lines(journal, attempt.position)
        if not verdict.state:
            attempt.save(update_fields=["evidence"])
            return verdict.look_again_in_seconds
        attempt.retryable = verdict.again
        move_attempt(attempt, verdict.state, message=verdict.message)
        _light(held.steps[position], verdict)
        record(
            events.ATTEMPT_ENDED, run, by=SYSTEM, incident=run.incident_id, position=attempt.position,
            message=verdict.message, outcome=verdict.state, number=attempt.number,
        )  # fmt: skip
    failpoint("reconciled")
    return 0.0


def _open(held: HeldRun) -> Attempt:
    """The one attempt that has no clear end; Postgres allows no second one."""
    return next(one for one in held.attempts if one.state in OPEN)


def _mark_unclear(held: HeldRun) -> None:
    """The worker that made this attempt is gone: what became of it is not known."""
    with held.fenced() as run:
        attempt = _open(held)
        if attempt.state == AttemptState.IN_FLIGHT:
            message = "The worker stopped before the answer was written down."
            attempt.evidence = {**attempt.evidence, "quiet_since": _last_moment(attempt).isoformat()}
            attempt.sent_at = attempt.intended_at  # it may have been: nobody is left to say that it was not
            note_first_call(run, attempt)
            move_attempt(attempt, AttemptState.AMBIGUOUS, message=message)
            record(
                events.ATTEMPT_ENDED, run, by=SYSTEM, incident=run.incident_id, position=attempt.position,
                message=message, outcome="ambiguous", number=attempt.number,
            )  # fmt: skip


def _last_moment(attempt: Attempt) -> datetime:
    """When the request of a worker that gave no answer can have been sent at the latest.

    A worker proved dead sends nothing from now on. Any other may be slow or frozen: its deadline for sending holds.
    """
    now = database_now()
    return now if is_proved_dead(attempt.owner) else max(now, attempt.send_before)


def _quiet_since(attempt: Attempt) -> datetime:
    """When nothing of this attempt could be sent any more: it was answered, or its worker was found dead or late."""
    said = attempt.evidence.get("quiet_since")
    return datetime.fromisoformat(said) if said else attempt.finished_at or attempt.send_before


def _looks(attempt: Attempt, newest: Observation) -> list[tuple[datetime, Observation]]:
    earlier = [
        (
            datetime.fromisoformat(look["at"]),
            Observation(Seen(look["seen"]), look["summary"], look["identity"]),
        )
        for look in attempt.evidence.get("looks", [])
    ]
    return [*earlier, (database_now(), newest)]


def _written(at: datetime, look: Observation) -> dict[str, object]:
    return {"at": at.isoformat(), "seen": look.seen, "summary": look.summary, "identity": dict(look.identity)}


def _light(step: Step, verdict: Verdict) -> None:
    state = {AttemptState.RECONCILED_APPLIED: "done", AttemptState.CONFLICT: "unknown"}.get(
        AttemptState(verdict.state), "waiting"
    )
    step.lamps = {
        **step.lamps,
        "accepted": {"state": state, "at": database_now().isoformat(), "text": verdict.message},
    }
    step.save(update_fields=["lamps"])
