"""Restore points: a moment that is kept under a name, and going back to it."""

from datetime import UTC, datetime
from typing import Any

from ...simulation.messages import Request, Response, answer, empty
from ...simulation.routing import Routes
from ...simulation.world import World
from .account import project_of, refused
from .backups import BACKUPS, active
from .restoring import begin

ROUTES = Routes()
LONGEST_NAME = 20


@ROUTES.add("POST", f"{BACKUPS}/restore-point")
def create(world: World, request: Request, ref: str) -> Response:
    """Keeps this moment under a name; it is PENDING at first."""
    project, name = project_of(world, request, ref), _name(request)
    _available(world)
    active(world, project)
    if name in project["points"]:
        raise refused(400, f"A restore point named {name} exists already")
    habits = world.settings("supabase")
    project["points"][name] = {
        "completes": world.now_ms() + int(habits["point_seconds"] * 1000), "history": list(project["history"]),
        "status": habits["point_ends"],
    }  # fmt: skip
    request.effect("create_restore_point", project=ref, name=name)
    return answer(201, _shown(world, name, project["points"][name]))


@ROUTES.add("GET", f"{BACKUPS}/restore-point")
def show(world: World, request: Request, ref: str) -> Response:
    """The restore point with that name, the newest one without a name."""
    project = project_of(world, request, ref)
    _available(world)
    name = request.first("name") or next(reversed(project["points"]), "")
    if name not in project["points"]:
        raise refused(404, "Restore point not found")
    return answer(200, _shown(world, name, project["points"][name]))


@ROUTES.add("POST", f"{BACKUPS}/undo")
def undo(world: World, request: Request, ref: str) -> Response:
    """Goes back to a restore point; 201 without a body means taken, not done."""
    project, name = project_of(world, request, ref), _name(request)
    _available(world)
    point = project["points"].get(name)
    if point is None:
        raise refused(404, "Restore point not found")
    active(world, project)
    begin(world, project, "point", point["completes"], point["history"])
    request.effect("restore", project=ref, way="point", name=name)
    return empty(201)


def _available(world: World) -> None:
    if not world.settings("supabase")["restore_points"]:
        raise refused(403, "Forbidden resource")


def _name(request: Request) -> str:
    name = request.object().get("name")
    if not isinstance(name, str) or not 1 <= len(name) <= LONGEST_NAME:
        raise refused(400, f"name must be shorter than or equal to {LONGEST_NAME} characters")
    return name


def _shown(world: World, name: str, point: dict[str, Any]) -> dict[str, Any]:
    done = point["completes"] <= world.now_ms()
    shown: dict[str, Any] = {"name": name, "status": point["status"] if done else "PENDING"}
    if world.settings("supabase")["completed_on"]:
        made = datetime.fromtimestamp(point["completes"] / 1000, UTC).isoformat()
        shown["completed_on"] = made if done else None
    return shown
