"""What follows a push: workflow runs that start, go on and end with the clock, and the deployments they make."""

from typing import Any

from ...simulation.world import World
from .access import Repository, stamp
from .shapes import person, repository_whole

SHARES = ((0.1, "queued"), (1.0, "in_progress"))
Run = dict[str, Any]


def number(world: World) -> int:
    """A number that was not given before."""
    state = world.state("github")
    state["last_number"] += 1
    given: int = state["last_number"]
    return given


def pushed(world: World, repository: Repository, ref: str) -> None:
    """Starts every workflow that listens to a push to this branch."""
    if ref != f"heads/{repository['default_branch']}":
        return
    sha = repository["refs"][ref]
    for workflow in repository["workflows"]:
        if "push" in workflow["on"]:
            title = repository["commits"][sha]["message"].splitlines()[0]
            start(world, repository, workflow, branch=repository["default_branch"], sha=sha, event="push", title=title)


def start(
    world: World, repository: Repository, workflow: dict[str, Any], *, branch: str, sha: str, event: str, title: str
) -> Run:
    """Adds a run; how it ends is decided now, and seen when its time is over."""
    habits = world.settings("github")
    now = world.now()
    run = {
        "id": number(world),
        "workflow_id": workflow["id"],
        "run_number": len(repository["runs"]) + 1,
        "branch": branch,
        "head_sha": sha,
        "event": event,
        "title": title,
        "created": now,
        "listed": now + habits["list_delay_seconds"],
        "ends": now + habits["run_seconds"],
        "will": habits["run_conclusion"],
        "waits": habits["run_waits"],
        "attempt": 1,
        "deployed": False,
    }
    repository["runs"].append(run)
    return run


def status(run: Run, now: float) -> str:
    """queued, waiting, in_progress or completed."""
    if run["waits"]:
        return "waiting"
    whole = max(run["ends"] - run["created"], 0.001)
    share = (now - run["created"]) / whole
    return next((word for until, word in SHARES if share < until), "completed")


def settle(world: World, repository: Repository) -> None:
    """Makes the deployments of the deploying runs that have ended well."""
    for run in repository["runs"]:
        workflow = next(one for one in repository["workflows"] if one["id"] == run["workflow_id"])
        if not workflow["deploys"] or run["deployed"] or status(run, world.now()) != "completed":
            continue
        run["deployed"] = True
        made = deployment(world, repository, run["head_sha"], at=run["ends"])
        made["statuses"].append(_status(world, "success" if run["will"] == "success" else "failure", run["ends"]))


def deployment(world: World, repository: Repository, sha: str, *, at: float, **given: Any) -> dict[str, Any]:
    """Adds a deployment without a status."""
    made = {"id": number(world), "sha": sha, "at": at, "environment": "production", "statuses": [], **given}
    repository["deployments"].append(made)
    return made


def _status(world: World, state: str, at: float) -> dict[str, Any]:
    return {"id": number(world), "state": state, "description": "", "at": at}


def shown(world: World, repository: Repository, run: Run, root: str) -> dict[str, Any]:
    """A run as the API shows it."""
    workflow = next(one for one in repository["workflows"] if one["id"] == run["workflow_id"])
    state, url = status(run, world.now()), f"{root}/actions/runs/{run['id']}"
    address = root.partition("/repos/")[0]
    return {
        "id": run["id"],
        "name": workflow["name"],
        "node_id": f"WFR_{run['id']}",
        "display_title": run["title"],
        "status": state,
        "conclusion": run["will"] if state == "completed" else None,
        "event": run["event"],
        "head_branch": run["branch"],
        "head_sha": run["head_sha"],
        "path": f"{workflow['path']}@{run['branch']}",
        "run_number": run["run_number"],
        "run_attempt": run["attempt"],
        "workflow_id": workflow["id"],
        "check_suite_id": run["id"],
        "created_at": stamp(run["created"]),
        "run_started_at": stamp(run["created"]),
        "updated_at": stamp(min(world.now(), max(run["ends"], run["created"]))),
        "check_suite_url": f"{root}/check-suites/{run['id']}",
        "check_suite_node_id": f"CS_{run['id']}",
        "actor": person(address),
        "triggering_actor": person(address),
        "repository": repository_whole(repository, address),
        "head_repository": repository_whole(repository, address),
        "head_commit": _head(repository, run),
        "previous_attempt_url": None,
        "html_url": url.replace("/repos/", "/", 1),
        "url": url,
        "jobs_url": f"{url}/jobs",
        "logs_url": f"{url}/logs",
        "cancel_url": f"{url}/cancel",
        "rerun_url": f"{url}/rerun",
        "artifacts_url": f"{url}/artifacts",
        "workflow_url": f"{root}/actions/workflows/{workflow['id']}",
        "pull_requests": [],
    }


def _head(repository: Repository, run: Run) -> dict[str, Any]:
    one = repository["commits"][run["head_sha"]]
    about = {"id": run["head_sha"], "tree_id": one["tree"], "message": one["message"], "timestamp": stamp(one["at"])}
    return {**about, "author": one["author"], "committer": one["author"]}


def check_run(repository: Repository, run: Run, world: World, root: str) -> dict[str, Any]:
    """The one job of a run as a check run."""
    told = shown(world, repository, run, root)
    status_word = "queued" if told["status"] == "waiting" else told["status"]
    return {
        "id": run["id"],
        "name": told["name"],
        "head_sha": run["head_sha"],
        "status": status_word,
        "conclusion": told["conclusion"],
        "started_at": told["created_at"],
        "completed_at": told["updated_at"] if told["conclusion"] else None,
        "url": f"{root}/check-runs/{run['id']}",
        "html_url": told["html_url"],
        "details_url": told["html_url"],
        "pull_requests": [],
        "node_id": f"CR_{run['id']}",
        "external_id": "",
        "app": None,
        "check_suite": {"id": run["id"]},
        "output": {"title": None, "summary": None, "text": None, "annotations_count": 0, "annotations_url": ""},
    }
