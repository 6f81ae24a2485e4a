"""Whose page a request speaks for, what its token may do, how lists are paged and requests refused."""

from datetime import UTC, datetime
from typing import Any

from ...simulation.messages import Refused, Request, Response, answer
from ...simulation.organisations import ORGANISATIONS
from ...simulation.world import Refusal, World

LABELS = {0: "Unknown", 1: "Investigating", 2: "Identified", 3: "Watching", 4: "Fixed"}
COMPONENT_LABELS = {1: "Operational", 2: "Performance issues", 3: "Partial outage", 4: "Major outage", 5: "Unknown",
                    6: "Under maintenance"}  # fmt: skip


def refuse(refusal: Refusal) -> Response:
    """An error in Laravel's shape."""
    extra = {"retry_after": refusal.retry_after} if refusal.retry_after else {}
    return answer(refusal.status, {"message": refusal.message}, **extra)


def unacceptable(field: str, message: str) -> Refused:
    """422 for a field that is wrong."""
    return Refused(answer(422, {"message": message, "errors": {field: [message]}}))


def missing() -> Refused:
    """404 for what is not there."""
    return Refused(answer(404, {"message": "Not Found"}))


def signed_in(world: World, request: Request) -> bool:
    """Whether a known token was sent."""
    return request.bearer() in world.state("cachet")["tokens"]


def page_of(world: World, request: Request) -> dict[str, Any]:
    """The page whose token was sent, or the first one for a visitor."""
    state = world.state("cachet")
    page: dict[str, Any] = state["pages"][state["tokens"].get(request.bearer(), ORGANISATIONS[0].slug)]
    return page


def writable(world: World, request: Request, ability: str) -> dict[str, Any]:
    """The page, for a token that may change it. Refuses with 401 and 403."""
    if not signed_in(world, request):
        raise Refused(answer(401, {"message": "Unauthenticated."}))
    if ability not in world.settings("cachet")["abilities"]:
        raise Refused(answer(403, {"message": "Invalid ability provided."}))
    return page_of(world, request)


def listed(request: Request, things: list[dict[str, Any]]) -> Response:
    """A page of a list, as Laravel's simple paginator gives it: no total, only whether there is a next page."""
    size = max(1, min(request.number("per_page", 15), 100))
    number = max(request.number("page", 1), 1)
    begin = (number - 1) * size
    more = len(things) > begin + size
    links = {"first": f"{request.address}?page=1", "last": None,
             "prev": f"{request.address}?page={number - 1}" if number > 1 else None,
             "next": f"{request.address}?page={number + 1}" if more else None}  # fmt: skip
    meta = {"current_page": number, "from": begin + 1, "path": request.address, "per_page": size}
    return answer(200, {"data": things[begin : begin + size], "links": links, "meta": meta})


def moment(at: float) -> dict[str, str]:
    """A moment as Cachet shows it."""
    return {"human": "a while ago", "string": datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S")}
