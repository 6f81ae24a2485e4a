"""Branches: listed, made from a point of another's history, renamed, deleted, their schema read."""

from typing import Any

from ...simulation.messages import Request, Response, answer, empty
from ...simulation.routing import Routes
from ...simulation.world import World
from . import shapes
from .account import Branch, Project, branch_of, free_name, project_of, refused, room
from .beginning import new_branch
from .computes import new_endpoint
from .operations import begin, shown, unlocked
from .timing import iso, ms_of, ms_of_lsn

ROUTES = Routes()
BRANCHES = "/projects/{project}/branches"


@ROUTES.add("GET", BRANCHES)
def index(world: World, request: Request, project: str) -> Response:
    """A page of branches, the last changed first unless asked otherwise."""
    record = project_of(world, request, project)
    wanted, field = request.first("search"), request.first("sort_by") or "updated_at"
    every = [shapes.branch(world, record, one) for one in record["branches"].values()]
    every = [one for one in every if wanted in one["name"] or wanted in one["id"]]
    every.sort(key=lambda one: (one[field], one["id"]), reverse=request.first("sort_order") != "asc")
    limit = min(request.number("limit", 10_000), world.settings("neon")["page"])
    first = request.number("cursor", 0)
    pagination = {"sort_by": field, "sort_order": request.first("sort_order") or "desc"}
    if first + limit < len(every):
        pagination["next"] = str(first + limit)
    return answer(200, {"branches": every[first : first + limit], "annotations": {}, "pagination": pagination})


@ROUTES.add("GET", f"{BRANCHES}/count")
def count(world: World, request: Request, project: str) -> Response:
    """How many branches there are."""
    return answer(200, {"count": len(project_of(world, request, project)["branches"])})


@ROUTES.add("GET", BRANCHES + "/{branch}")
def show(world: World, request: Request, project: str, branch: str) -> Response:
    """One branch."""
    record = project_of(world, request, project)
    return answer(200, {"branch": shapes.branch(world, record, branch_of(record, branch))})


@ROUTES.add("POST", BRANCHES)
def create(world: World, request: Request, project: str) -> Response:
    """Makes a branch from the head or an earlier point of its parent, with computes where they are asked for."""
    record = project_of(world, request, project)
    body = request.object()
    wanted = body.get("branch") or {}
    unlocked(world, record)
    default = next(one["id"] for one in record["branches"].values() if one["default"])
    parent = branch_of(record, wanted.get("parent_id") or default)
    at = point(world, record, parent, wanted.get("parent_timestamp"), wanted.get("parent_lsn"))
    name = wanted.get("name") or f"br-{record['serial'] + 1:04d}"
    free_name(world, record, name)
    room(world, record)
    made = add(world, record, name, parent, at, by_time=not wanted.get("parent_lsn"))
    endpoints = [new_endpoint(world, record, made["id"]) for _ in body.get("endpoints") or []]
    deeds = [("create_branch", made["id"], ""), *(("start_compute", made["id"], one["id"]) for one in endpoints)]
    chain = begin(world, record, *deeds)
    made["waits_for"] = [one["id"] for one in chain]
    request.effect("create_branch", branch=made["id"], name=name, at=iso(at))
    return answer(
        201,
        {
            "branch": shapes.branch(world, record, made),
            "endpoints": [shapes.endpoint(world, record, one) for one in endpoints],
            "operations": [shown(record, one, world.now_ms()) for one in chain],
            "roles": [], "databases": [],
        },
    )  # fmt: skip


@ROUTES.add("PATCH", BRANCHES + "/{branch}")
def change(world: World, request: Request, project: str, branch: str) -> Response:
    """Renames a branch, or protects it."""
    record = project_of(world, request, project)
    one, wanted = branch_of(record, branch), request.object().get("branch") or {}
    if (name := wanted.get("name")) and name != one["name"]:
        free_name(world, record, name)
        one["name"] = name
    one["protected"] = bool(wanted.get("protected", one["protected"]))
    one["changed"] = world.now_ms()
    request.effect("update_branch", branch=branch, name=one["name"])
    return answer(200, {"branch": shapes.branch(world, record, one), "operations": []})


@ROUTES.add("DELETE", BRANCHES + "/{branch}")
def delete(world: World, request: Request, project: str, branch: str) -> Response:
    """Deletes a branch; 204 for one that is not there, a refusal for the default one and for parents."""
    record = project_of(world, request, project)
    if branch not in record["branches"]:
        return empty(204)
    one = branch_of(record, branch)
    unlocked(world, record)
    if one["default"] or any(other["parent"] == branch for other in record["branches"].values()):
        raise refused(422, "cannot delete the default branch or a branch that has children")
    if one["protected"]:
        raise refused(422, "cannot delete a protected branch")
    said = shapes.branch(world, record, one)
    del record["branches"][branch]
    record["endpoints"] = {name: e for name, e in record["endpoints"].items() if e["branch"] != branch}
    chain = begin(world, record, ("delete_timeline", branch, ""))
    request.effect("delete_branch", branch=branch, name=one["name"])
    return answer(200, {"branch": said, "operations": [shown(record, each, world.now_ms()) for each in chain]})


@ROUTES.add("POST", BRANCHES + "/{branch}/set_as_default")
def set_as_default(world: World, request: Request, project: str, branch: str) -> Response:
    """Makes a branch the project's default one."""
    record = project_of(world, request, project)
    chosen = branch_of(record, branch)
    for one in record["branches"].values():
        one["default"] = one is chosen
    request.effect("set_as_default", branch=branch)
    return answer(200, {"branch": shapes.branch(world, record, chosen), "operations": []})


@ROUTES.add("GET", BRANCHES + "/{branch}/schema")
def schema(world: World, request: Request, project: str, branch: str) -> Response:
    """The schema of one database, now or at an earlier point."""
    record = project_of(world, request, project)
    one = branch_of(record, branch)
    if request.first("db_name") != record["database"]:
        raise refused(404, f"database not found: {request.first('db_name')}")
    at = point(world, record, one, request.first("timestamp"), request.first("lsn"))
    return answer(200, {"sql": "".join(entry["sql"] for entry in one["history"] if entry["at"] <= at)})


def point(world: World, project: Project, source: Branch, timestamp: Any, lsn: Any) -> int:
    """The moment that is asked for, the head without one; refuses what lies outside the kept history."""
    now = world.now_ms()
    if timestamp and lsn:
        raise refused(400, "timestamp and LSN cannot be used together")
    if not timestamp and not lsn:
        return now
    at = ms_of(str(timestamp)) if timestamp else ms_of_lsn(project["created"], str(lsn))
    if at > now:
        raise refused(400, "the requested point in time is in the future")
    oldest = now - int(world.settings("neon")["history_retention_seconds"]) * 1000
    if at < max(oldest, source["created"]):
        raise refused(400, "the requested point in time is outside of the history retention window")
    return at


def add(world: World, project: Project, name: str, parent: Branch, at: int, *, by_time: bool) -> Branch:
    """Puts a branch with the parent's history up to a moment into the project."""
    project["serial"] += 1
    made = new_branch(
        name, at_ms=world.now_ms(), history=[entry for entry in parent["history"] if entry["at"] <= at],
        id=f"br-{project['organisation']}-{project['serial']:04d}", parent=parent["id"], by_time=by_time,
        **{"from": at},
    )  # fmt: skip
    project["branches"][made["id"]] = made
    return made
