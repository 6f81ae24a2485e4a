"""The Convex simulator: functions, snapshots out and in, and the pipeline at GitHub that deploys.

A deploy key (`Authorization: Convex …`) tells which organisation's deployment is meant; without one a public query
asks that of Derrimut, whose plan names Convex. A snapshot is a real ZIP of the tables, and importing one replaces them.

Settings: `failed_status` (200: what a function that failed answers with; 560 as well is usual), `export_seconds` (20),
`import_seconds` (20), `deploy_seconds` (45), `deploy_fails` (false: the pipeline starts and deploys nothing),
`parse_fails` (false: an uploaded snapshot cannot be read). Deeds: `write` {organisation, table, count}: customers add
documents; `break` {organisation, function}: that function fails from now on; `look` {organisation}: documents of each
table, the running commit.
"""

from typing import Any

from ...simulation.messages import Request, Response, answer
from ...simulation.routing import Routes
from ...simulation.world import Refusal, Simulator, World
from . import functions, pipeline, snapshots
from .account import deployment_named, guard, settle
from .beginning import describe, document, start

STAGING = ("/api/query", "/api/import/")  # change nothing that anybody can see


def mutates(request: Request) -> bool:
    """Whether a call changes the deployment: not queries, and not uploads that nobody has confirmed."""
    return request.method == "POST" and not request.path.startswith(STAGING)


def refuse(refusal: Refusal) -> Response:
    """An error in Convex' shape."""
    extra = {"retry_after": refusal.retry_after} if refusal.retry_after else {}
    return answer(refusal.status, {"code": "Simulated", "message": refusal.message}, **extra)


def write(world: World, order: dict[str, Any]) -> dict[str, Any]:
    """Deed: customers add documents to a table."""
    rows = deployment_named(world, order["organisation"])["tables"].setdefault(order["table"], [])
    rows += [document(f"new{len(rows) + number}") for number in range(int(order["count"]))]
    return {"documents": len(rows)}


def break_function(world: World, order: dict[str, Any]) -> dict[str, Any]:
    """Deed: a function fails from now on."""
    broken = deployment_named(world, order["organisation"])["broken"]
    broken.append(order["function"])
    return {"broken": broken}


def look(world: World, order: dict[str, Any]) -> dict[str, Any]:
    """Deed: how many documents each table has, and which commit runs."""
    deployment = deployment_named(world, order["organisation"])
    settle(world, deployment)
    return {"commit": deployment["commit"], **{name: len(rows) for name, rows in deployment["tables"].items()}}


SIMULATOR = Simulator(
    slug="convex",
    routes=Routes().merge(functions.ROUTES, snapshots.ROUTES, pipeline.ROUTES),
    start=start,
    describe=describe,
    refuse=refuse,
    controls={"write": write, "break": break_function, "look": look},
    guard=guard,
    mutates=mutates,
)
