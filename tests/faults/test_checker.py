"""Each check is loud about what breaks its promise, and quiet about what only looks like it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.faults.bending import (
    CANCELLED,
    OTHER,
    SECOND_POST,
    Bend,
    all_of,
    answered,
    asked_for_help,
    attempt,
    entry,
    freeze,
    has,
    more,
    notice,
    posted,
    question,
    run,
    told,
    untold,
    vote,
)
from tests.faults.checker import CHECKS, needless_calls, violations
from tests.faults.evidence import Anchor, Evidence, Frame
from tests.faults.samples import (
    ORGANISATION,
    RUN,
    TOLD,
    T,
    a_question,
    a_rollback,
    a_step,
    an_attempt,
    an_entry,
    chained,
    honest,
)

BROKEN: list[tuple[str, str, Bend]] = [
    ("V1", "a message twice", more(SECOND_POST)),
    ("V1", "two changes of production", more(an_entry(4, "attempt-2", 13.2, effects=(OTHER,)))),
    (
        "V1",
        "two keys for one part",
        all_of(
            more(an_entry(4, "attempt-3", 13.2)),
            lambda evidence: replace(
                evidence,
                attempts={**evidence.attempts, "attempt-3": an_attempt(2, 13, 7, id="attempt-3", idempotency_key="x")},
            ),
        ),
    ),
    ("V2", "a request before its intent", entry(1, received_at=T + 10.9)),
    ("V2", "an intent that was never recorded", has(events=chained(TOLD[:2]), heads={})),
    ("V3", "an attempt for something else", attempt(2, request_digest="0" * 64)),
    ("V3", "a request for something else", entry(2, path="/v1/projects/prj/rollback/dpl_other")),
    ("V3", "a step that is not in the plan", attempt(2, part="unplanned")),
    ("V3", "a plan without its hash", run(plan_digest="other")),
    ("V3", "an empty seat", question(votes=a_question().votes[:1])),
    ("V3", "a vote for another plan", vote(content_hash="other")),
    ("V3", "a vote that had expired", vote(expires_at=T + 9.5)),
    ("V3", "a vote that was not used up", vote(consumed_at=None)),
    ("V3", "the requester's own vote", vote(person="rae")),
    ("V3", "one person in two seats", vote(person="cleo")),
    ("V3", "a role that does not fit", vote(role="intern")),
    ("V3", "a vote that was taken back and used", vote(withdrawn_at=T + 9.5)),
    ("V3", "a seat whose vote was taken back", vote(withdrawn_at=T + 9.5, consumed_at=None)),
    ("V3", "no approval at all", run(approved_at=None)),
    ("V4", "an intent under a freeze", freeze(10.5)),
    ("V4", "a request long after a freeze", all_of(freeze(13.05), entry(2, received_at=T + 40, effect_at=T + 40))),
    ("V5", "the second step before the first was done", all_of(
        untold("rollback.step_succeeded", 1), has(steps=[a_step(1, 12, state="unknown"), a_step(2, 14)])
    )),
    ("V5", "the second step early", entry(2, effect_at=T + 11.9)),
    ("V7", "a step that is done and did nothing", entry(2, effects=(), status=500)),
    ("V7", "a success with an open step", has(steps=[a_step(1, 12), a_step(2, 14, state="verifying")])),
    (
        "V7",
        "another version is served",
        has(states={"vercel": {"projects": {"prj": {"aliases": {"www": {"deployment": "dpl_new"}}}}}}),
    ),
    ("V7", "listed as not applied", run(state="failed", reason="It broke. Applied: 1. Not applied: 2.")),
    ("V7", "a failure that says nothing", run(state="failed", reason="It broke.")),
    ("V8", "no news for a minute", run(state="running", finished_at=None)),
    ("V8", "a person is asked and not told why", asked_for_help(" ")),
    (
        "V8",
        "a person is asked about what is done",
        run(state="needs_operator", reason="Look at it.", finished_at=None),
    ),
    ("V9", "a vote that is not there", answered("ok", "approve", rollback=RUN, person="mallory")),
    ("V9", "a vote that still stands", answered("ok", "withdraw", rollback=RUN, person="ava")),
    ("V9", "a cancellation that is not there", answered("ok", "cancel", rollback=RUN)),
    ("V9", "a freeze that is not there", answered("ok", "freeze", freeze="freeze-9")),
    ("V9", "a delivery that is not there", answered("ok", "hook", delivery="delivery-9")),
    ("V9", "an event that is not there", answered("ok", "declare", event="incident.declared", subject="incident-9")),
    ("V9", "a vote that was denied and counts", answered("fail", "approve", rollback=RUN, person="ava")),
    ("V10", "a missing link", lambda evidence: replace(evidence, events=[*evidence.events[:3], *evidence.events[4:]])),
    ("V10", "a changed body", lambda evidence: replace(
        evidence, events=[replace(evidence.events[0], body="{ }"), *evidence.events[1:]]
    )),
    ("V10", "a cut end", lambda evidence: replace(evidence, events=evidence.events[:-1])),
    ("V10", "an anchor of another history", has(anchors=[Anchor(ORGANISATION, 3, "00" * 32)])),
    ("V10", "an anchor beyond the end", has(anchors=[Anchor(ORGANISATION, 99, "00" * 32)])),
    ("V10", "an end that is not told", untold("rollback.attempt_ended", 2)),
    ("V10", "an end that is told twice", told((13.4, "rollback.attempt_ended", {"position": 2}))),
    ("V10", "an end written without a record", attempt(2, transaction=99)),
    ("V10", "an effect recorded as none", attempt(2, state="rejected")),
    ("V10", "an effect that was never cleared up", attempt(2, state="ambiguous")),
    ("V11", "a number that falls", has(frames=[Frame("viewer", 1, 5), Frame("viewer", 1, 4)])),
    ("V11", "a page that ends with an old state", has(frames=[Frame("viewer", 1, 5, RUN, "running")])),
    ("V11", "a fragment that is not the page", has(frames=[Frame("viewer", 1, 5, full="a", page="b")])),
    ("V11", "a gap in the log", has(log_lines={RUN: [1, 2, 4]})),
    ("V12", "a secret in a log", has(leaks=[("worker.log:3", "token")])),
    ("V12", "a secret in a page", has(canaries={"token": "s3cret"}, texts={"page": "the s3cret is out"})),
    ("V13", "an effect after a cancellation", told(CANCELLED)),
    ("V14", "delivered to nobody", notice()),
    ("V14", "told twice", all_of(notice(), more(posted(5), posted(7)))),
    ("V14", "due for a minute", notice("waiting", T + 10)),
    ("V15", "a call outside of every attempt", more(an_entry(3, "", 20))),
    ("V15", "a call repeated by the client", more(an_entry(4, "attempt-2", 13.2, digest="digest-2", effects=()))),
]  # fmt: skip

UNBROKEN: list[tuple[str, Bend]] = [
    ("the honest run", lambda evidence: evidence),
    ("a message that two people sent again", all_of(
        more(SECOND_POST), told((11.3, "rollback.repeat_agreed", {"position": 1}))
    )),
    ("the same move asked twice", more(an_entry(4, "attempt-2", 13.2, effects=({**OTHER, "was": "dpl_other"},)))),
    ("a freeze that was lifted", freeze(2, 5)),
    ("a freeze of another service", freeze(2, scope="service", service="service-9")),
    ("a freeze of deployments", freeze(2, stops="deployments")),
    ("a freeze between intent and request", freeze(13.05)),
    ("a step the plan passes over", all_of(
        untold("rollback.step_succeeded", 1),
        has(steps=[a_step(1, 12, state="failed", on_failure="continue"), a_step(2, 14)]),
    )),
    ("an answer without a change", entry(2, effects=())),
    ("a failure that lists what was done", run(state="failed", reason="It broke. Applied: 1, 2.")),
    ("a cancellation that lists a range", run(state="cancelled", reason="Enough. Applied: 1–2.")),
    ("a run that a freeze holds", all_of(
        run(state="running", finished_at=None), freeze(50)
    )),
    ("a run with news", all_of(run(state="running", finished_at=None), has(collected_at=T + 30))),
    ("a run that waits for votes", has(
        rollbacks={RUN: a_rollback(state="awaiting_approval", approved_at=None, finished_at=None)},
        attempts={}, journal=[], steps=[], questions={}, events=chained(TOLD[:1]), heads={},
    )),
    ("a vote that was taken back and cast again", all_of(
        question(votes=(replace(a_question().votes[0], withdrawn_at=T + 8, consumed_at=None), *a_question().votes)),
        answered("ok", "withdraw", rollback=RUN, person="ava"),
    )),
    ("a vote that is there", answered("ok", "approve", rollback=RUN, person="ava")),
    ("a vote nobody knows of", answered("info", "approve", rollback=RUN, person="mallory")),
    ("a vote that was refused", answered("fail", "approve", rollback=RUN, person="mallory")),
    ("a freeze that is there", all_of(freeze(50), answered("ok", "freeze", freeze="freeze-1"))),
    ("a delivery that is there", all_of(
        has(deliveries=frozenset({"delivery-1"})), answered("ok", "hook", delivery="delivery-1")
    )),
    ("an anchor of this history", lambda evidence: replace(
        evidence, anchors=[Anchor(ORGANISATION, 3, evidence.events[2].hash.hex())]
    )),
    ("an outside that lies about its effect", all_of(
        entry(1, fault="error_body"), attempt(1, state="rejected"),
        run(state="failed", reason="Applied: 1, 2."),
    )),
    ("a message after a no that was a lie", all_of(
        entry(1, fault="status_after", status=429), attempt(1, state="rejected"),
        lambda evidence: replace(evidence, attempts={
            **evidence.attempts, "attempt-3": an_attempt(1, 11.3, 4, id="attempt-3", number=2),
        }),
        more(an_entry(3, "attempt-3", 11.5)),
        told((11.4, "rollback.attempt_intended", {"position": 1}), (11.6, "rollback.attempt_ended", {"position": 1})),
        attempt(2, transaction=9), attempt(3, transaction=6, request_digest=an_attempt(1, 11, 4).request_digest),
    )),
    ("a flag that turns late", all_of(
        entry(2, fault="delay"), attempt(2, state="reconciled_not_applied"),
        run(state="failed", reason="Applied: 1. Unclear: 2."),
        told((13.4, "rollback.attempt_ended", {"position": 2})),
    )),
    ("an effect found by looking", all_of(
        attempt(2, state="reconciled_applied"), told((13.4, "rollback.attempt_ended", {"position": 2}))
    )),
    ("a viewer that ends with the truth", has(frames=[
        Frame("viewer", 1, 5, RUN, "running"), Frame("viewer", 2, 3, full="page", page="page"),
        Frame("viewer", 2, 9, RUN, "succeeded"),
    ])),
    ("a page without a secret", has(canaries={"token": "s3cret"}, texts={"page": "nothing"})),
    ("a cancellation after the last intent", told((13.5, "rollback.cancellation_asked", {}))),
    ("a notice told once", all_of(notice(), more(posted(5)))),
    ("a notice told again after no answer", all_of(
        notice(), more(posted(5, ending="reset_after", status=None), posted(7))
    )),
]  # fmt: skip


@pytest.mark.parametrize(("check", "bend"), [case[::2] for case in BROKEN], ids=[f"{c}: {n}" for c, n, _ in BROKEN])
def test_what_breaks_a_promise_is_found(check: str, bend: Bend) -> None:
    found = violations(bend(honest()))
    assert check in {violation.check for violation in found}, found


@pytest.mark.parametrize("bend", [bend for _, bend in UNBROKEN], ids=[name for name, _ in UNBROKEN])
def test_what_only_looks_like_it_is_not(bend: Bend) -> None:
    assert violations(bend(honest())) == []


def test_two_runs_at_once_are_found_and_one_after_the_other_is_not() -> None:
    def with_other(first: float, last: float) -> Evidence:
        other = "rollback-2"
        attempts = {f"other-{n}": an_attempt(n, 13, 7, id=f"other-{n}", rollback=other) for n in (1, 2)}
        return replace(
            honest(),
            rollbacks={RUN: a_rollback(), other: a_rollback(id=other)},
            attempts={**honest().attempts, **attempts},
            journal=[*honest().journal, an_entry(3, "other-1", first), an_entry(4, "other-2", last)],
        )

    def overlaps(evidence: Evidence) -> list[str]:
        return [violation.check for violation in violations(evidence) if violation.check == "V6"]

    assert overlaps(with_other(12, 15)) == ["V6"]
    assert overlaps(with_other(20, 21)) == []


def test_every_check_is_tried() -> None:
    tried = {int(check[1:]) for check, _, _ in BROKEN} | {6, 16}  # 16: with the witnesses
    assert tried == {int(check.__name__.split("_")[0][1:]) for check in CHECKS} == set(range(1, 17))


def test_a_needless_call_is_one_that_a_machine_could_have_spared() -> None:
    told_so = {"reason": "For five minutes it could not be seen whether it worked.", "position": 2}
    assert needless_calls(told((13.4, "rollback.person_needed", told_so))(honest())) == [RUN]
    good = {"reason": "This is not what the plan was made for: production serves v3.", "position": 2}
    assert needless_calls(told((13.4, "rollback.person_needed", good))(honest())) == []
