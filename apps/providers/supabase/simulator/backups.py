"""Backups: listed, and restored by their id or by a moment."""

from datetime import UTC, datetime
from typing import Any

from ...simulation.messages import Request, Response, answer, empty
from ...simulation.organisations import DAY
from ...simulation.routing import Routes
from ...simulation.world import Refusal, World
from .account import project_of, refuse, refused
from .restoring import Project, begin, status

ROUTES = Routes()
BACKUPS = "/v1/projects/{ref}/database/backups"


@ROUTES.add("GET", BACKUPS)
def index(world: World, request: Request, ref: str) -> Response:
    """Every backup, the newest first, and the window of the physical ones."""
    project, habits = project_of(world, request, ref), world.settings("supabase")
    data = {}
    if habits["pitr"]:
        earliest, latest = window(world)
        data = {"earliest_physical_backup_date_unix": earliest, "latest_physical_backup_date_unix": latest}
    return answer(
        200,
        {
            "region": "eu-central-1", "walg_enabled": True, "pitr_enabled": habits["pitr"],
            "backups": [] if habits["plan"] == "free" else [_shown(one) for one in reversed(project["backups"])],
            "physical_backup_data": data,
        },
    )  # fmt: skip


@ROUTES.add("POST", f"{BACKUPS}/restore-pitr")
def restore_pitr(world: World, request: Request, ref: str) -> Response:
    """Restores the project to a moment; 201 without a body means taken, not done."""
    project, at = project_of(world, request, ref), request.object().get("recovery_time_target_unix")
    if isinstance(at, bool) or not isinstance(at, int) or at < 0:
        raise refused(400, "recovery_time_target_unix must be an integer number")
    if not world.settings("supabase")["pitr"]:
        raise refused(_refusal(world), "PITR is not enabled for this project")
    earliest, latest = window(world)
    if not earliest <= at <= latest:
        raise refused(_refusal(world), "recovery_time_target_unix is outside of the available backups")
    return _begun(world, request, project, "pitr", at * 1000)


@ROUTES.add("POST", f"{BACKUPS}/restore")
def restore(world: World, request: Request, ref: str) -> Response:
    """Restores the project to one backup."""
    project, wanted = project_of(world, request, ref), request.object().get("id")
    for backup in project["backups"]:
        if backup["id"] == wanted:
            return _begun(world, request, project, "backup", backup["at"])
    raise refused(404, "Backup not found")


@ROUTES.add("GET", f"{BACKUPS}/schedule")
def schedule(world: World, request: Request, ref: str) -> Response:
    """When the daily backup is made."""
    project_of(world, request, ref)
    if world.settings("supabase")["plan"] == "free":
        return refuse(Refusal(402, "This feature requires a higher plan"))
    return answer(200, {"schedule": {"hour": 3, "minute": 0}})


def window(world: World) -> tuple[int, int]:
    """The earliest and the latest moment that can be restored, in seconds since 1970."""
    now, habits = int(world.now()), world.settings("supabase")
    return now - habits["window_days"] * DAY, now - habits["lag_seconds"]


def active(world: World, project: Project) -> None:
    """Refuses a change of a project that is not up."""
    if not status(world, project).startswith("ACTIVE"):
        raise refused(_refusal(world), f"Project status is {status(world, project)}; it must be active")


def _begun(world: World, request: Request, project: Project, kind: str, at_ms: int) -> Response:
    active(world, project)
    begin(world, project, kind, at_ms)
    request.effect("restore", project=project["ref"], way=kind, at=at_ms // 1000)
    return empty(201)


def _refusal(world: World) -> int:
    return int(world.settings("supabase")["refusal_status"])


def _shown(backup: dict[str, Any]) -> dict[str, Any]:
    made = datetime.fromtimestamp(backup["at"] / 1000, UTC).isoformat()
    return {"id": backup["id"], "is_physical_backup": True, "status": "COMPLETED", "inserted_at": made}
