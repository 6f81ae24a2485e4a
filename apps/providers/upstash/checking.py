"""Ask Upstash whether the token can do what a rollback needs. Reads only."""

from __future__ import annotations

from apps.providers.base import Access, Finding, ProviderError
from apps.providers.endings import quoted
from apps.providers.upstash import backups
from apps.providers.upstash.wire import ask


def findings(access: Access) -> list[Finding]:
    """Return one sentence for each thing that was looked at. Raises nothing."""
    try:
        size = ask(access, "DBSIZE")
    except ProviderError as error:
        text = f"{error} Look at the database's REST address and the REST token."
        return [Finding("error", text, "sign-in")]
    found = [Finding("ok", f"Signed in; the database holds {size} keys.", "sign-in")]
    try:
        ask(access, "SCAN", "0", "COUNT", "1")
    except ProviderError as error:
        text = f"{error} A read-only token cannot look through keys or delete them: enter the standard token."
        return [*found, Finding("error", text, "rights")]
    found.append(Finding("ok", "The token may look through the keys, so it is not the read-only one.", "rights"))
    return [*found, _backups(access)]


def _backups(access: Access) -> Finding:
    """Say whether a backup can be kept before a flush, and on which plan the database is."""
    if not backups.can_be_made(access):
        return Finding("ok", "Without a management key no backup can be kept before a flush.", "backups")
    try:
        about, newest = backups.about(access), backups.newest(access)
    except ProviderError as error:
        return Finding("error", f"{error} Look at the account's e-mail and management key.", "backups")
    last = f"the newest backup is of {newest[1]:%Y-%m-%d %H:%M} UTC" if newest else "there is no backup yet"
    plan = quoted(about.get("type") or "unknown")
    if about.get("state") not in (None, "active"):
        return Finding("warning", f"The database is {quoted(about['state'])} (plan {plan}); {last}.", "backups")
    return Finding("ok", f"Backups can be kept (plan {plan}); {last}.", "backups")
