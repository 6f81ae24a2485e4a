"""The checker: every promise of the engine, held against everything that was written down while it was tried."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from tests.faults.checks.content import v3_as_agreed
from tests.faults.checks.effects import (
    v1_never_twice,
    v5_in_order,
    v6_one_run_at_a_time,
    v13_nothing_after_cancelling,
)
from tests.faults.checks.promises import (
    needless_calls,
    v8_never_stuck,
    v9_answers_are_kept,
)
from tests.faults.checks.record import v10_the_record_holds
from tests.faults.checks.requests import v2_intended_first, v4_nothing_after_a_freeze, v15_nothing_besides
from tests.faults.checks.telling import v12_no_secret_is_told, v14_told_once
from tests.faults.checks.truth import v7_the_screen_is_true
from tests.faults.checks.versions import v16_only_current_code
from tests.faults.checks.viewers import v11_viewers_end_with_the_truth
from tests.faults.evidence import Evidence, Violation

__all__ = ["CHECKS", "Violation", "needless_calls", "violations"]

CHECKS: tuple[Callable[[Evidence], Iterable[Violation]], ...] = (
    v1_never_twice,
    v2_intended_first,
    v3_as_agreed,
    v4_nothing_after_a_freeze,
    v5_in_order,
    v6_one_run_at_a_time,
    v7_the_screen_is_true,
    v8_never_stuck,
    v9_answers_are_kept,
    v10_the_record_holds,
    v11_viewers_end_with_the_truth,
    v12_no_secret_is_told,
    v13_nothing_after_cancelling,
    v14_told_once,
    v15_nothing_besides,
    v16_only_current_code,
)


def violations(evidence: Evidence) -> list[Violation]:
    """Return every broken promise that the evidence shows, check by check."""
    return [violation for check in CHECKS for violation in check(evidence)]
