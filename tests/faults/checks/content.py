"""What was agreed on: the content of every request stands in the plan, and the people needed agreed to that plan."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from tests.faults.evidence import Entry, Evidence, Violation
from tests.faults.rows import Question, Rollback

UNSTARTED = {"awaiting_approval", "rejected", "expired"}


def v3_as_agreed(evidence: Evidence) -> Iterator[Violation]:
    """Hold: request, attempt and plan say the same, and a full quorum agreed to exactly this plan before the start."""
    for attempt in evidence.attempts.values():
        said = evidence.said(attempt)
        subject = f"{attempt.rollback} step {attempt.position}"
        call = _call(said, attempt.part, attempt.kind)
        if call is None:
            yield Violation("V3", subject, f"Attempt {attempt.number} is not in the plan.")
            continue
        if not said.get("rendered_when_sent") and attempt.request_digest != digest_of(call):
            yield Violation("V3", subject, f"Attempt {attempt.number} asks for something else than the plan.")
        for entry in evidence.entries_of.get(attempt.id, []):
            if not _fits(entry, said.get("provider", ""), call):
                what = f"Request {entry.id} ({entry.method} {entry.path}) is not what the plan says."
                yield Violation("V3", subject, what)
    for rollback in evidence.rollbacks.values():
        yield from _agreement(evidence, rollback)


def digest_of(call: Mapping[str, Any]) -> str:
    """Return the digest of what a call asks for, computed here and not by the product."""
    return hashlib.sha256(json.dumps(call, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _call(said: Mapping[str, Any], part: str, kind: str) -> Mapping[str, Any] | None:
    if kind == "compensate":
        return said.get("compensation", {}).get(part)
    if said.get("kind") != "action" or part not in said.get("parts", [""]):
        return None
    return {"action": said["action"], "parameters": said["parameters"], "part": part}


def _fits(entry: Entry, provider: str, call: Mapping[str, Any]) -> bool:
    """Say whether a request is one that its planned call stands for, provider by provider."""
    parameters, action = call["parameters"], call["action"]
    if entry.slug != provider and provider != "http":
        return False
    match provider, action:
        case "vercel", "rollback" | "promote":
            return entry.method == "POST" and entry.path.endswith(f"/{action}/{parameters['deployment']}")
        case "launchdarkly", _:
            kinds = [one.get("kind") for one in _body(entry).get("instructions", [])]
            wanted = ["turnFlagOff" if action == "flags_off" else "turnFlagOn"]
            flags = [call["part"]] if call["part"] else parameters["flags"]
            return kinds == wanted and entry.path.rpartition("/")[2] in flags
        case "upstash", "delete_prefix":
            command = _body(entry)
            ours = isinstance(command, list) and command[0] in {"UNLINK", "DEL"}
            return len(entry.body) >= 8192 or (
                ours and all(key.startswith(parameters["prefix"]) for key in command[1:])
            )
        case "http", _:
            return entry.method == parameters["method"] and entry.path.endswith(parameters["path"].partition("?")[0])
    return True


def _body(entry: Entry) -> Any:
    try:
        return json.loads(entry.body)
    except ValueError:
        return {}


def _agreement(evidence: Evidence, rollback: Rollback) -> Iterator[Violation]:
    if rollback.plan_digest != rollback.plan_hash:
        yield Violation("V3", rollback.id, "Its plan is not the one that its hash names.")
    if rollback.approved_at is None:
        if evidence.attempts_of.get(rollback.id) or rollback.state not in {*UNSTARTED, "cancelled"}:
            yield Violation("V3", rollback.id, f"It is {rollback.state} without ever having been approved.")
        return
    question = evidence.questions.get(rollback.question)
    if question is None or question.content_hash != rollback.plan_hash:
        yield Violation("V3", rollback.id, "What people agreed on is another plan.")
    elif why := _missing(question, rollback):
        yield Violation("V3", rollback.id, why)


def _missing(question: Question, rollback: Rollback) -> str:
    """Return what is wrong with the votes that started a run, or an empty text."""
    assert rollback.approved_at is not None
    standing = [vote for vote in question.votes if vote.withdrawn_at is None]
    taken = [vote for vote in standing if vote.decision == "approve"]
    if any(vote.withdrawn_at is not None and vote.consumed_at is not None for vote in question.votes):
        return "A vote that was taken back was used."
    if len({vote.person for vote in taken}) != len(taken):
        return "One person's vote counted twice."
    if any(vote.person == rollback.requester for vote in taken):
        return "Its requester agreed to it."
    for vote in taken:
        if vote.content_hash != rollback.plan_hash:
            return f"The vote of {vote.person} was for another plan."
        if vote.consumed_at is None:
            return f"The vote of {vote.person} was not used up by the start."
        if vote.expires_at <= vote.consumed_at:
            return f"The vote of {vote.person} did not count at the start."
        if question.seats.get(vote.seat) and vote.role not in question.seats[vote.seat]:
            return f"The vote of {vote.person} as {vote.role} does not fit its seat."
    if free := set(question.seats) - {vote.seat for vote in taken}:
        return f"{len(free)} of the {len(question.seats)} needed votes were never cast."
    return "Somebody rejected it." if any(vote.decision == "reject" for vote in standing) else ""
