"""Instant restore: a branch gets the content of an earlier point, and its old content goes on under another name."""

from typing import Any

from ...simulation.messages import Request, Response, answer
from ...simulation.routing import Routes
from ...simulation.world import World
from . import shapes
from .account import Branch, Project, branch_of, free_name, project_of, refused, room
from .branches import BRANCHES, add, point
from .operations import Operation, begin, shown, unlocked
from .timing import iso

ROUTES = Routes()


@ROUTES.add("POST", BRANCHES + "/{branch}/restore")
def restore(world: World, request: Request, project: str, branch: str) -> Response:
    """Restores a branch in place; id, name and connection string stay."""
    record = project_of(world, request, project)
    target, body = branch_of(record, branch), request.object()
    source = branch_of(record, str(body.get("source_branch_id") or ""))
    kept = str(body.get("preserve_under_name") or "")
    unlocked(world, record)
    if reason := world.settings("neon")["restricted"]:
        raise refused(422, f"restore is restricted for this branch: {reason}")
    _asked_enough(record, target, source, body, kept)
    at = point(world, record, source, body.get("source_timestamp"), body.get("source_lsn"))
    if kept:
        free_name(world, record, kept)
        room(world, record)
    chain = apply(world, record, target, source, at, kept)
    request.effect("restore", branch=branch, source=source["id"], at=iso(at), preserved=kept)
    return answer(
        200,
        {
            "branch": shapes.branch(world, record, target),
            "operations": [shown(record, one, world.now_ms()) for one in chain],
        },
    )


def apply(world: World, project: Project, target: Branch, source: Branch, at: int, kept: str) -> list[Operation]:
    """Swaps the content and starts the operations; returns them."""
    now = world.now_ms()
    content = [entry for entry in source["history"] if entry["at"] <= at]
    backup = _preserve(world, project, target, kept) if kept else None
    target.update(history=content, reset=now, changed=now, meanwhile="resetting", by_time=True)
    if target["parent"]:
        target.update({"parent": backup["id"] if backup else source["id"], "from": at})
    endpoint = next((one["id"] for one in project["endpoints"].values() if one["branch"] == target["id"]), "")
    deeds = [("create_timeline", target["id"], "")]
    if endpoint:
        deeds += [(action, target["id"], endpoint) for action in ("suspend_compute", "apply_config", "start_compute")]
        project["endpoints"][endpoint]["started"] = now
        project["connections_dropped"] += 1
    chain = begin(world, project, *deeds)
    target["waits_for"] = [one["id"] for one in chain]
    return chain


def _asked_enough(project: Project, target: Branch, source: Branch, body: dict[str, Any], kept: str) -> None:
    itself = source["id"] == target["id"]
    if itself and not (body.get("source_timestamp") or body.get("source_lsn")):
        raise refused(400, "source_timestamp or source_lsn is required to restore a branch from its own history")
    if itself and not kept:
        raise refused(400, "preserve_under_name is required to restore a branch from its own history")
    if not kept and any(one["parent"] == target["id"] for one in project["branches"].values()):
        raise refused(400, "preserve_under_name is required for a branch with children")


def _preserve(world: World, project: Project, target: Branch, name: str) -> Branch:
    """The old content under another name, with the children that were the target's."""
    backup = add(world, project, name, target, world.now_ms(), by_time=True)
    backup.update({"parent": target["parent"], "from": target["from"]})
    for one in project["branches"].values():
        if one["parent"] == target["id"]:
            one["parent"] = backup["id"]
    return backup
