"""The checks over what was kept outside meanwhile: anchors, sightings of runs, and what viewers were shown."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from django.conf import settings

from tests.faults.bending import Bend, all_of, has
from tests.faults.checker import violations
from tests.faults.checks.record import ANCHORS
from tests.faults.clocks import PRODUCTION_CLOCKS
from tests.faults.evidence import Anchor, Evidence, Limits, Shown, Sighting, Viewing
from tests.faults.restoring import Restored, flaws
from tests.faults.samples import ORGANISATION, RUN, TOLD, T, honest
from tests.faults.written import read_sightings, read_viewings

INCIDENT = "incident-1"
EVERYTHING = tuple(Shown(1 + (seq > 4), seq, kind, RUN) for seq, (_, kind, _) in enumerate(TOLD, start=1))
OTHER_END = replace(EVERYTHING[-1], kind="rollback.failed")
OTHER_SERVED = {"vercel": {"projects": {"prj": {"aliases": {"www": {"deployment": "dpl_new"}}}}}}


def viewed(*shown: Shown, left: float = 90.0) -> Bend:
    """Let somebody follow the incident of the run, and leave some seconds after the beginning."""
    return lambda evidence: replace(
        evidence,
        events=[replace(event, incident=INCIDENT) for event in evidence.events],
        viewings=[Viewing("viewer", INCIDENT, T + left, shown)],
    )


def seen(*states: str) -> Bend:
    """Let the run be seen in these states."""
    return has(sightings=[Sighting(RUN, state, 1, 2, 2, T + number) for number, state in enumerate(states)])


def taken(code: int, wanted: int, *, again: bool = True) -> Bend:
    """Let the run be taken by code of one epoch after the database was seen to be of another."""
    after = Sighting(RUN, "running", 2 if again else 1, code, wanted, T + 2)
    return has(sightings=[Sighting(RUN, "running", 1, 2, wanted, T + 1), after])


def anchored(*numbers: int, file: str = ANCHORS) -> Bend:
    """Let these links of the record be anchored, in this order."""
    return lambda evidence: replace(
        evidence,
        anchors=[Anchor(ORGANISATION, seq, evidence.events[seq - 1].hash.hex(), file) for seq in numbers],
    )


BROKEN: list[tuple[str, str, Bend]] = [
    ("V7", "a run that has left its end", seen("running", "succeeded", "running", "succeeded")),
    ("V7", "a run with another end", seen("running", "cancelled")),
    ("V7", "a run that is gone", has(sightings=[Sighting("rollback-9", "running", 1, 2, 2, T)])),
    ("V10", "a record that has lost its end", anchored(7, 5, file="heads.jsonl")),
    ("V10", "one link anchored twice", anchored(5, 5)),
    ("V10", "a forked record", has(anchors=[Anchor(ORGANISATION, 5, "ab" * 32, "heads.jsonl")])),
    ("V10", "no anchor for a minute", all_of(anchored(7), has(limits=Limits(anchor_seconds=60)))),
    ("V10", "no anchor at all", has(limits=Limits(anchor_seconds=60))),
    ("V10", "heads are no anchors", all_of(
        anchored(len(TOLD), file="heads.jsonl"), has(limits=Limits(anchor_seconds=60))
    )),
    ("V11", "an event shown again after a break", viewed(*EVERYTHING[:5], *EVERYTHING[4:])),
    ("V11", "two events in the wrong order", viewed(EVERYTHING[1], EVERYTHING[0], *EVERYTHING[2:])),
    ("V11", "a gap over a break", viewed(*EVERYTHING[:4], *EVERYTHING[5:])),
    ("V11", "an end that never came", viewed(*EVERYTHING[:-1])),
    ("V11", "nothing at all", viewed()),
    ("V11", "an event that is not in the record", viewed(*EVERYTHING, Shown(2, 99, "rollback.failed", RUN))),
    ("V11", "another event under its number", viewed(*EVERYTHING[:-1], OTHER_END)),
    ("V16", "old code after a migration", taken(2, 3)),
]  # fmt: skip

UNBROKEN: list[tuple[str, Bend]] = [
    ("a run that was seen to its end", seen("awaiting_approval", "queued", "running", "succeeded")),
    ("a record that grew", anchored(2, 5, 9)),
    ("an anchor of everything", all_of(anchored(9), has(limits=Limits(anchor_seconds=60)))),
    ("an anchor that is not due yet", all_of(anchored(8), has(limits=Limits(anchor_seconds=86.5)))),
    ("an anchor that a fault held up", all_of(anchored(2), has(healed_at=T + 90, limits=Limits(anchor_seconds=60)))),
    ("a viewer over two lines", viewed(*EVERYTHING)),
    ("a viewer that left early", viewed(*EVERYTHING[:2], left=12.0)),
    ("new code after a migration", taken(3, 3)),
    ("old code that goes on with what it had", taken(2, 3, again=False)),
    ("production that a stranger moved", has(states=OTHER_SERVED, moved=frozenset({RUN}))),
]


@pytest.mark.parametrize(("check", "bend"), [case[::2] for case in BROKEN], ids=[f"{c}: {n}" for c, n, _ in BROKEN])
def test_what_breaks_a_promise_is_found(check: str, bend: Bend) -> None:
    found = violations(bend(honest()))
    assert {violation.check for violation in found} == {check}, found


@pytest.mark.parametrize("bend", [bend for _, bend in UNBROKEN], ids=[name for name, _ in UNBROKEN])
def test_what_only_looks_like_it_is_not(bend: Bend) -> None:
    assert violations(bend(honest())) == []


def test_the_last_of_two_sets_of_clocks_is_that_of_production() -> None:
    assert {name: getattr(settings, name) for name in PRODUCTION_CLOCKS} == PRODUCTION_CLOCKS


def test_what_was_written_is_read_and_a_cut_line_is_left_out(tmp_path: Path) -> None:
    about = {"viewer": "v", "incident": INCIDENT, "connection": 1}
    lines = [about | {"seq": 1, "kind": "a", "subject": "s"}, about | {"left": 5.0}]
    viewers, runs = tmp_path / "viewers.jsonl", tmp_path / "runs.jsonl"
    viewers.write_text("\n".join(map(json.dumps, lines)) + '\n{"viewer')
    runs.write_text('{"rollback": "r", "state": "queued", "fence": 0, "code": 0, "wanted": 2, "at": 1.0}\n{"rol')
    assert list(read_viewings(viewers)) == [Viewing("v", INCIDENT, 5.0, (Shown(1, 1, "a", "s"),))]
    assert list(read_sightings(runs)) == [Sighting("r", "queued", 0, 0, 2, 1.0)]


def test_a_request_under_production_clocks_may_take_longer_and_no_other() -> None:
    limits = Limits(send_seconds=2, production_from=T, production_send_seconds=21)
    assert (limits.sending(T - 1), limits.sending(T + 1)) == (2, 21)


@pytest.mark.parametrize(
    ("seen", "says"),
    [
        (Restored("succeeded", 1, 0, 0), []),
        (Restored("succeeded", 1, 1, 0), ["After the restore 1 requests"]),
        (Restored("succeeded", 1, 0, 3), ["After the restore rollbacks are not frozen in 3"]),
        (Restored("failed", 0, 0, 0), ["The run before the restore ended failed"]),
    ],
)
def test_a_restore_that_sends_again_or_leaves_open_is_found(seen: Restored, says: list[str]) -> None:
    found = list(flaws(seen))
    assert len(found) == len(says)
    assert all(sentence.startswith(beginning) for sentence, beginning in zip(found, says, strict=True))


def test_evidence_without_witnesses_breaks_nothing() -> None:
    assert violations(replace(honest(), viewings=(), sightings=(), anchors=())) == []
    assert Evidence(collected_at=T).sightings_of == {}
