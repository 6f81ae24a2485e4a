"""What happens in Supabase by other hands."""

from collections.abc import Callable
from typing import Any

from ...simulation.organisations import organisation
from ...simulation.world import World
from .beginning import ref
from .restoring import Project, begin, settle, status


def restored(world: World, order: dict[str, Any]) -> dict[str, Any]:
    """Deed: somebody restores the project in Supabase's own pages."""
    project = _project(world, order)
    begin(world, project, "pitr", world.now_ms() - int(float(order["seconds_ago"]) * 1000))
    return {"restores": project["restores"]}


def look(world: World, order: dict[str, Any]) -> dict[str, Any]:
    """Deed: what the project's database holds, its status, its restore points and how often it was restored."""
    project = _project(world, order)
    return {
        "holds": [entry["text"] for entry in project["history"]],
        "status": status(world, project),
        "restore_points": list(project["points"]),
        "restores": project["restores"],
    }


def _project(world: World, order: dict[str, Any]) -> Project:
    found: Project = world.state("supabase")["projects"][ref(organisation(order["organisation"]))]
    settle(found, world.now_ms())
    return found


DEEDS: dict[str, Callable[[World, dict[str, Any]], Any]] = {"restored": restored, "look": look}
