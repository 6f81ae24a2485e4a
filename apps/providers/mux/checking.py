"""Ask Mux whether the token is good, sees assets, and whether the signing key can be used. Reads only."""

from __future__ import annotations

from apps.providers.base import Access, Finding, ProviderError
from apps.providers.endings import quoted
from apps.providers.mux.signing import private_key
from apps.providers.mux.wire import ENVIRONMENT, ask


def findings(access: Access) -> list[Finding]:
    """Return one sentence for each thing that was looked at. Raises nothing."""
    try:
        answer, assets = ask(access, "/assets", "The list of assets", {"limit": 1})
    except ProviderError as error:
        return [Finding("error", str(error), "sign-in")]
    found = [Finding("ok", "Signed in; the assets can be read.", "sign-in")]
    if not assets:
        found.append(Finding("warning", f"There are no assets. {ENVIRONMENT}", "environment"))
    if limit := answer.headers.get("x-ratelimit-limit"):
        found.append(Finding("ok", f"Mux allows this environment {quoted(limit)} requests at a time.", "limits"))
    return [*found, *_signing(access)]


def _signing(access: Access) -> list[Finding]:
    given = [name for name in ("signing_key_id", "signing_key") if access.credentials.get(name)]
    if not given:
        return []
    if len(given) == 1:
        text = "Signed streams need both, the id of the signing key and the key. Enter the other one too."
        return [Finding("error", text, "signing")]
    try:
        private_key(access)
    except ProviderError as error:
        return [Finding("error", str(error), "signing")]
    return [Finding("ok", "The signing key can be used for streams that are not public.", "signing")]
