"""The Upstash simulator: Redis over REST, one database for each organisation's token.

A failed command answers 400 with `{"error"}`; inside a pipeline it is an item and the answer stays 200. SCAN
gives empty batches with a cursor that goes on, and some keys twice. The read-only token may neither write nor
SCAN.

Settings: `batch` (500: most keys a SCAN gives, whatever COUNT asks), `empty_every` (3: every so many batches
is empty; 0 never), `duplicates` (true), `read_only` (false: the usual token may no longer write), `exhausted` (false:
the plan's daily limit is used up), `backup_seconds` (20), `maintenance` (false: no backup can be made now). Deed:
`fill` {organisation, prefix, count}: the customer's site caches pages again.
"""

from typing import Any

from ...simulation.messages import Response, answer
from ...simulation.routing import Routes
from ...simulation.world import Refusal, Simulator, World
from . import management
from .beginning import describe, start
from .rest import ROUTES, guard, mutates


def refuse(refusal: Refusal) -> Response:
    """An error in Upstash's shape."""
    extra = {"retry_after": refusal.retry_after} if refusal.retry_after else {}
    return answer(refusal.status, {"error": f"ERR {refusal.message}"}, **extra)


def fill(world: World, order: dict[str, Any]) -> dict[str, Any]:
    """Deed: keys appear as if the site had cached pages again."""
    keys = world.state("upstash")["databases"][order["organisation"]]
    for number in range(int(order["count"])):
        keys[f"{order['prefix']}again-{number:05d}"] = "page"
    return {"keys": len(keys)}


SIMULATOR = Simulator(
    slug="upstash",
    routes=Routes().merge(management.ROUTES, ROUTES),  # a command may stand in any path, so the API's go first
    start=start,
    describe=describe,
    refuse=refuse,
    controls={"fill": fill},
    guard=guard,
    mutates=mutates,
)
