"""Stripe: ask whether payments can be reached, by reading the balance with a key that may do nothing else."""

from __future__ import annotations

from apps.providers.base import Access, Call, Check, CheckResult, Field, Finding
from apps.providers.examining import ReadsOnly, ends_in_a_check_result
from apps.providers.stripe import checking
from apps.providers.stripe.wire import API, balance, currencies

BALANCE = Check("balance", "The balance can be read")


class Stripe(ReadsOnly):
    """One Stripe account, read only."""

    slug = "stripe"
    name = "Stripe"
    default_base_url = API.default_base_url
    settings = (
        Field(
            "mode",
            "Mode",
            required=False,
            kind="choice",
            choices=("live", "test"),
            help="Whether the key is for real payments; an answer of the other mode fails the check.",
        ),
    )
    credentials = (
        Field(
            "api_key",
            "Restricted key",
            help="A restricted key (rk_…) with “Balance: Read” and nothing else.",
            placeholder="rk_live_…",
        ),
    )
    checks = (BALANCE,)
    roles = ("payments",)
    support = "https://support.stripe.com"

    def check(self, access: Access) -> list[Finding]:
        """Sign in and look whether the key may read the balance, and may not do more than that."""
        return checking.findings(access)

    @ends_in_a_check_result
    def examine(self, access: Access, call: Call) -> CheckResult:
        """Say whether Stripe answers with the balance of the right mode."""
        body = balance(access)
        if wrong := checking.wrong_mode(access, body):
            return CheckResult(False, wrong, (("failed", wrong),))
        kept = ", ".join(currencies(body)) or "no currency yet"
        text = f"Stripe answers with the {'live' if body['livemode'] else 'test'} balance ({kept})."
        return CheckResult(True, text, (("done", text),))
