"""The Stripe simulator: one account for each organisation, of which the balance can be read.

The key may come as bearer token or as the user of Basic sign-in. Settings: `livemode` (true), `balance_right` (true:
whether restricted keys may read the balance). A request over the limit answers 429 with the code `rate_limit`.
"""

from ...simulation.messages import Request, Response
from ...simulation.world import Simulator, World
from .account import ROUTES, guard, refuse
from .beginning import describe, start


def finish(world: World, request: Request, response: Response) -> Response:
    """Every answer names its request."""
    response.headers.update({"request-id": f"req_sim{world.now_ms()}", "stripe-version": "2026-01-28.clover"})
    return response


SIMULATOR = Simulator(
    slug="stripe", routes=ROUTES, start=start, describe=describe, refuse=refuse, guard=guard, finish=finish
)
