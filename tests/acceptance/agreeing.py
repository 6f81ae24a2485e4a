"""What the journals of the foreign endpoints, the rollback and the timeline say must be the same story."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tests.acceptance.foreign import Entry
from tests.acceptance.world import World

SLACK_SECONDS = 0.05  # our two clocks are one, but a request is noted a moment after it was sent
UNSENT = {"not_sent"}


def agree(world: World, rollback: dict[str, Any]) -> list[dict[str, Any]]:
    """Raise AssertionError where the journals, the rollback and the timeline differ. Returns the timeline."""
    timeline = world.people.commander.timeline(world.incident)
    _in_order(timeline)
    writes = sorted((entry for role in world.foreigners for entry in _writes(world, role)), key=lambda entry: entry.at)
    sent = [one for step in rollback["steps"] for one in step["attempts"] if one["sent_at"]]
    assert bool(writes) == bool(sent), (writes, sent)
    for step in rollback["steps"]:
        _attempts_are_told(step, timeline)
    for entry in writes:
        assert any(_covers(one, entry) for one in sent), f"No attempt tells of {entry}"
    _times(rollback, writes)
    return timeline


def _writes(world: World, role: str) -> list[Entry]:
    found = world.foreigners[role].writes
    if role == "chat":
        return [entry for entry in found if "Waiting for approval" not in str((entry.body or {}).get("text"))]
    return found


def _covers(attempt: dict[str, Any], entry: Entry) -> bool:
    begun, ended = seconds(attempt["sent_at"]), attempt["finished_at"]
    return begun - SLACK_SECONDS <= entry.at <= (seconds(ended) + SLACK_SECONDS if ended else float("inf"))


def _attempts_are_told(step: dict[str, Any], timeline: list[dict[str, Any]]) -> None:
    told = [one for one in timeline if one["details"].get("position") == step["position"]]
    intended = [one for one in told if one["kind"] == "rollback.attempt_intended"]
    assert len(intended) == len(step["attempts"]), (step, [one["text"] for one in told])
    ends = {"succeeded": "rollback.step_succeeded", "skipped": "rollback.step_skipped"}
    if step["state"] in ends:
        assert any(one["kind"] in {ends[step["state"]], "rollback.step_adopted"} for one in told), step


def _times(rollback: dict[str, Any], writes: list[Entry]) -> None:
    timings = rollback["timings"]
    assert set(timings) == {"proposed_at", "approved_at", "first_call_at", "finished_at"}
    known = [seconds(at) for at in timings.values() if at]
    assert known == sorted(known), timings
    if writes:
        assert timings["first_call_at"], timings
        assert abs(seconds(timings["first_call_at"]) - writes[0].at) < 2.0, (timings, str(writes[0]))


def _in_order(timeline: list[dict[str, Any]]) -> None:
    numbers = [one["seq"] for one in timeline]
    assert numbers == sorted(set(numbers)), numbers
    for one in timeline:
        fields = {"seq", "kind", "occurred_at", "recorded_at", "actor", "subject", "text", "details"}
        assert fields <= set(one), one


def seconds(moment: str) -> float:
    """Return an RFC 3339 time as Unix seconds. Raises ValueError where it is not UTC."""
    found = datetime.fromisoformat(moment)
    if found.utcoffset() is None or found.utcoffset():
        raise ValueError(f"{moment} is not UTC")
    return found.timestamp()
