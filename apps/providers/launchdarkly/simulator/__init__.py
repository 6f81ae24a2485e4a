"""The LaunchDarkly simulator: feature flags by semantic patch, approvals, audit log.

The token stands bare in `Authorization` (no `Bearer`). A flag's PATCH needs the semantic patch content type;
without it the body is read as JSON Patch. A change to the state it already has answers 200 and changes
nothing.

Settings: `requires_approval` (false: PATCH answers 405), `conflicts` (0: how many of the next changes answer
409), `version_on_no_change` (false: whether a change of nothing raises the version), `approval_tags` (list: flags with
one of these tags need an approval), `role` (writer: of the token; reader may change nothing, custom tells nothing).
Deeds: `switch` {project, flag, on}: somebody else turns a flag; `approve` {request, decline?}.
"""

from ...simulation.messages import Request, Response
from ...simulation.routing import Routes
from ...simulation.world import Simulator, World
from . import approvals, flags, places
from .account import guard, refuse
from .beginning import describe, start
from .deeds import DEEDS

WINDOW_MS = 10_000  # of the rate limits
RATES = ("x-ratelimit-global-remaining", "x-ratelimit-route-remaining", "x-ratelimit-reset")


def finish(world: World, request: Request, response: Response) -> Response:
    """Every answer carries the rate window; its reset is in milliseconds."""
    exhausted = response.status == 429
    reset = str(world.now_ms() // WINDOW_MS * WINDOW_MS + WINDOW_MS)
    values = ("0", "0", reset) if exhausted else ("199", "19", reset)
    response.headers.update(dict(zip(RATES, values, strict=True)))
    return response


SIMULATOR = Simulator(
    slug="launchdarkly",
    routes=Routes().merge(places.ROUTES, flags.ROUTES, approvals.ROUTES),
    start=start,
    describe=describe,
    refuse=refuse,
    controls=DEEDS,
    guard=guard,
    finish=finish,
)
