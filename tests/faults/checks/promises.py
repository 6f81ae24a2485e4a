"""What people were promised: nobody waits for ever, and an answer given is kept."""

from __future__ import annotations

from collections.abc import Iterator

from tests.faults.evidence import Evidence, Operation, Violation
from tests.faults.rows import Attempt, Rollback

FINAL = {"succeeded", "failed", "cancelled", "rejected", "expired"}
ASKED = {
    "propose": {"rollback.proposed"},
    "cancel": {"rollback.cancellation_asked"},
    "pause": {"rollback.pause_asked"},
    "resume": {"rollback.resumed"},
    "retry": {"rollback.retry_asked", "rollback.repeat_asked"},
    "skip": {"rollback.skip_asked"},
    "adopt": {"rollback.adoption_asked", "rollback.step_done_by_person"},
    "plan_again": {"rollback.planned_again"},
}


def v8_never_stuck(evidence: Evidence) -> Iterator[Violation]:
    """Hold: a minute after the last fault every run is over, on its way, or waits for somebody, and says why."""
    for rollback in evidence.rollbacks.values():
        if rollback.state in FINAL | {"awaiting_approval", "paused"}:
            continue
        if rollback.state == "needs_operator":
            if why := _unjustified(evidence, rollback):
                yield Violation("V8", rollback.id, why)
        elif not _is_frozen(evidence, rollback):
            quiet = evidence.collected_at - max(_last_news(evidence, rollback), evidence.healed_at or 0)
            if quiet > evidence.limits.heal_seconds:
                yield Violation("V8", rollback.id, f"It has been {rollback.state} for {quiet:.1f} s without any news.")


def _last_news(evidence: Evidence, rollback: Rollback) -> float:
    told = [event.recorded_at for event in evidence.events_of.get(rollback.id, [])]
    return max(told, default=rollback.proposed_at)


def _is_frozen(evidence: Evidence, rollback: Rollback) -> bool:
    return any(freeze.lifted_at is None and freeze.covers(rollback) for freeze in evidence.freezes)


def _unjustified(evidence: Evidence, rollback: Rollback) -> str:
    """Return why a call for a person says too little or is not borne out by what happened, or an empty text."""
    if not rollback.reason.strip():
        return "It waits for a person and does not say why."
    waiting = [step for step in evidence.steps_of.get(rollback.id, []) if step.state not in {"succeeded", "skipped"}]
    if not waiting:
        return "It waits for a person, and every step of it is done."
    if waiting[0].kind != "action":
        return ""
    said = rollback.planned[waiting[0].position]
    newest = [attempt for attempt in evidence.attempts_of.get(rollback.id, []) if attempt.position == said["position"]]
    conflict = [attempt for attempt in newest if attempt.state == "conflict"]
    if conflict and said["idempotency_class"] != "D" and _all_clear(evidence, conflict[-1]) and len(newest) == 1:
        return "It calls a person about a request that the outside answered clearly, of a class that can be looked up."
    return ""


def _all_clear(evidence: Evidence, attempt: Attempt) -> bool:
    """The outside answered everything of it clearly, and nothing of it had come in between."""
    entries = evidence.entries_of.get(attempt.id, [])
    return bool(entries) and all(entry.is_clear and not entry.fault for entry in entries) and not evidence.healed_at


def needless_calls(evidence: Evidence) -> list[str]:
    """Return the runs that ever called a person although all their action steps could be cleared up by machine.

    A drift, a person's own step, a definite refusal and more tries than allowed are good reasons.
    """
    found = []
    for rollback in evidence.rollbacks.values():
        asked = [event for event in evidence.events_of.get(rollback.id, []) if event.kind == "rollback.person_needed"]
        unclear = [event for event in asked if "could not be seen" in event.details.get("reason", "")]
        broken = [event for event in asked if "could not go on by itself" in event.details.get("reason", "")]
        if unclear or broken:
            found.append(rollback.id)
    return found


def v9_answers_are_kept(evidence: Evidence) -> Iterator[Violation]:
    """Hold: what a client was told is done stands in the database, and what it was told is not done does not."""
    yield from _votes_denied(evidence)
    for operation in evidence.operations:
        if operation.type == "ok" and (why := _lost(evidence, operation)):
            yield Violation("V9", f"{operation.proc} {operation.op}", f"“{operation.f}” was acknowledged: {why}")


def _votes_denied(evidence: Evidence) -> Iterator[Violation]:
    """A vote that was answered with a definite no each time it was cast must not count. `info` promises nothing."""
    ends: dict[tuple[str, str, str], dict[str, str]] = {}
    for operation in evidence.operations:
        if operation.f in {"approve", "reject"} and operation.value.get("person"):
            key = (operation.f, str(operation.value.get("rollback")), str(operation.value["person"]))
            ends.setdefault(key, {})[f"{operation.proc} {operation.op}"] = operation.type
    for (decision, rollback_id, person), told in ends.items():
        rollback = evidence.rollbacks.get(rollback_id)
        question = evidence.questions.get(rollback.question) if rollback else None
        cast = question and any((vote.person, vote.decision) == (person, decision) for vote in question.votes)
        if cast and set(told.values()) == {"fail"}:
            yield Violation("V9", next(iter(told)), f"“{decision}” was answered with a no, and the vote is there.")


def _lost(evidence: Evidence, operation: Operation) -> str:
    value, rollback = operation.value, str(operation.value.get("rollback", ""))
    if operation.f in {"approve", "reject"}:
        return _vote_lost(evidence, operation, rollback)
    if operation.f == "withdraw":
        return _withdrawal_lost(evidence, operation, rollback)
    if operation.f in ASKED and (rollback or "rollback" in value):
        told = {event.kind for event in evidence.events_of.get(rollback, [])}
        return "" if ASKED[operation.f] & told else f"the record does not know it of {rollback}."
    if operation.f in {"freeze", "lift"}:
        found = [freeze for freeze in evidence.freezes if freeze.id == str(value.get("freeze"))]
        if not found or (operation.f == "lift" and found[0].lifted_at is None):
            return f"freeze {value.get('freeze')} is not so."
    if operation.f == "hook" and str(value.get("delivery")) not in evidence.deliveries:
        return f"delivery {value.get('delivery')} is unknown."
    if "event" in value:
        kinds = {event.kind for event in evidence.events_of.get(str(value.get("subject")), [])}
        return "" if value["event"] in kinds else f"the record has no {value['event']} of {value.get('subject')}."
    return ""


def _withdrawal_lost(evidence: Evidence, operation: Operation, rollback_id: str) -> str:
    person, asked = str(operation.value.get("person", "")), evidence.rollbacks.get(rollback_id)
    question = evidence.questions.get(asked.question) if asked else None
    votes = [vote for vote in question.votes if vote.person == person] if question else []
    return "" if any(vote.withdrawn_at is not None for vote in votes) else f"the vote of {person} still stands."


def _vote_lost(evidence: Evidence, operation: Operation, rollback_id: str) -> str:
    rollback = evidence.rollbacks.get(rollback_id)
    if rollback is None:
        return f"rollback {rollback_id} is unknown."
    told = {event.kind for event in evidence.events_of.get(rollback_id, [])}
    others = evidence.questions.values() if "rollback.planned_again" in told else ()  # the vote may be for an old plan
    asked = [evidence.questions[rollback.question], *(one for one in others if one.kind == "rollback.start")]
    votes = [vote for question in asked for vote in question.votes]
    person = str(operation.value.get("person", ""))
    if any(vote.decision == operation.f and person in {"", vote.person} for vote in votes):
        return ""
    return f"no such vote of {person or 'anybody'} on {rollback_id}."
