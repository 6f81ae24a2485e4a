"""Which deployment answers at which address: the one truth that hosting and the customers' sites share.

A project's addresses point to deployments. A move is a job: it is pending, then moves one address after the
other, then ends. Everything is derived from the clock, so a restart in the middle of a job changes nothing.
"""

import re
from collections.abc import Iterable
from typing import Any

from .world import World

PENDING_SHARE = 0.1  # of the propagation time, before the first address may move
Project = dict[str, Any]


def settle(project: Project, now_ms: int) -> None:
    """Carries out every move of the project's job that has come due."""
    job = project.get("job")
    if not job:
        return
    for move in job["moves"]:
        if move["status"] == "pending" and move["at"] is not None and move["at"] <= now_ms:
            if move["fails"]:
                move["status"] = "failed"
                continue
            point(project, move["alias"], job["toDeploymentId"], move["at"])
            move["status"] = "completed"


def finish_builds(state: dict[str, Any], now_ms: int) -> None:
    """Deployments whose build has ended become ready; production ones go live on a project not pinned."""
    for deployment in state["deployments"].values():
        ready_at = deployment.get("ready_at")
        if deployment["state"] in ("QUEUED", "BUILDING") and ready_at is not None and ready_at <= now_ms:
            deployment.update(state="READY", ready=ready_at)
            if deployment["target"] == "production":
                go_live(state["projects"][deployment["project"]], deployment, ready_at)


def go_live(project: Project, deployment: dict[str, Any], at_ms: int) -> None:
    """Assigns the production addresses to a new deployment; on a pinned project it only stays STAGED."""
    if project["pinned"] or not project["autoAssignCustomDomains"]:
        deployment["substate"] = "STAGED"
        return
    deployment.update(substate="PROMOTED", promoted_at=at_ms)
    for alias in project["aliases"]:
        point(project, alias, deployment["id"], at_ms)


def start_job(
    project: Project,
    kind: str,
    target: str,
    *,
    now_ms: int,
    seconds: float,
    failing: Iterable[str] = (),
    ends: bool,
) -> None:
    """Begins to move every address to `target` within `seconds`; the last one never when `ends` is false."""
    addresses = list(project["aliases"])
    moves = []
    for number, alias in enumerate(addresses, start=1):
        last = number == len(addresses)
        at = now_ms + int(seconds * 1000 * number / len(addresses))
        fails = alias in failing
        moves.append({"alias": alias, "at": None if last and not ends else at, "fails": fails, "status": "pending"})
    project["job"] = {
        "type": kind,
        "fromDeploymentId": current(project),
        "toDeploymentId": target,
        "requestedAt": now_ms,
        "pending_until": now_ms + int(seconds * 1000 * PENDING_SHARE),
        "moves": moves,
        "skipped": False,
    }
    settle(project, now_ms)


def status(job: dict[str, Any], now_ms: int) -> str:
    """pending, in-progress, succeeded, failed or skipped."""
    if job["skipped"]:
        return "skipped"
    states = {move["status"] for move in job["moves"]}
    if "pending" in states:
        return "pending" if now_ms < job["pending_until"] else "in-progress"
    return "failed" if "failed" in states else "succeeded"


def running(project: Project, now_ms: int) -> bool:
    """Whether a job is still moving addresses."""
    job = project.get("job")
    return job is not None and status(job, now_ms) in ("pending", "in-progress")


def point(project: Project, alias: str, deployment: str, at_ms: int) -> str | None:
    """Points one address to a deployment; returns what it pointed to before."""
    record = project["aliases"].setdefault(alias, {"deployment": None, "before": None, "moved_at": 0, "uid": alias})
    old: str | None = record["deployment"]
    if old != deployment:
        record.update(deployment=deployment, before=old, moved_at=at_ms)
    return old


def current(project: Project) -> str | None:
    """The deployment at the project's first production address."""
    for record in project["aliases"].values():
        deployment: str | None = record["deployment"]
        return deployment
    return None


def converged(project: Project) -> str | None:
    """The deployment at every production address, or None while they differ."""
    found = {record["deployment"] for record in project["aliases"].values()}
    return found.pop() if len(found) == 1 else None


def redirected(project: Project, path: str) -> tuple[int, str] | None:
    """Where the project's live routing rules send a visitor of `path` (status, destination), or None."""
    live = next((version for version in project["routes"] if version["isLive"]), None)
    for rule in live["rules"] if live else ():
        route = rule["route"]
        if rule["enabled"] and 300 <= (route.get("status") or 0) < 400 and re.search(route["src"], path):
            return int(route["status"]), str(route["dest"])
    return None


def serving(world: World, project_id: str, position: int) -> dict[str, Any]:
    """The deployment that visitors of the project's address number `position` get at this moment.

    The edge follows an address a little later than the API says so (`edge_delay_seconds`).
    """
    state = world.state("vercel")
    project = state["projects"][project_id]
    now = world.now_ms()
    finish_builds(state, now)
    settle(project, now)
    records = list(project["aliases"].values())
    record = records[min(position, len(records) - 1)]
    arrived = record["moved_at"] + state["simulation"]["edge_delay_seconds"] * 1000 <= now
    deployment: dict[str, Any] = state["deployments"][record["deployment"] if arrived else record["before"]]
    return deployment
