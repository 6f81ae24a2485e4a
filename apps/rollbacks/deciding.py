"""What to do next with a rollback: a pure function from what stands in the rows to one decision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from apps.rollbacks.states import EFFECTIVE, OPEN, Agreement, AttemptState, RollbackState, StepState

BACKOFF_SECONDS = (1.0, 2.0, 4.0, 8.0, 16.0)
LOOK_AGAIN_SECONDS = 1.0


@dataclass(frozen=True)
class AttemptView:
    """One attempt as the decision needs it. `retry_at` is when a next one may be made."""

    number: int
    state: str
    retryable: bool = False
    needs_operator: bool = False
    message: str = ""
    retry_at: datetime | None = None


@dataclass(frozen=True)
class StepView:
    """One step as the decision needs it. `parts` are applied one by one; `already` were found as wanted.

    `allowed_after` is the number of the newest attempt when a person asked for another one. `agreement` is how it
    stands with the people who must agree before it begins. What is not `interruptible` runs at the provider to its end.
    """

    position: int
    kind: str
    state: str
    on_failure: str = "halt"
    name: str = ""
    parts: Sequence[str] = ("",)
    already: frozenset[str] = frozenset()
    attempts: Mapping[str, Sequence[AttemptView]] = field(default_factory=dict)
    put_back: Mapping[str, Sequence[AttemptView]] = field(default_factory=dict)
    max_attempts: int = 5
    allowed_after: int = 0
    can_be_put_back: bool = False
    compensated: bool = False
    message: str = ""
    agreement: str = Agreement.NONE
    interruptible: bool = True


@dataclass(frozen=True)
class RunView:
    """A whole rollback as the decision needs it."""

    state: str
    steps: Sequence[StepView]
    pause_requested: bool = False
    cancel_requested: bool = False
    compensating: bool = False


@dataclass(frozen=True)
class Reconcile:
    """An attempt without a clear end must be cleared up before anything else."""

    position: int


@dataclass(frozen=True)
class Begin:
    """Start a step."""

    position: int


@dataclass(frozen=True)
class AskAgreement:
    """It is a step's turn, and people must agree before it begins: ask them."""

    position: int


@dataclass(frozen=True)
class PassGate:
    """A gate's people have agreed: it is done, and the run goes on."""

    position: int


@dataclass(frozen=True)
class Send:
    """Make the next attempt of a part."""

    position: int
    part: str


@dataclass(frozen=True)
class Prove:
    """Everything of the step was accepted, or it is a check: look whether it holds."""

    position: int


@dataclass(frozen=True)
class Fail:
    """The step has failed for good."""

    position: int
    message: str


@dataclass(frozen=True)
class AskPerson:
    """Only a person can say how to go on."""

    position: int
    reason: str


@dataclass(frozen=True)
class PutBack:
    """Undo what a step did."""

    position: int
    part: str


@dataclass(frozen=True)
class StartCompensation:
    """A step failed and the plan says to put back what was done."""


@dataclass(frozen=True)
class MarkPutBack:
    """Everything of a step was undone."""

    position: int


@dataclass(frozen=True)
class Finish:
    """The run is over, or rests, in this state."""

    state: str
    reason: str = ""


@dataclass(frozen=True)
class Wait:
    """Nothing to do before `until`."""

    until: datetime


@dataclass(frozen=True)
class Rest:
    """Nothing to do until somebody wakes the run."""


Decision = (
    Reconcile
    | Begin
    | AskAgreement
    | PassGate
    | Send
    | Prove
    | Fail
    | AskPerson
    | PutBack
    | StartCompensation
    | MarkPutBack
    | Finish
    | Wait
    | Rest
)


def decide(run: RunView, now: datetime) -> Decision:
    """Return the one next thing to do. `now` is the database's clock."""
    for step in run.steps:
        for attempts in (*step.attempts.values(), *step.put_back.values()):
            if any(attempt.state in OPEN for attempt in attempts):
                return Reconcile(step.position)
    if run.state == RollbackState.NEEDS_OPERATOR:
        return Rest()
    if run.cancel_requested:
        return _cancelling(run)
    if run.pause_requested or run.state == RollbackState.PAUSED:
        return _pausing(run)
    if run.compensating:
        return _put_back(run, now)
    return _forward(run, now)


