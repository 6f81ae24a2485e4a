"""What is collected from a real run is whole: the honest ones break nothing, and a secret in it is found."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from apps.deployments import freezing, lifting
from apps.rollbacks import engine, lifecycle
from apps.timeline.log import SYSTEM
from tests.faults.acting import ONE_FLAG, SAY, playbook
from tests.faults.checker import needless_calls, violations
from tests.faults.collecting import collect, journal_of
from tests.faults.written import read_anchors, read_history
from tests.rollbacks.conftest import PLAYBOOK, stage

__all__ = ["stage"]
TOKEN = "vercel_simulated_motion_mavericks"


def collected(stage: Any, **more: Any) -> Any:
    states = {slug: stage.outside.state(slug) for slug in ("vercel", "launchdarkly")}
    return collect(journal=journal_of(stage.outside), states=states, **more)


def test_a_whole_run_breaks_nothing_and_tells_no_secret(stage: Any, tmp_path: Path) -> None:
    rollback = stage.approve(stage.propose(PLAYBOOK))
    stage.outside.fault("reset_after", slug="vercel")
    stage.outside.fault("status", slug="launchdarkly", status=429, retry_after=1)
    assert stage.run(rollback).state == "succeeded"
    log = tmp_path / "worker.log"
    log.write_text("an honest line\n")
    evidence = collected(stage, canaries={"token": TOKEN}, logs=[log])
    assert violations(evidence) == []
    assert needless_calls(evidence) == []
    assert len(evidence.attempts) >= 6
    assert {event.organisation for event in evidence.events} == set(evidence.heads)


def test_a_secret_is_found_in_a_log_and_in_every_table_that_holds_it(stage: Any, tmp_path: Path) -> None:
    stage.propose(playbook(SAY.replace("Rolling back", f"Sign in with {TOKEN}")))
    log = tmp_path / "worker.log"
    log.write_text(f"first\nsecond {TOKEN}\n")
    found = {violation.subject for violation in violations(collected(stage, canaries={"token": TOKEN}, logs=[log]))}
    assert {"worker.log:2", "table rollbacks_plan", "table playbooks_revision"} <= found


def test_a_run_that_was_frozen_paused_and_cancelled_breaks_nothing(stage: Any) -> None:
    rollback = stage.approve(stage.propose(playbook(ONE_FLAG + SAY)))
    freeze = freezing.freeze(stage.organisation, by=SYSTEM, stops="rollbacks", scope="organisation", reason="Wait")
    engine.advance(rollback.pk)
    assert violations(collected(stage)) == []
    lifting.lift(freeze, by=SYSTEM)
    lifecycle.pause(rollback, by=stage.rae, reason="Look first")
    stage.run(rollback)
    lifecycle.resume(rollback, by=stage.rae, reason="Go on")
    stage.outside.fault("status", slug="launchdarkly", status=429, retry_after=1)
    stage.run(rollback, until=lambda run: run.attempts.exists())
    lifecycle.cancel(rollback, by=stage.rae, reason="The fix is out")
    assert stage.run(rollback).state == "cancelled"
    evidence = collected(stage)
    assert violations(evidence) == []
    assert evidence.freezes[0].lifted_at


def test_a_line_that_was_cut_off_is_left_out(tmp_path: Path) -> None:
    history, anchors = tmp_path / "client.jsonl", tmp_path / "record.jsonl"
    line = '{"proc": "c", "op": "c-1", "type": "ok", "f": "approve", "value": {}, "mono": 1, "wall": 2}'
    history.write_text(f"{line}\n{line[:40]}")
    anchors.write_text('{"organisation": "o", "seq": 7, "hash": "ab", "at": "…", "slug": "o"}\n{"organisation"')
    assert [operation.op for operation in read_history(history)] == ["c-1"]
    assert [(anchor.seq, anchor.hash) for anchor in read_anchors(anchors)] == [(7, "ab")]
