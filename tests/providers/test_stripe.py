"""Stripe is asked for its balance, with a key that should be able to do nothing else."""

import pytest

from apps.providers import registry
from apps.providers.base import Call, Finding
from apps.providers.simulation import Simulators
from tests.providers.conftest import Connect

BALANCE = Call("balance", {})
SECRET_KEY = "sk_live_simulated_motion_mavericks"


def levels(findings: list[Finding]) -> list[tuple[str, str]]:
    return [(finding.level, finding.code) for finding in findings]


def test_the_balance_is_read_and_its_amounts_are_not_told(connect: Connect) -> None:
    result = registry.provider("stripe").examine(connect("stripe"), BALANCE)
    assert result.holds is True
    assert result.message == "Stripe answers with the live balance (EUR)."
    assert "184" not in repr(result)


@pytest.mark.parametrize(("livemode", "mode"), [(False, "live"), (True, "test")])
def test_the_balance_of_the_other_mode_proves_nothing(
    connect: Connect, simulators: Simulators, livemode: bool, mode: str
) -> None:
    simulators.settings("stripe", livemode=livemode)
    access = connect("stripe", settings={"mode": mode})
    result = registry.provider("stripe").examine(access, BALANCE)
    assert result.holds is False
    assert f"the connection says {mode}" in result.message
    assert levels(registry.provider("stripe").check(access)) == [("ok", "sign-in"), ("error", "mode")]


def test_without_a_mode_either_will_do(connect: Connect, simulators: Simulators) -> None:
    simulators.settings("stripe", livemode=False)
    assert registry.provider("stripe").examine(connect("stripe", settings={"mode": ""}), BALANCE).holds is True


def test_a_key_without_the_right_is_told_which_one_it_lacks(connect: Connect, simulators: Simulators) -> None:
    simulators.settings("stripe", balance_right=False)
    result = registry.provider("stripe").examine(connect("stripe"), BALANCE)
    assert result.holds is None
    assert "Balance: Read" in result.message


def test_a_key_that_may_do_everything_is_warned_about(connect: Connect) -> None:
    findings = registry.provider("stripe").check(connect("stripe", credentials={"api_key": SECRET_KEY}))
    assert levels(findings) == [("ok", "sign-in"), ("warning", "rights")]


def test_a_key_for_browsers_is_refused_before_it_is_sent(connect: Connect, log: list[str]) -> None:
    findings = registry.provider("stripe").check(connect("stripe", credentials={"api_key": "pk_live_0123456789"}))
    assert levels(findings) == [("error", "key")]
    assert log == []


def test_a_key_that_stripe_does_not_know_is_an_error(connect: Connect) -> None:
    findings = registry.provider("stripe").check(connect("stripe", credentials={"api_key": "rk_live_unknown_key"}))
    assert levels(findings) == [("error", "sign-in")]
    assert "answered 401" in findings[0].message


def test_it_has_no_action_and_says_so(connect: Connect, log: list[str]) -> None:
    stripe, call = registry.provider("stripe"), Call("refund", {})
    access = connect("stripe")
    assert stripe.problems(call) == ("Stripe has no action “refund”.",)
    assert stripe.observe(access, call).summary == "Stripe has no action “refund”."
    assert log == []
