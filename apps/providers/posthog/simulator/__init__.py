"""The PostHog simulator: events of each customer's site behind a little HogQL, annotations, flags, what clients send.

Settings: `async_queries` (false: a query is answered with a status to ask for), `cached` (false: answers come from a
cache whatever was asked), `scopes` (what personal keys may do), `page` (100: most items of a page).
The figures follow `simulation.measuring`: what hosting serves, and the site's deeds `rise`, `fall`, `silence`.
"""

from ...simulation.messages import Response, answer
from ...simulation.world import Refusal, Simulator
from . import annotations, capture, flags, queries
from .account import ROUTES as ACCOUNT
from .account import guard, problem
from .beginning import describe, start

ROUTES = ACCOUNT.merge(queries.ROUTES, annotations.ROUTES, flags.ROUTES, capture.ROUTES)
KINDS = {
    400: ("validation_error", "invalid_input"),
    401: ("authentication_error", "authentication_failed"),
    403: ("authentication_error", "permission_denied"),
    404: ("invalid_request", "not_found"),
    429: ("throttled_error", "throttled"),
}


def refuse(refusal: Refusal) -> Response:
    """An error in PostHog's shape: type, code, detail, attr."""
    kind, code = KINDS.get(refusal.status, ("server_error", "error"))
    if refusal.status != 429:
        extra = {"retry_after": refusal.retry_after} if refusal.retry_after else {}
        return answer(refusal.status, problem(kind, code, refusal.message), **extra)
    seconds = refusal.retry_after or "59"
    text = f"Request was throttled. Expected available in {seconds} seconds."
    return answer(429, problem(kind, code, text), retry_after=seconds)


SIMULATOR = Simulator(slug="posthog", routes=ROUTES, start=start, describe=describe, refuse=refuse, guard=guard)
