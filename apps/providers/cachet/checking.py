"""Ask Cachet whether the token is good and what is on the page. Reads only."""

from __future__ import annotations

from apps.providers.base import Access, Finding, ProviderError
from apps.providers.cachet.searching import name_of
from apps.providers.cachet.wire import API, ask, listed
from apps.providers.endings import dig, quoted

RIGHTS = (
    "Cachet tells only when they are used whether the token has incidents.manage, incident-updates.manage and "
    "components.manage."
)


def findings(access: Access) -> list[Finding]:
    """Return one sentence for each thing that was looked at. Raises nothing."""
    try:
        version = dig(ask(access, "/version", what="Cachet's version"), "data", "version")
        signed_in = _token(access)
        known = list(listed(access, "/components", "The list of components"))
    except ProviderError as error:
        return [Finding("error", str(error), "sign-in")]
    found = [Finding("ok", f"Cachet {quoted(version)} answers.", "version"), signed_in]
    if signed_in.level == "error":
        return found
    names = ", ".join(quoted(name_of(one)) for one in known[:10])
    if known:
        found.append(Finding("ok", f"It has {len(known)} components: {names}.", "components"))
    else:
        found.append(Finding("warning", "It has no components, so their status cannot be set.", "components"))
    return [*found, Finding("ok", RIGHTS, "rights")]


def _token(access: Access) -> Finding:
    """Ask for subscribers: all else may be read without a token, so that a wrong one would not be noticed."""
    answer = API.read(access, "/api/subscribers", {"per_page": 1})
    if answer.status == 401:
        return Finding("error", "Cachet does not know the token. Enter a valid one.", "sign-in")
    if answer.status == 403:
        return Finding("ok", "Signed in; the token may not read subscribers, as it should be.", "sign-in")
    if answer.status == 404:
        text = "This version of Cachet cannot be asked whether the token is good; it shows with the first change."
        return Finding("warning", text, "sign-in")
    if not answer.ok:
        raise API.unreadable(access, answer, "Whether the token is good")
    return Finding("warning", "Signed in; the token may also read subscribers, which is not needed.", "sign-in")
