"""Ask Stripe whether the key may read the balance, and whether it may do more than it should. Reads only."""

from __future__ import annotations

from typing import Any

from apps.providers.base import Access, Finding, ProviderError
from apps.providers.stripe.wire import balance

TOO_MUCH = (
    "This is a secret key, which may do everything in Stripe. "
    "Make a restricted key (rk_…) with “Balance: Read” only and enter that one."
)
PUBLISHABLE = "This is a publishable key, which cannot read the balance. Enter a restricted key (rk_…)."


def findings(access: Access) -> list[Finding]:
    """Return one sentence for each thing that was looked at. Raises nothing."""
    key = str(access.credentials.get("api_key") or "").strip()
    if key.startswith("pk_"):
        return [Finding("error", PUBLISHABLE, "key")]
    try:
        body = balance(access)
    except ProviderError as error:
        return [Finding("error", str(error), "sign-in")]
    mode = "live" if body["livemode"] else "test"
    found = [Finding("ok", f"Signed in; the balance of the {mode} mode can be read.", "sign-in")]
    if wrong := wrong_mode(access, body):
        found.append(Finding("error", wrong, "mode"))
    if key.startswith("sk_"):
        found.append(Finding("warning", TOO_MUCH, "rights"))
    return found


def wrong_mode(access: Access, body: dict[str, Any]) -> str:
    """Return a sentence when the balance is of another mode than the connection says, else an empty text."""
    wanted, mode = access.settings.get("mode") or "", "live" if body["livemode"] else "test"
    if wanted in ("", mode):
        return ""
    return f"The key is one of Stripe's {mode} mode, but the connection says {wanted}. Enter the other key."
