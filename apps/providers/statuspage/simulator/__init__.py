"""The Statuspage simulator: one page for each organisation, with components, incidents and mails to subscribers.

The key comes as `Authorization: OAuth …` (or in the query). Bodies may be JSON or a form; `.json` behind a path is
fine. Every POST makes an incident, every PATCH with `body` or `status` adds an update.

Settings: `requests_a_minute` (0: no limit), `limit_status` (420: or 429), `resolve_resets` (false: whether resolving
sets components to operational by itself), `error_lists` (false: errors as a list under `error`). Deed: `look`
{organisation}.
"""

from typing import Any

from ...simulation.routing import Routes
from ...simulation.world import Simulator, World
from . import components, incidents
from .account import guard, refuse
from .beginning import describe, start


def look(world: World, order: dict[str, Any]) -> dict[str, Any]:
    """Deed: what visitors of a page see, and how many mails its subscribers got."""
    page: dict[str, Any] = world.state("statuspage")["pages"][order["organisation"]]
    return page


SIMULATOR = Simulator(
    slug="statuspage",
    routes=Routes().merge(incidents.ROUTES, components.ROUTES),
    start=start,
    describe=describe,
    refuse=refuse,
    controls={"look": look},
    path=lambda path: path.removeprefix("/v1").removesuffix(".json"),
    guard=guard,
)
