"""How Statuspage's manage API is spoken. Source: Atlassian's OpenAPI description of api.statuspage.io, version 1."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from apps.providers.base import Access, ProviderError
from apps.providers.calling import Api, Denied, Query, credential, segment
from apps.providers.endings import dig, quoted
from apps.providers.http import Answer, NotSent
from apps.providers.redaction import redact, secrets_in

Found = TypeVar("Found")
PAGE, PAGES = 100, 5
LIMITED = (420, 429)  # both say that the limit of one request a second over a minute is reached
LIMIT_WAIT_SECONDS = 60.0  # its window; Retry-After is not documented
COMPONENT_STATES = ("operational", "degraded_performance", "partial_outage", "major_outage", "under_maintenance")

API = Api(
    "Statuspage",
    "https://api.statuspage.io",
    # The literal word OAuth; a key in the address would stand in every log.
    lambda access: {"Authorization": f"OAuth {credential(access, 'api_key', 'Statuspage')}"},
)


def page_path(access: Access) -> str:
    """Return the path of the connection's page. Raises ProviderError."""
    return f"/v1/pages/{segment(access.settings.get('page_id'), 'a Statuspage page id')}"


def ask(access: Access, path: str, query: Query | None = None, what: str = "", *, or_none: bool = False) -> Any:
    """Return the body of an address below the page; with `or_none` None where there is nothing (404).

    Raises ProviderError (Denied for a definitive no).
    """
    answer = API.read(access, f"{page_path(access)}{path}", query)
    if answer.status in LIMITED:
        text = f"{what} could not be read: Statuspage's limit of one request a second is used up ({answer.status})."
        raise ProviderError(f"{text} Wait a minute and look again.")
    if answer.status == 404 and or_none:
        return None
    if not answer.ok:
        raise API.unreadable(access, answer, what)
    return answer.json()


def beforehand(read: Callable[[], Found]) -> Found:
    """Return what a change has to know before it is made. Raises NotSent where that cannot be read just now.

    What Statuspage definitively denies stays Denied: the change is then refused and not tried again.
    """
    try:
        return read()
    except (Denied, NotSent):
        raise
    except ProviderError as error:
        raise NotSent(f"{error} Nothing was changed.") from None


def said(access: Access, answer: Answer) -> str:
    """Return Statuspage's own error text, redacted: `message`, or a list under `error`."""
    try:
        body = answer.json()
    except ProviderError:
        return ""
    error = dig(body, "message") or dig(body, "error")
    text = "; ".join(map(str, error)) if isinstance(error, list) else error
    return quoted(redact(str(text or ""), secrets_in(access.credentials)))


def listed(access: Access, path: str, size: str, what: str) -> Iterator[dict[str, Any]]:
    """Yield the things of a list, page by page; `size` is what the list calls its page size. Raises ProviderError."""
    for number in range(1, PAGES + 1):
        body = ask(access, path, {"page": number, size: PAGE}, what)
        if not isinstance(body, list):
            raise ProviderError(f"{what} could not be read: Statuspage answered with something that is not a list.")
        yield from (one for one in body if isinstance(one, dict))
        if len(body) < PAGE:
            return


def components(access: Access) -> list[dict[str, Any]]:
    """Return the page's components. Raises ProviderError."""
    return list(listed(access, "/components", "per_page", "The list of components"))


def component(access: Access, wanted: str) -> dict[str, Any]:
    """Return the component with this id or exact name. Raises ProviderError."""
    found = [one for one in components(access) if wanted in (one.get("id"), one.get("name"))]
    if len(found) == 1 and isinstance(found[0].get("id"), str):
        return found[0]
    how_many = "no component" if not found else "several components"
    advice = "Correct its name." if not found else "Give its id instead."
    raise Denied(f"Statuspage's page has {how_many} called “{quoted(wanted)}”. {advice}")


def component_ids(access: Access, wanted: Mapping[str, str]) -> dict[str, str]:
    """Return the wanted states by component id, for a map by id or name. Raises ProviderError."""
    if not wanted:
        return {}
    known = components(access)
    found: dict[str, str] = {}
    for name, state in wanted.items():
        ids = [str(one.get("id")) for one in known if name in (one.get("id"), one.get("name"))]
        if len(ids) != 1:
            raise Denied(f"Statuspage's page has no single component called “{quoted(name)}”. Correct its name.")
        found[ids[0]] = state
    return found
