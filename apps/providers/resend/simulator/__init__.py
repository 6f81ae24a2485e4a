"""The Resend simulator: mails one by one and in batches, idempotency keys, domains, webhooks' secrets.

Every answer carries the rate window in `ratelimit-*`. A key that may only send gets 401 `restricted_api_key` elsewhere.
A mail is queued, sent after a second and delivered after three; to `bounced@resend.dev` it bounces.

Settings: `domain_status` (verified), `limit` (5: requests a second that the headers tell), `daily_quota` (0 is none),
`busy` (0: how many of the next requests with a known key answer 409 as under way).
"""

from ...simulation.messages import Request, Response
from ...simulation.routing import Routes
from ...simulation.world import Simulator, World
from . import directory, sending
from .account import guard, refuse
from .beginning import describe, start


def finish(world: World, request: Request, response: Response) -> Response:
    """Every answer tells the rate window; over the limit nothing remains."""
    limit = world.settings("resend")["limit"]
    left = 0 if response.status == 429 else limit - 1
    response.headers.update({"ratelimit-limit": str(limit), "ratelimit-remaining": str(left), "ratelimit-reset": "1"})
    return response


SIMULATOR = Simulator(
    slug="resend",
    routes=Routes().merge(sending.ROUTES, directory.ROUTES),
    start=start,
    describe=describe,
    refuse=refuse,
    guard=guard,
    finish=finish,
)