def _pausing(run: RunView) -> Decision:
    if run.state == RollbackState.PAUSED:
        return Rest()
    for step in run.steps:
        if step.state == StepState.VERIFYING and not step.interruptible:
            return Prove(step.position)
    return Finish(RollbackState.PAUSED)


def _cancelling(run: RunView) -> Decision:
    for step in run.steps:
        if step.state == StepState.VERIFYING:
            return Prove(step.position)
    return Finish(RollbackState.CANCELLED)


def _forward(run: RunView, now: datetime) -> Decision:
    for step in run.steps:
        if step.state in (StepState.SUCCEEDED, StepState.SKIPPED):
            continue
        if step.state == StepState.FAILED:
            if step.on_failure == "continue":
                continue
            if step.on_failure == "compensate" and any(_to_put_back(other) for other in run.steps):
                return StartCompensation()
            return Finish(RollbackState.FAILED, step.message)
        if step.state == StepState.PENDING:
            return _beginning(step)
        if step.state == StepState.UNKNOWN:
            return AskPerson(step.position, step.message)
        if step.state == StepState.VERIFYING or step.kind == "check":
            return Prove(step.position)
        if step.kind == "human":
            return AskPerson(step.position, f"Somebody must do step {step.position}: {step.name}")
        return _next_part(step, now)
    return Finish(RollbackState.SUCCEEDED)


def _beginning(step: StepView) -> Decision:
    if step.agreement == Agreement.NEEDED:
        return AskAgreement(step.position)
    if step.agreement == Agreement.ASKED:
        return Rest()
    if step.agreement == Agreement.REFUSED:
        return AskPerson(step.position, step.message)
    return PassGate(step.position) if step.kind == "gate" else Begin(step.position)


def _next_part(step: StepView, now: datetime) -> Decision:
    for part in step.parts:
        if part in step.already or any(a.state in EFFECTIVE for a in step.attempts.get(part, ())):
            continue
        return _attempt(step, part, step.attempts.get(part, ()), now, Send(step.position, part))
    return Prove(step.position)


def _attempt(
    step: StepView, part: str, attempts: Sequence[AttemptView], now: datetime, again: Send | PutBack
) -> Decision:
    last = attempts[-1] if attempts else None
    if last is None or last.number <= step.allowed_after:
        return again
    if (last.state == AttemptState.CONFLICT and not last.retryable) or last.needs_operator:
        return AskPerson(step.position, last.message)
    if last.state == AttemptState.REJECTED and not last.retryable:
        return Fail(step.position, last.message)
    tries = last.number - step.allowed_after
    if tries >= step.max_attempts:
        return AskPerson(step.position, f"{last.message} It was tried {tries} times; no more is tried by itself.")
    if last.retry_at and now < last.retry_at:
        return Wait(last.retry_at)
    return again


def _to_put_back(step: StepView) -> bool:
    done = any(a.state in EFFECTIVE for attempts in step.attempts.values() for a in attempts)
    return step.can_be_put_back and done and not step.compensated


def _put_back(run: RunView, now: datetime) -> Decision:
    for step in sorted(run.steps, key=lambda step: -step.position):
        if not _to_put_back(step):
            continue
        for part in step.parts:
            if not any(a.state in EFFECTIVE for a in step.attempts.get(part, ())):
                continue
            attempts = step.put_back.get(part, ())
            if any(a.state in EFFECTIVE for a in attempts):
                continue
            return _attempt(step, part, attempts, now, PutBack(step.position, part))
        return MarkPutBack(step.position)
    failed = next(
        (step for step in run.steps if step.state == StepState.FAILED and step.on_failure == "compensate"),
        None,
    )
    refused = next((step for step in run.steps if step.agreement == Agreement.REFUSED), None)
    reason = failed or refused
    return Finish(RollbackState.FAILED, reason.message if reason else "")


def backoff(number: int) -> timedelta:
    """Return how long to wait after attempt `number` before the next."""
    return timedelta(seconds=BACKOFF_SECONDS[min(number, len(BACKOFF_SECONDS)) - 1])
