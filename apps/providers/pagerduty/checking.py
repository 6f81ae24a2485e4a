"""Ask PagerDuty whether the connection can page and write notes. Pages nobody."""

from __future__ import annotations

import re

from apps.providers.base import Access, Finding, ProviderError
from apps.providers.calling import Denied
from apps.providers.endings import dig, quoted
from apps.providers.pagerduty.wire import OAUTH, ask, has, user_with_email

RESPONDERS = "coordinated_responding"
ONLY_READ = ("read_only_user", "read_only_limited_user")
RIGHTS = "PagerDuty tells only when it is used whether an API key may write: it must not be a read-only key."


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
        found = [_signed_in(access), *_token(access), *_from(access)]
        return [*found, *_service(access), *_abilities(access)]
    except ProviderError as error:
        return [Finding("error", str(error), "api-token")]


def _signed_in(access: Access) -> Finding:
    ask(access, "/incidents", {"limit": 1}, "The list of incidents")
    return Finding("ok", "Signed in; incidents can be read.", "api-token")


def _token(access: Access) -> list[Finding]:
    """Say what the token's form tells: an OAuth token ends, an API key does not."""
    if str(access.credentials["api_token"]).strip().startswith(OAUTH):
        text = "This is an OAuth token: it ends, and PagerDuty does not tell when. An API key does not end."
        return [Finding("warning", text, "expiry")]
    return [Finding("ok", RIGHTS, "rights")]


def _abilities(access: Access) -> list[Finding]:
    """Say what the plan does not have. Asking for responders is the one ability that an action needs."""
    try:
        abilities = dig(ask(access, "/abilities", what="The list of abilities"), "abilities")
    except ProviderError:
        return []  # a token may be kept from reading them, and still do all the rest
    if not isinstance(abilities, list) or RESPONDERS in abilities:
        return []
    text = "The account's plan has no responder requests, so people cannot be asked to join an incident."
    return [Finding("warning", text, "plan")]


def _from(access: Access) -> list[Finding]:
    email = access.settings.get("from_email", "")
    try:
        user = user_with_email(access, email)
    except Denied:
        return []  # a token without the right to list users can still write notes
    if user and dig(user, "role") in ONLY_READ:
        text = f"The PagerDuty user {quoted(email)} may only read. Choose one who may change incidents."
        return [Finding("error", text, "from")]
    if user:
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
        about = dig(ask(access, f"/services/{service}", what=f"The service {service}"), "service")
    except Denied as error:
        return [Finding("warning", str(error), "service")]
    name, status = dig(about, "name"), dig(about, "status")
    if status in ("disabled", "maintenance"):
        text = f"The service {quoted(name or service)} is in the state “{status}”: nobody is paged by it."
        return [Finding("warning", text, "service")]
    return [Finding("ok", f"The service {quoted(name or service)} is there.", "service")]
