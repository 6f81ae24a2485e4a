"""Ask PostHog whether the connection can query and annotate. Changes nothing."""

from __future__ import annotations

from apps.providers.base import Access, Finding, ProviderError
from apps.providers.calling import Denied
from apps.providers.endings import dig
from apps.providers.posthog.wire import API, listed, project_path, row

ANNOTATE, SWITCH = "annotation:write", "feature_flag:write"
UNTOLD = f"PostHog tells only when it is used whether the key may write; it needs “{ANNOTATE}” and “{SWITCH}”."
WRITING = {ANNOTATE: "annotate", SWITCH: "switch feature flags"}
LISTS = {"annotations": ANNOTATE, "feature_flags": SWITCH}


def findings(access: Access) -> list[Finding]:
    """Return one sentence for each thing that was looked at. Raises nothing."""
    if problem := _mixed_up(access):
        return [problem]
    try:
        events = row(access, "select count() from events where timestamp > now() - interval 3600 second", {})[0]
    except ProviderError as error:
        return [Finding("error", f"{error} Queries need the scope “query:read”.", "query:read")]
    found = [Finding("ok", "Signed in; the project can be queried (query:read).", "query:read")]
    if not events:
        text = "The project has no event of the last hour, so every figure is unknown. Is it the right one?"
        found.append(Finding("warning", text, "events"))
    return [*found, *_writing(access)]


def _mixed_up(access: Access) -> Finding | None:
    """Tell the two kinds of keys and of hosts apart: the public ones take events and answer nothing."""
    if str(access.credentials.get("api_key", "")).startswith("phc_"):
        text = "This is the project token (phc_…), which is public and cannot read. Enter a personal key (phx_…)."
        return Finding("error", text, "api-key")
    if ".i.posthog.com" in access.base_url:
        text = "This is the host that events are sent to. Enter the one of the pages, such as https://eu.posthog.com."
        return Finding("error", text, "address")
    return None


def _writing(access: Access) -> list[Finding]:
    """Say what the key may write: the lists can be tried, the rights only where PostHog tells the key's scopes."""
    for name, scope in LISTS.items():
        try:
            next(listed(access, f"{project_path(access)}/{name}/", {}, f"The list of {name}"), None)
        except Denied as error:
            return [Finding("warning", f"{error} To {WRITING[scope]} needs reading and “{scope}”.", scope)]
        except ProviderError as error:
            return [Finding("error", str(error), scope)]
    scopes = _scopes(access)
    if scopes is None:
        return [Finding("ok", UNTOLD, ANNOTATE)]
    return [
        Finding("ok", f"The key may {what} ({scope}).", scope)
        if {scope, "*"} & set(scopes)
        else Finding("warning", f"The key may not {what}: give it the scope “{scope}”.", scope)
        for scope, what in WRITING.items()
    ]


def _scopes(access: Access) -> list[str] | None:
    """Return the key's scopes, where PostHog tells them; None for a project's secret key and for older servers."""
    try:
        answer = API.read(access, "/api/personal_api_keys/@current/")
        scopes = dig(answer.json(), "scopes") if answer.ok else None
    except ProviderError:
        return None
    return [str(scope) for scope in scopes] if isinstance(scopes, list) else None
