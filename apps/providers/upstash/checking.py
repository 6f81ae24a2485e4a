"""Ask Upstash whether the token can do what a rollback needs. Reads only."""

from __future__ import annotations

from apps.providers.base import Access, Finding, ProviderError
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
    return [
        *found,
        Finding("ok", "The token may look through the keys, so it is not the read-only one.", "rights"),
    ]
