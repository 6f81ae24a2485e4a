"""Ask Clerk whether the key is good and of the right instance. Reads only, and no user's data."""

from __future__ import annotations

from apps.providers.base import Access, Finding, ProviderError
from apps.providers.clerk.wire import count, instance_of

RIGHTS = "Clerk has no keys with fewer rights: this one may do everything in its instance, the portal only counts."
LIMITS = {"production": 1000, "development": 100}


def findings(access: Access) -> list[Finding]:
    """Return one sentence for each thing that was looked at. Raises nothing."""
    if str(access.credentials.get("secret_key") or "").strip().startswith("pk_"):
        text = "This is a publishable key, which cannot count users. Enter a secret key (sk_…)."
        return [Finding("error", text, "key")]
    try:
        users = count(access)
    except ProviderError as error:
        return [Finding("error", str(error), "sign-in")]
    found = [Finding("ok", f"Signed in; the instance has {users} users.", "sign-in")]
    if wrong := wrong_instance(access):
        found.append(Finding("error", wrong, "instance"))
    if limit := LIMITS.get(instance_of(access)):
        found.append(Finding("ok", f"Clerk takes {limit} requests in 10 seconds for this instance.", "limits"))
    return [*found, Finding("warning", RIGHTS, "rights")]


def wrong_instance(access: Access) -> str:
    """Return a sentence when the key is of another instance than the connection says, else an empty text."""
    wanted, found = access.settings.get("instance") or "", instance_of(access)
    if wanted in ("", found) or not found:
        return ""
    return f"The key is one of Clerk's {found} instance, but the connection says {wanted}. Enter the other key."
