"""Clerk: ask whether people can be known and their sessions be verified, without reading anybody's data."""

from __future__ import annotations

from apps.providers.base import Access, Call, Check, CheckResult, Field, Finding, Parameter
from apps.providers.clerk import checking
from apps.providers.clerk.wire import API, ask, count
from apps.providers.endings import dig
from apps.providers.examining import ReadsOnly, ends_in_a_check_result

USERS = Check(
    "users",
    "The users can be read",
    parameters=(
        Parameter("at_least", "At least", kind="number", required=False, help="Fails when there are fewer users."),
    ),
)
SIGNING_KEYS = Check("signing_keys", "The keys that sessions are verified with can be read")


class Clerk(ReadsOnly):
    """One Clerk instance, read only."""

    slug = "clerk"
    name = "Clerk"
    default_base_url = API.default_base_url
    settings = (
        Field(
            "instance",
            "Instance",
            required=False,
            kind="choice",
            choices=("production", "development"),
            help="A key of the other instance fails the checks.",
        ),
    )
    credentials = (Field("secret_key", "Secret key", help="Dashboard → API keys.", placeholder="sk_live_…"),)
    checks = (USERS, SIGNING_KEYS)
    roles = ("identity",)
    support = "https://clerk.com/support"

    def check(self, access: Access) -> list[Finding]:
        """Sign in and count the users; change nothing."""
        return checking.findings(access)

    @ends_in_a_check_result
    def examine(self, access: Access, call: Call) -> CheckResult:
        """Count the users, or look whether there are signing keys."""
        if wrong := checking.wrong_instance(access):
            return CheckResult(False, wrong, (("failed", wrong),))
        return _signing_keys(access) if call.action == "signing_keys" else _users(access, call)


def _users(access: Access, call: Call) -> CheckResult:
    users, least = count(access), call.parameters.get("at_least")
    holds = least is None or users >= least
    wanted = "" if least is None else f"; wanted at least {least:g}"
    text = f"Clerk answers with {users} users{wanted}."
    return CheckResult(holds, text, (("done" if holds else "failed", text),), value=float(users))


def _signing_keys(access: Access) -> CheckResult:
    keys = dig(ask(access, "/jwks", "The signing keys"), "keys")
    if not isinstance(keys, list):
        text = "Clerk answered with something that is not a set of keys."
        return CheckResult(None, text, (("unknown", text),))
    if keys:
        text = f"Clerk answers with {len(keys)} signing keys."
        return CheckResult(True, text, (("done", text),))
    text = "Clerk has no signing key, so no session can be verified."
    return CheckResult(False, text, (("failed", text),))
