"""What happens in Neon by other hands."""

from collections.abc import Callable
from typing import Any

from ...simulation.organisations import organisation
from ...simulation.world import World
from .account import Project
from .beginning import main_id, project_id
from .branches import add
from .operations import status
from .restoring import apply
from .timing import iso


def branch(world: World, order: dict[str, Any]) -> dict[str, Any]:
    """Deed: somebody makes a branch of the main one in Neon's own page."""
    project = _project(world, order)
    main = project["branches"][main_id(organisation(order["organisation"]))]
    made = add(world, project, str(order["name"]), main, world.now_ms(), by_time=True)
    return {"branch": made["id"]}


def restored(world: World, order: dict[str, Any]) -> dict[str, Any]:
    """Deed: somebody restores the main branch in Neon's own page."""
    project = _project(world, order)
    main = project["branches"][main_id(organisation(order["organisation"]))]
    at = world.now_ms() - int(float(order["seconds_ago"]) * 1000)
    apply(world, project, main, main, at, f"main_old_{iso(world.now_ms())}")
    return {"branch": main["id"]}


def look(world: World, order: dict[str, Any]) -> dict[str, Any]:
    """Deed: what the main branch holds, which branches there are, and how often connections were dropped."""
    project = _project(world, order)
    main = project["branches"][main_id(organisation(order["organisation"]))]
    return {
        "schema": "".join(entry["sql"] for entry in main["history"]),
        "branches": {one["name"]: one["parent"] for one in project["branches"].values()},
        "operations": [status(one, world.now_ms()) for one in project["operations"]],
        "connections_dropped": project["connections_dropped"],
    }


def _project(world: World, order: dict[str, Any]) -> Project:
    found: Project = world.state("neon")["projects"][project_id(organisation(order["organisation"]))]
    return found


DEEDS: dict[str, Callable[[World, dict[str, Any]], Any]] = {"branch": branch, "restored": restored, "look": look}
