"""Snapshots: a branch's content kept under a name, and put back as a new branch or in its place."""

from typing import Any

from ...simulation.messages import Request, Response, answer
from ...simulation.routing import Routes
from ...simulation.world import World
from . import shapes
from .account import Branch, Project, branch_of, project_of, refused, room
from .branches import BRANCHES, add, point
from .operations import begin, shown, unlocked

ROUTES = Routes()


@ROUTES.add("POST", BRANCHES + "/{branch}/snapshot")
def create(world: World, request: Request, project: str, branch: str) -> Response:
    """Takes a snapshot; what is asked for stands in the query."""
    record = project_of(world, request, project)
    source = branch_of(record, branch)
    unlocked(world, record)
    if len(record["snapshots"]) >= world.settings("neon")["snapshots_limit"]:
        raise refused(422, "snapshots limit exceeded", "SNAPSHOTS_LIMIT_EXCEEDED")
    at = point(world, record, source, request.first("timestamp"), request.first("lsn"))
    record["serial"] += 1
    made = {
        "id": f"snap-{record['organisation']}-{record['serial']:04d}", "branch": branch, "at": at,
        "name": request.first("name") or f"snapshot-{record['serial']}", "created": world.now_ms(),
        "expires": request.first("expires_at"), "history": [e for e in source["history"] if e["at"] <= at],
    }  # fmt: skip
    record["snapshots"][made["id"]] = made
    chain = begin(world, record, ("create_timeline", branch, ""))
    request.effect("create_snapshot", snapshot=made["id"], name=made["name"])
    operations = [shown(record, one, world.now_ms()) for one in chain]
    return answer(200, {"snapshot": shapes.snapshot(record, made), "operations": operations})


@ROUTES.add("GET", "/projects/{project}/snapshots")
def index(world: World, request: Request, project: str) -> Response:
    """Every snapshot of the project."""
    record = project_of(world, request, project)
    return answer(200, {"snapshots": [shapes.snapshot(record, one) for one in record["snapshots"].values()]})


@ROUTES.add("PATCH", "/projects/{project}/snapshots/{snapshot}")
def change(world: World, request: Request, project: str, snapshot: str) -> Response:
    """Renames a snapshot."""
    record = project_of(world, request, project)
    one = _found(record, snapshot)
    one["name"] = (request.object().get("snapshot") or {}).get("name") or one["name"]
    request.effect("update_snapshot", snapshot=snapshot)
    return answer(200, {"snapshot": shapes.snapshot(record, one)})


@ROUTES.add("DELETE", "/projects/{project}/snapshots/{snapshot}")
def delete(world: World, request: Request, project: str, snapshot: str) -> Response:
    """Deletes a snapshot."""
    record = project_of(world, request, project)
    one = _found(record, snapshot)
    unlocked(world, record)
    del record["snapshots"][snapshot]
    chain = begin(world, record, ("delete_timeline", one["branch"], ""))
    request.effect("delete_snapshot", snapshot=snapshot)
    return answer(202, {"operations": [shown(record, each, world.now_ms()) for each in chain]})


@ROUTES.add("POST", "/projects/{project}/snapshots/{snapshot}/restore")
def restore(world: World, request: Request, project: str, snapshot: str) -> Response:
    """Makes a branch of a snapshot; `finalize_restore` gives it the name and the computes of the target at once."""
    record = project_of(world, request, project)
    one, body = _found(record, snapshot), request.object()
    target = branch_of(record, body.get("target_branch_id") or one["branch"])
    unlocked(world, record)
    room(world, record)
    made = add(world, record, body.get("name") or f"{target['name']}_restored", target, one["at"], by_time=True)
    made.update(history=one["history"], parent=None)
    if body.get("finalize_restore"):
        _swap(record, made, target)
    else:
        made["restores"] = target["id"]
    chain = begin(world, record, ("create_branch", made["id"], ""))
    made["waits_for"] = [each["id"] for each in chain]
    request.effect("restore_snapshot", snapshot=snapshot, branch=made["id"])
    operations = [shown(record, each, world.now_ms()) for each in chain]
    return answer(200, {"branch": shapes.branch(world, record, made), "operations": operations})


@ROUTES.add("POST", BRANCHES + "/{branch}/finalize_restore")
def finalize(world: World, request: Request, project: str, branch: str) -> Response:
    """Puts a branch that was made of a snapshot in the place of the one it was taken of."""
    record = project_of(world, request, project)
    made = branch_of(record, branch)
    if made.get("restores") not in record["branches"]:
        raise refused(400, "the branch is not a restored one that waits to be finalized")
    unlocked(world, record)
    _swap(record, made, record["branches"][made.pop("restores")])
    endpoint = next((one["id"] for one in record["endpoints"].values() if one["branch"] == branch), "")
    chain = begin(world, record, ("suspend_compute", branch, endpoint), ("start_compute", branch, endpoint))
    request.effect("finalize_restore", branch=branch)
    return answer(200, {"operations": [shown(record, each, world.now_ms()) for each in chain]})


def _swap(project: Project, made: Branch, target: Branch) -> None:
    """Gives a branch the name, the place and the computes of another."""
    made["name"], target["name"] = target["name"], f"{target['name']} (old)"
    made["default"], target["default"] = target["default"], False
    for endpoint in project["endpoints"].values():
        if endpoint["branch"] == target["id"]:
            endpoint["branch"] = made["id"]
            project["connections_dropped"] += 1


def _found(project: dict[str, Any], snapshot: str) -> dict[str, Any]:
    found: dict[str, Any] | None = project["snapshots"].get(snapshot)
    if found is None:
        raise refused(404, "snapshot not found")
    return found
