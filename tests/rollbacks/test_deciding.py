"""What to do next with a rollback, decided from values alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.rollbacks.deciding import (
    AskAgreement,
    AskPerson,
    AttemptView,
    Begin,
    Fail,
    Finish,
    MarkPutBack,
    PassGate,
    Prove,
    PutBack,
    Reconcile,
    Rest,
    RunView,
    Send,
    StartCompensation,
    StepView,
    Wait,
    decide,
)

NOW = datetime(2026, 8, 18, 4, 12, tzinfo=UTC)


def step(position: int = 1, state: str = "running", **more: Any) -> StepView:
    return StepView(position, more.pop("kind", "action"), state, **more)


def tried(*states: str, **more: Any) -> dict[str, list[AttemptView]]:
    return {"": [AttemptView(number, state, **more) for number, state in enumerate(states, start=1)]}


def run(*steps: StepView, state: str = "running", **more: Any) -> RunView:
    return RunView(state, steps, **more)


@pytest.mark.parametrize(
    ("view", "decision"),
    [
        (run(step(state="pending")), Begin(1)),
        (run(step()), Send(1, "")),
        (run(step(attempts=tried("succeeded"))), Prove(1)),
        (run(step(attempts=tried("reconciled_applied"))), Prove(1)),
        (run(step(already=frozenset({""}))), Prove(1)),
        (run(step(state="verifying", attempts=tried("succeeded"))), Prove(1)),
        (run(step(kind="check")), Prove(1)),
        (run(step(attempts=tried("in_flight"))), Reconcile(1)),
        (run(step(attempts=tried("ambiguous"))), Reconcile(1)),
        (run(step(attempts=tried("rejected", message="no"))), Fail(1, "no")),
        (run(step(attempts=tried("not_sent", retryable=True))), Send(1, "")),
        (run(step(attempts=tried("conflict", message="who knows"))), AskPerson(1, "who knows")),
        (run(step(attempts=tried("conflict"), allowed_after=1)), Send(1, "")),
        (run(step(attempts=tried("rejected", needs_operator=True, message="x"))), AskPerson(1, "x")),
        (run(step(state="unknown", message="look")), AskPerson(1, "look")),
        (run(step(state="failed", message="refused")), Finish("failed", "refused")),
        (run(step(state="failed", on_failure="continue"), step(2, "pending")), Begin(2)),
        (run(step(state="succeeded"), step(2, "skipped")), Finish("succeeded")),
        (run(step(state="pending"), pause_requested=True), Finish("paused")),
        (run(step(state="pending"), state="paused", pause_requested=True), Rest()),
        (run(step(state="pending"), cancel_requested=True, state="cancelling"), Finish("cancelled")),
        (run(step(state="verifying"), cancel_requested=True, state="cancelling"), Prove(1)),
        (run(step(attempts=tried("ambiguous")), cancel_requested=True, state="cancelling"), Reconcile(1)),
        (run(step(state="unknown"), state="needs_operator"), Rest()),
        (run(step(state="pending", agreement="needed")), AskAgreement(1)),
        (run(step(state="pending", agreement="asked")), Rest()),
        (run(step(state="pending", agreement="granted")), Begin(1)),
        (run(step(state="pending", agreement="refused", message="no")), AskPerson(1, "no")),
        (run(step(kind="gate", state="pending", agreement="needed")), AskAgreement(1)),
        (run(step(kind="gate", state="pending", agreement="granted")), PassGate(1)),
        (run(step(kind="gate", state="succeeded", agreement="granted"), step(2, "pending")), Begin(2)),
        (run(step(state="running"), step(2, "pending", agreement="needed")), Send(1, "")),
        (run(step(state="skipped", agreement="asked"), step(2, "pending")), Begin(2)),
        (run(step(state="pending", agreement="needed"), pause_requested=True), Finish("paused")),
        (run(step(state="pending", agreement="asked"), cancel_requested=True, state="cancelling"), Finish("cancelled")),
        (run(step(state="pending", agreement="refused"), state="needs_operator"), Rest()),
    ],
)
def test_the_one_next_thing(view: RunView, decision: object) -> None:
    assert decide(view, NOW) == decision


@given(
    kind=st.sampled_from(["action", "check", "human", "gate"]),
    agreement=st.sampled_from(["needed", "asked", "refused"]),
    before=st.lists(st.sampled_from(["succeeded", "skipped"]), max_size=3),
    asked_to=st.sampled_from(["", "pause", "cancel"]),
)
def test_a_step_without_its_people_never_begins(kind: str, agreement: str, before: list[str], asked_to: str) -> None:
    done = [step(at, state) for at, state in enumerate(before, start=1)]
    waiting = step(len(done) + 1, "pending", kind=kind, agreement=agreement, message="No.")
    view = run(
        *done, waiting, step(len(done) + 2, "pending"), state="cancelling" if asked_to == "cancel" else "running",
        pause_requested=asked_to == "pause", cancel_requested=asked_to == "cancel",
    )  # fmt: skip
    assert not isinstance(decide(view, NOW), Begin | Send | Prove | PassGate)


def test_when_its_people_said_no_what_was_done_is_put_back_and_it_says_so() -> None:
    done = step(1, "succeeded", can_be_put_back=True, attempts=tried("succeeded"))
    refused = step(2, "pending", agreement="refused", message="Tess says no.")
    assert decide(run(done, refused, compensating=True), NOW) == PutBack(1, "")
    back = replace(done, compensated=True)
    assert decide(run(back, refused, compensating=True), NOW) == Finish("failed", "Tess says no.")


def test_a_refused_for_now_request_waits_as_long_as_it_was_told() -> None:
    until = NOW + timedelta(seconds=30)
    view = run(step(attempts=tried("rejected", retryable=True, retry_at=until)))
    assert decide(view, NOW) == Wait(until)
    assert decide(view, until) == Send(1, "")


def test_after_the_last_attempt_a_person_is_asked_and_nothing_more_is_sent() -> None:
    view = run(step(attempts=tried(*["not_sent"] * 5, retryable=True, message="Away."), max_attempts=5))
    decision = decide(view, NOW)
    assert isinstance(decision, AskPerson)
    assert "5 times" in decision.reason


def test_parts_are_applied_one_after_the_other() -> None:
    half = {"a": [AttemptView(1, "succeeded")]}
    assert decide(run(step(parts=("a", "b"), attempts=half)), NOW) == Send(1, "b")


def test_compensation_puts_back_the_last_step_first() -> None:
    done = {"can_be_put_back": True, "attempts": tried("succeeded")}
    steps = (step(1, "succeeded", **done), step(2, "succeeded", **done), step(3, "failed", on_failure="compensate"))
    assert decide(run(*steps), NOW) == StartCompensation()
    assert decide(run(*steps, compensating=True), NOW) == PutBack(2, "")
    back = step(2, "succeeded", put_back=tried("succeeded"), **done)
    assert decide(run(steps[0], back, steps[2], compensating=True), NOW) == MarkPutBack(2)
    all_back = [
        step(1, "succeeded", compensated=True, **done),
        step(2, "succeeded", compensated=True, **done),
        steps[2],
    ]
    assert decide(run(*all_back, compensating=True), NOW) == Finish("failed", "")
