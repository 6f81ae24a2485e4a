"""Ask Datadog whether its keys can read figures and events. Changes nothing."""

from __future__ import annotations

from apps.providers.base import Access, Finding, ProviderError
from apps.providers.calling import Denied
from apps.providers.datadog import measuring
from apps.providers.datadog.wire import ask, events, points, window
from apps.providers.endings import dig

LOOKING_MINUTES = 15


def findings(access: Access) -> list[Finding]:
    """Return one sentence for each thing that was looked at. Raises nothing."""
    try:
        if dig(ask(access, "/api/v1/validate", None, "The API key"), "valid") is not True:
            return [Finding("error", "Datadog says that the API key is not valid.", "api-key")]
        found = [Finding("ok", "The API key is valid; events can be posted.", "api-key")]
        return [*found, _figures(access), _events(access)]
    except ProviderError as error:
        return [Finding("error", f"{error} Is this the address of the keys' own Datadog site?", "api-key")]


def _figures(access: Access) -> Finding:
    over = window(LOOKING_MINUTES)
    try:
        hits = points(access, over, measuring.counted(access, "hits", over), "The number of requests")
    except Denied as error:
        text = f"{error} The application key needs the scope “timeseries_query”."
        return Finding("error", text, "timeseries_query")
    if not hits:
        text = (
            f"There are no requests of the last {LOOKING_MINUTES} minutes. Look at service, environment and operation."
        )
        return Finding("warning", text, "requests")
    return Finding("ok", "The service's requests can be read.", "timeseries_query")


def _events(access: Access) -> Finding:
    try:
        next(events(access, "rollback-portal:preflight"), None)
    except Denied as error:
        text = f"{error} Without “events_read” the portal posts events and cannot see whether they arrived."
        return Finding("warning", text, "events_read")
    return Finding("ok", "Events can be read.", "events_read")
