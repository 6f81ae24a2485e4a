"""Ask PagerDuty whether the connection can page and write notes. Pages nobody."""

from __future__ import annotations

import re

from apps.providers.base import Access, Finding, ProviderError
from apps.providers.calling import Denied
from apps.providers.endings import dig, quoted
from apps.providers.pagerduty.wire import ask, has


def findings(access: Access) -> list[Finding]:
    """Return one sentence for each thing that was looked at. Raises nothing."""
    found = [*_routing_key(access), *_api_token(access)]
    if not found:
        return [
            Finding(
                "error",
                "Enter an API token or a routing key; without one nothing can be done.",
                "credentials",
            )
        ]
    if not has(access, "api_token"):
        text = "Without an API token the portal can page, but add no notes and not see whether a page arrived."
        found.append(Finding("warning", text, "api-token"))
    elif not has(access, "routing_key") and not access.settings.get("service_id"):
        text = "Paging needs a routing key or a service id; only notes work without."
        found.append(Finding("warning", text, "service"))
    return found


def _routing_key(access: Access) -> list[Finding]:
    if not has(access, "routing_key"):
        return []
    if not re.fullmatch(r"[A-Za-z0-9]{32}", str(access.credentials["routing_key"])):
        text = "The routing key does not look like one: it has 32 letters and digits."
        return [Finding("warning", text, "routing-key")]
    return [Finding("ok", "The routing key looks right; only a real page can prove it.", "routing-key")]


def _api_token(access: Access) -> list[Finding]:
    if not has(access, "api_token"):
        return []
    try:
        found = [_signed_in(access)]
        found += _from(access)
        return found + _service(access)
    except ProviderError as error:
        return [Finding("error", str(error), "api-token")]


def _signed_in(access: Access) -> Finding:
    ask(access, "/incidents", {"limit": 1}, "The list of incidents")
    return Finding("ok", "Signed in; incidents can be read.", "api-token")


def _from(access: Access) -> list[Finding]:
    email = access.settings.get("from_email", "")
    try:
        users = dig(ask(access, "/users", {"query": email, "limit": 100}, "The list of users"), "users") or []
    except Denied:
        return []  # a token without the right to list users can still write notes
    if any(str(dig(user, "email")).lower() == email.lower() for user in users):
        return [Finding("ok", f"{quoted(email)} is a PagerDuty user.", "from")]
    text = f"PagerDuty knows no user {quoted(email)}; it refuses notes from an unknown address."
    return [Finding("error", text, "from")]


def _service(access: Access) -> list[Finding]:
    service = access.settings.get("service_id", "")
    if not service:
        return []
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", service):
        return [Finding("error", f"“{quoted(service)}” cannot be a service id.", "service")]
    try:
        name = dig(ask(access, f"/services/{service}", what=f"The service {service}"), "service", "name")
    except Denied as error:
        return [Finding("warning", str(error), "service")]
    return [Finding("ok", f"The service {quoted(name or service)} is there.", "service")]
