"""Ask a provider's check of the approved plan what it finds now."""

from __future__ import annotations

from apps.providers.base import Access, Call, CheckResult, Proof, Verification
from apps.rollbacks.approved import PlannedStep

EXAMINE_AGAIN_SECONDS = 5.0
LONGEST_EXAMINE_AGAIN_SECONDS = 30.0
LOOKS_A_WINDOW = 30  # a figure over five minutes hardly moves in a second, and sources limit how often they are asked


def is_by_provider(planned: PlannedStep) -> bool:
    """Say whether a step of the plan is a check that a provider answers."""
    return planned.kind == "check" and bool(planned.said.get("provider"))


def examine(planned: PlannedStep, access: Access) -> CheckResult:
    """Ask once; never raises. Call it outside any transaction."""
    check = planned.said["check"]
    return planned.provider.examine(access, Call(check["name"], check["parameters"]))


def as_proof(result: CheckResult) -> Verification:
    """Return what a check found as a proof. What cannot be read is not known, which is no failure yet."""
    return Verification(Proof.SATISFIED if result.holds else Proof.NOT_YET, result.message, result.readings)


def again_seconds(planned: PlannedStep) -> float:
    """Return after how many seconds it is worth asking again."""
    window = planned.said["check"]["parameters"].get("window_minutes")
    if not isinstance(window, int | float):
        return EXAMINE_AGAIN_SECONDS
    return min(max(window * 60 / LOOKS_A_WINDOW, EXAMINE_AGAIN_SECONDS), LONGEST_EXAMINE_AGAIN_SECONDS)
