"""How Cachet's API is spoken (version 3). Source: cachethq/core, its routes, request data and API tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from apps.providers.base import Access, ProviderError
from apps.providers.calling import Api, Denied, Query, credential
from apps.providers.endings import dig, quoted
from apps.providers.http import NotSent

Found = TypeVar("Found")
PAGE, PAGES = 100, 10
# A playbook says the same words for every status page; Cachet numbers its states.
COMPONENT_STATES = {
    "operational": 1,
    "degraded_performance": 2,
    "partial_outage": 3,
    "major_outage": 4,
    "unknown": 5,
    "under_maintenance": 6,
}
INCIDENT_STATES = {"unknown": 0, "investigating": 1, "identified": 2, "monitoring": 3, "resolved": 4}

API = Api(
    "Cachet",
    "",  # everybody has a Cachet of their own
    lambda access: {"Authorization": f"Bearer {credential(access, 'token', 'Cachet')}"},
)


def ask(access: Access, path: str, query: Query | None = None, what: str = "", *, or_none: bool = False) -> Any:
    """Return the body of an address below `/api`; with `or_none` None where there is nothing (404).

    Raises ProviderError (Denied for a definitive no).
    """
    answer = API.read(access, f"/api{path}", query)
    if answer.status == 404 and or_none:
        return None
    if not answer.ok:
        raise API.unreadable(access, answer, what)
    body = answer.json()
    if not isinstance(body, dict) or "data" not in body:
        raise ProviderError(f"{what} could not be read: this is not an answer of Cachet's API.")
    return body


def beforehand(read: Callable[[], Found]) -> Found:
    """Return what a change has to know before it is made. Raises NotSent where that cannot be read just now.

    What Cachet definitively denies stays Denied: the change is then refused and not tried again.
    """
    try:
        return read()
    except (Denied, NotSent):
        raise
    except ProviderError as error:
        raise NotSent(f"{error} Nothing was changed.") from None


def listed(access: Access, path: str, what: str) -> Iterator[dict[str, Any]]:
    """Yield the things of a list, page by page, as long as it names a next page. Raises ProviderError."""
    for number in range(1, PAGES + 1):
        body = ask(access, path, {"page": number, "per_page": PAGE}, what)
        things = body["data"]
        if not isinstance(things, list):
            raise ProviderError(f"{what} could not be read: Cachet answered with something that is not a list.")
        yield from (one for one in things if isinstance(one, dict))
        if not things or not dig(body, "links", "next"):
            return


def component(access: Access, wanted: str) -> dict[str, Any]:
    """Return the component with this id or exact name. Raises ProviderError, Denied where there is not one."""
    known = listed(access, "/components", "The list of components")
    found = [one for one in known if wanted in (str(one.get("id")), dig(one, "attributes", "name"))]
    if len(found) == 1 and str(found[0].get("id")).isdigit():
        return found[0]
    how_many = "no component" if not found else "several components"
    advice = "Correct its name." if not found else "Give its id instead."
    raise Denied(f"Cachet has {how_many} called “{quoted(wanted)}”. {advice}")


def state_of(thing: Any, names: dict[str, int]) -> str:
    """Return the status of a component or incident in our words, or an empty text where Cachet does not tell it."""
    number = dig(thing, "attributes", "status", "value")
    return next((name for name, value in names.items() if value == number), "")
