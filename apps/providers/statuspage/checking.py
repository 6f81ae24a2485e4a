"""Ask Statuspage whether the key sees the page and what is on it. Reads only."""

from __future__ import annotations

from apps.providers.base import Access, Finding, ProviderError
from apps.providers.endings import dig, quoted
from apps.providers.statuspage.judging import words
from apps.providers.statuspage.searching import unresolved
from apps.providers.statuspage.wire import ask, components

RIGHTS = "Statuspage has no keys with fewer rights: a key may do everything on every page that its owner manages."
LIMIT = "Statuspage takes 60 requests a minute from a key, also from other programs that use it."


def findings(access: Access) -> list[Finding]:
    """Return one sentence for each thing that was looked at. Raises nothing."""
    try:
        page = ask(access, "", what="The page")
        known = components(access)
        open_ones = list(unresolved(access))
    except ProviderError as error:
        return [Finding("error", str(error), "sign-in")]
    found = [Finding("ok", f"Signed in; the page {quoted(dig(page, 'name') or 'is')} is there.", "sign-in")]
    names = ", ".join(quoted(one.get("name")) for one in known[:10])
    if known:
        found.append(Finding("ok", f"It has {len(known)} components: {names}.", "components"))
    else:
        found.append(Finding("warning", "It has no components, so their status cannot be set.", "components"))
    for one in open_ones[:3]:
        text = f"The incident “{quoted(one.get('name'))}” is open there ({words(one.get('status'))})."
        found.append(Finding("warning", text, "open"))
    return [*found, Finding("ok", RIGHTS, "rights"), Finding("ok", LIMIT, "limits")]
