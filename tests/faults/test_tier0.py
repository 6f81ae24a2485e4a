"""Every failpoint and every fault once, on real processes, and no promise broken."""

from __future__ import annotations

import pytest

from tests.faults import tier0


@pytest.fixture(scope="module")
def result() -> tier0.Result:
    return tier0.run()


def test_a_worker_that_dies_at_any_failpoint_leaves_its_run_to_another(result: tier0.Result) -> None:
    assert result.fired == set(tier0.PAIRS)
    ends = {pair: seen and seen.state for pair, seen in result.ends.items()}
    asking = {pair for pair, state in ends.items() if state == "needs_operator"}
    assert set(ends.values()) <= {"succeeded", "needs_operator"}
    assert {kind for _, kind in asking} <= {"raw"}, "Only a request that nobody can look up needs a person."


def test_a_run_comes_to_its_end_whatever_breaks(result: tier0.Result) -> None:
    assert all(result.deeds.values()), result.deeds
    assert [seen and seen.state for seen in result.ends_of_deeds] == ["succeeded"] * len(result.deeds)


def test_no_promise_was_broken(result: tier0.Result) -> None:
    assert result.verdict["violations"] == []
    assert result.verdict["needless"] == []
    assert result.odd == []
