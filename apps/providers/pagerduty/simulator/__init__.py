"""The PagerDuty simulator: incidents, notes, status updates over REST, and events that appear a little later.

Changes need a `From` header with the address of a user of the account (else 400, code 1008). Events are
accepted with 202 and appear after `event_delay_seconds`; acknowledging or resolving what is not open is
accepted and dropped.

`/view/<incident>` shows one in the browser.

Settings: `event_delay_seconds` (0.5), `repeats` (refuse: acknowledging or resolving again is 400 with code 1002
or 1001 | accept), `abilities` (list; a missing one answers 402), `event_keys` (shown | on_alerts: an incident
that an event made has no key of its own, its alert has). Deeds: `resolve` {incident}, `open` {organisation, title}.
"""

from ...simulation.messages import Request, Response, answer
from ...simulation.routing import Routes
from ...simulation.world import Refusal, Simulator, World
from . import directory, events, incidents, notes, subscriptions, view
from .account import CODES, REMAINING, guard, refuse_with
from .beginning import describe, start
from .deeds import DEEDS


def refuse(refusal: Refusal) -> Response:
    """An error in PagerDuty's shape; a 429 tells its reset in seconds and has no `Retry-After`."""
    if refusal.status == 429:
        body = {"error": {"message": "Rate Limit Exceeded", "code": 2020}}
        wait = refusal.retry_after or "30"
        extra = {"ratelimit_limit": "960", "ratelimit_remaining": "0", "ratelimit_reset": wait}
        return answer(429, body, **extra)
    return refuse_with(refusal.status, CODES.get(refusal.status, 2000), refusal.message)


def finish(world: World, request: Request, response: Response) -> Response:
    """REST answers carry the rate window in seconds until its reset."""
    if not request.path.startswith("/v2/"):
        for name, value in REMAINING.items():
            response.headers.setdefault(name, value)
    return response


SIMULATOR = Simulator(
    slug="pagerduty",
    routes=Routes().merge(
        incidents.ROUTES, notes.ROUTES, directory.ROUTES, events.ROUTES, subscriptions.ROUTES, view.ROUTES
    ),
    start=start,
    describe=describe,
    refuse=refuse,
    controls=DEEDS,
    guard=guard,
    finish=finish,
)
