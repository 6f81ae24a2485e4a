"""What a restore does to a project: its status by the clock, and its content once the restore has ended."""

from typing import Any

from ...simulation.world import State, World

Project = dict[str, Any]


def begin(world: World, project: Project, kind: str, at_ms: int, history: list[dict[str, Any]] | None = None) -> None:
    """Starts a restore to a moment; `history` is what a restore point kept, where it is one."""
    habits: State = world.settings("supabase")
    begins = world.now_ms() + int(habits["begins_after_seconds"] * 1000)
    content = history if history is not None else [entry for entry in project["history"] if entry["at"] <= at_ms]
    project["restore"] = {
        "kind": kind, "begins": begins, "ends": begins + int(habits["restore_seconds"] * 1000),
        "how": habits["restore_ends"], "history": content, "done": False,
    }  # fmt: skip
    project["restores"] += 1


def status(world: World, project: Project) -> str:
    """The project's status just now."""
    if forced := world.settings("supabase")["status"]:
        return str(forced)
    job, now = project["restore"], world.now_ms()
    if not job or now < job["begins"]:
        return str(project["status"])
    if job["how"] == "never" or now < job["ends"]:
        return "RESTORING"
    return "RESTORE_FAILED" if job["how"] == "failed" else str(project["status"])


def settle(project: Project, now_ms: int) -> None:
    """Gives the project the content of a restore that has ended well."""
    job = project["restore"]
    if job and job["how"] == "well" and not job["done"] and now_ms >= job["ends"]:
        project["history"], job["done"] = job["history"], True
