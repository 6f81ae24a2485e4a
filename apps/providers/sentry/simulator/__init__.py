"""The Sentry simulator: figures that follow the customers' sites, releases and deploys, one token per organization.

Settings: `dropped_percent` (0: of the errors, thrown away by a quota: not counted, told as `rate_limited`),
`incomplete_minutes` (1: newest buckets that are not whole yet), `traces` (true: projects send spans), `statuses`
(true: spans carry a status), `scopes` (what tokens may do), `page` (100: most items of a page).
Errors that applications send by the public key (`/api/<project number>/envelope/`) count besides.
The figures follow `simulation.measuring`: what hosting serves, and the site's deeds `rise`, `fall`, `silence`.
"""

import time

from ...simulation.messages import Request, Response, answer
from ...simulation.world import Refusal, Simulator, World
from . import envelopes, figures, records, sessions
from .account import ROUTES as ACCOUNT
from .account import guard
from .beginning import describe, start

LIMIT_SECONDS = 1
ROUTES = ACCOUNT.merge(figures.ROUTES, sessions.ROUTES, records.ROUTES, envelopes.ROUTES)


def refuse(refusal: Refusal) -> Response:
    """An error in Sentry's shape; a rate limit tells its end as epoch seconds and has no Retry-After."""
    if refusal.status != 429:
        return answer(refusal.status, {"detail": refusal.message})
    seconds = float(refusal.retry_after or LIMIT_SECONDS)
    text = f"You are attempting to use this endpoint too frequently. Limit is 40 requests in {LIMIT_SECONDS} seconds"
    limits = {"x_sentry_rate_limit_remaining": "0", "x_sentry_rate_limit_reset": str(int(time.time() + seconds))}
    return answer(429, {"detail": text}, **limits)


def finish(world: World, request: Request, response: Response) -> Response:
    """Every answer tells the limits of its endpoint."""
    for name, value in {"limit": "40", "remaining": "39", "reset": str(int(time.time()) + LIMIT_SECONDS)}.items():
        response.headers.setdefault(f"x-sentry-rate-limit-{name}", value)
    response.headers.setdefault("x-sentry-rate-limit-concurrentlimit", "25")
    response.headers.setdefault("x-sentry-rate-limit-concurrentremaining", "24")
    return response


SIMULATOR = Simulator(
    slug="sentry",
    routes=ROUTES,
    start=start,
    describe=describe,
    refuse=refuse,
    guard=guard,
    finish=finish,
)
