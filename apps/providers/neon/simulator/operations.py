"""What a change sets going: operations one after the other, whose status follows from the clock alone."""

import uuid
from typing import Any

from ...simulation.messages import Request, Response, answer
from ...simulation.routing import Routes
from ...simulation.world import State, World
from .account import Project, project_of, refused
from .timing import iso

ROUTES = Routes()
TRIED_AGAIN_MS = 30_000  # after this a failed attempt that Neon repeats ends well
TERMINAL = frozenset({"finished", "skipped", "cancelled", "failed"})
LOCKED = "project already has running conflicting operations, scheduling of new ones is prohibited"
Operation = dict[str, Any]
Deed = tuple[str, str, str]  # action, branch, endpoint


@ROUTES.add("GET", "/projects/{project}/operations")
def index(world: World, request: Request, project: str) -> Response:
    """The project's operations, the newest first, in pages."""
    record = project_of(world, request, project)
    every = list(reversed(record["operations"]))
    limit = min(request.number("limit", 100), world.settings("neon")["page"])
    if not 1 <= request.number("limit", 100) <= 1000:
        raise refused(400, "limit must be between 1 and 1000")
    begin = request.number("cursor", 0)
    page = [shown(record, one, world.now_ms()) for one in every[begin : begin + limit]]
    body: dict[str, Any] = {"operations": page}
    if begin + limit < len(every):
        body["pagination"] = {"cursor": str(begin + limit)}
    return answer(200, body)


@ROUTES.add("GET", "/projects/{project}/operations/{operation}")
def show(world: World, request: Request, project: str, operation: str) -> Response:
    """One operation."""
    record = project_of(world, request, project)
    for one in record["operations"]:
        if one["id"] == operation:
            return answer(200, {"operation": shown(record, one, world.now_ms())})
    raise refused(404, "operation not found")


def unlocked(world: World, project: Project) -> None:
    """Refuses a change while operations of an earlier one are running."""
    if any(status(one, world.now_ms()) not in TERMINAL for one in project["operations"]):
        raise refused(423, LOCKED)


def begin(world: World, project: Project, *deeds: Deed) -> list[Operation]:
    """Starts operations, one after the other; returns their records."""
    habits: State = world.settings("neon")
    made: list[Operation] = []
    at, lasts, broken = world.now_ms(), int(habits["operation_seconds"] * 1000), False
    for action, branch, endpoint in deeds:
        fails = habits["failing_as"] if action == habits["failing_action"] else ""
        number = len(project["operations"])
        made.append(
            {
                "id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{project['id']}/{number}")), "action": action,
                "branch": branch, "endpoint": endpoint, "made": world.now_ms(), "begins": at, "ends": at + lasts,
                "fails": fails, "cancelled": broken, "never": not habits["operations_end"],
            }
        )  # fmt: skip
        project["operations"].append(made[-1])
        at += lasts + (TRIED_AGAIN_MS if fails == "error" else 0)
        broken = broken or fails == "failed"
    return made


def status(operation: Operation, now_ms: int) -> str:
    """scheduling, running, error, failed, cancelled or finished."""
    if now_ms < operation["begins"]:
        return "scheduling"
    if operation["cancelled"]:
        return "cancelled"
    if operation["never"] or now_ms < operation["ends"]:
        return "running"
    if operation["fails"] == "error" and now_ms < operation["ends"] + TRIED_AGAIN_MS:
        return "error"
    return "failed" if operation["fails"] == "failed" else "finished"


def ended_well(project: Project, ids: list[str], now_ms: int) -> bool:
    """Whether each of these operations has finished."""
    return all(status(one, now_ms) == "finished" for one in project["operations"] if one["id"] in ids)


def shown(project: Project, operation: Operation, now_ms: int) -> Operation:
    """An operation as Neon words it."""
    now = status(operation, now_ms)
    spent = max(0, min(now_ms, operation["ends"]) - operation["begins"])
    optional = {"branch_id": operation["branch"], "endpoint_id": operation["endpoint"]}
    if now in ("error", "failed"):
        optional["error"] = "internal: the operation did not succeed"
    if now == "error":
        optional["retry_at"] = iso(operation["ends"] + TRIED_AGAIN_MS)
    return {
        "id": operation["id"], "project_id": project["id"], "action": operation["action"], "status": now,
        "failures_count": int(now in ("error", "failed")), "created_at": iso(operation["made"]),
        "updated_at": iso(min(now_ms, operation["ends"])), "total_duration_ms": spent,
        **{name: value for name, value in optional.items() if value},
    }  # fmt: skip
