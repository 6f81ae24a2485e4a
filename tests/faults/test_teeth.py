"""The checker has teeth: each of fourteen bugs is seen, and nothing is seen in the same scenario without it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.faults import scenarios, scenarios_of_people
from tests.faults.acting import SCENARIOS, Trial
from tests.faults.bugs import BUGS, seeded
from tests.faults.checker import violations
from tests.rollbacks.conftest import stage

__all__ = ["scenarios", "scenarios_of_people", "stage"]


@pytest.fixture
def trial(stage: Any, settings: Any, tmp_path: Path) -> Trial:
    """A stage with quick clocks and a spool of its own."""
    settings.DATA_DIR = tmp_path
    return Trial(stage, settings)


def test_there_are_fourteen_bugs_and_each_has_its_scenario() -> None:
    assert sorted(bug.number for bug in BUGS.values()) == list(range(1, 15))
    assert set(SCENARIOS) == set(BUGS)


def test_both_doors_are_seen_to_answer_too_early(trial: Trial) -> None:
    with seeded("answer-before-commit"):
        found = violations(SCENARIOS["answer-before-commit"].play(trial))
    assert sorted(violation.what.split("”")[0] for violation in found) == ["“approve", "“hook"]


@pytest.mark.parametrize("name", BUGS)
def test_without_the_bug_nothing_is_broken(trial: Trial, name: str) -> None:
    evidence = SCENARIOS[name].play(trial)
    assert violations(evidence) == []
    first = min(evidence.rollbacks.values(), key=lambda rollback: rollback.proposed_at)
    assert first.state == SCENARIOS[name].ends, first.reason


@pytest.mark.parametrize("name", BUGS)
def test_the_bug_is_caught(trial: Trial, name: str) -> None:
    with seeded(name):
        found = violations(SCENARIOS[name].play(trial))
    assert BUGS[name].caught_by <= {violation.check for violation in found}, found
