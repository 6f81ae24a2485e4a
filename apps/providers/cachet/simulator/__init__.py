"""The Cachet simulator (version 3): one page for each organisation, read by everybody, written with a token.

The page is chosen by the token; a visitor without one sees the first organisation's. Settings: `abilities` (what the
tokens may), `subscribers` (true: whether that address is there). Deed: `look` {organisation}.
"""

from typing import Any

from ...simulation.messages import Request, Response
from ...simulation.routing import Routes
from ...simulation.world import Simulator, World
from . import components, incidents
from .account import refuse
from .beginning import describe, start

LIMIT = 300  # requests a minute


def look(world: World, order: dict[str, Any]) -> dict[str, Any]:
    """Deed: what a page holds, and how many mails its subscribers got."""
    page: dict[str, Any] = world.state("cachet")["pages"][order["organisation"]]
    return page


def finish(world: World, request: Request, response: Response) -> Response:
    """Every answer tells what is left of the limit."""
    left = 0 if response.status == 429 else LIMIT - 1
    response.headers.update({"x-ratelimit-limit": str(LIMIT), "x-ratelimit-remaining": str(left)})
    if response.status == 429:
        response.headers.setdefault("retry-after", "60")
    return response


SIMULATOR = Simulator(
    slug="cachet",
    routes=Routes().merge(incidents.ROUTES, components.ROUTES),
    start=start,
    describe=describe,
    refuse=refuse,
    controls={"look": look},
    finish=finish,
)
