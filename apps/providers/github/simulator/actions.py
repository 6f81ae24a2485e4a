"""GitHub Actions: workflows, their dispatch, runs and what may be done with a run."""

from typing import Any

from ...simulation.messages import Request, Response, answer, empty
from ...simulation.routing import Routes
from ...simulation.world import World
from . import pushing
from .access import Refused, Repository, paged, repository_of, stamp
from .history import peeled
from .shapes import root_of

ROUTES = Routes()
AT = "/repos/{owner}/{repo}/actions"
FLOWS = "/repos/{owner}/{repo}/actions/workflows"
MOST_INPUTS = 25
NEWER = "2026-03-10"  # of the API: a dispatch always tells its run


@ROUTES.add("GET", FLOWS)
def index(world: World, request: Request, owner: str, repo: str) -> Response:
    """Every workflow."""
    repository = repository_of(world, request, owner, repo)
    root = root_of(request.address, repository)
    return paged(request, [_shown(one, root) for one in repository["workflows"]], "workflows")


@ROUTES.add("GET", f"{FLOWS}/{{name}}")
def show(world: World, request: Request, owner: str, repo: str, name: str) -> Response:
    """One workflow by file name or id."""
    repository = repository_of(world, request, owner, repo)
    return answer(200, _shown(_find(repository, name), root_of(request.address, repository)))


@ROUTES.add("POST", f"{FLOWS}/{{name}}/dispatches")
def dispatch(world: World, request: Request, owner: str, repo: str, name: str) -> Response:
    """Starts a run, each time anew. The answer tells which only where asked to, and able to."""
    repository = repository_of(world, request, owner, repo, "write")
    workflow, body = _find(repository, name), request.object()
    habits, newer = world.settings("github"), request.headers.get("x-github-api-version") == NEWER
    if "return_run_details" in body and not habits["knows_return_run_details"]:
        raise Refused(400, 'Invalid request.\n\n"return_run_details" is not a permitted key.')
    ref, inputs = str(body.get("ref") or ""), body.get("inputs") or {}
    branch = ref.removeprefix("refs/heads/").removeprefix("refs/tags/")
    sha = repository["refs"].get(f"heads/{branch}") or repository["refs"].get(f"tags/{branch}")
    if sha is None:
        raise Refused(422, f"No ref found for: {ref}")
    _check_inputs(workflow, inputs)
    given = {**{key: one.get("default", "") for key, one in workflow["inputs"].items()}, **inputs}
    title = workflow["name"]
    for key, value in given.items():
        title = (workflow["run_name"] or title) if title == workflow["name"] else title
        title = title.replace(f"${{{{ inputs.{key} }}}}", str(value))
    commit = peeled(repository, sha)
    run = pushing.start(world, repository, workflow, branch=branch, sha=commit, event="workflow_dispatch", title=title)
    request.effect("dispatch", repository=repository["full_name"], workflow=workflow["path"], run=run["id"])
    if not (body.get("return_run_details") or newer) or not habits["tells_run"]:
        return empty(204)
    url = f"{root_of(request.address, repository)}/actions/runs/{run['id']}"
    html = url.replace("/repos/", "/", 1)
    return answer(200, {"workflow_run_id": run["id"], "run_url": url, "html_url": html})


@ROUTES.add("GET", f"{FLOWS}/{{name}}/runs", f"{AT}/runs")
def runs(world: World, request: Request, owner: str, repo: str, name: str = "") -> Response:
    """Runs by event, branch, commit and status, newest first; a run is listed a little after it was made."""
    repository = repository_of(world, request, owner, repo)
    wanted = _find(repository, name)["id"] if name else 0
    pushing.settle(world, repository)
    root, found = root_of(request.address, repository), []
    for run in reversed(repository["runs"]):
        told = pushing.shown(world, repository, run, root)
        fits = all(request.first(key) in ("", told[key]) for key in ("event", "head_sha"))
        fits = fits and request.first("branch") in ("", run["branch"])
        fits = fits and request.first("status") in ("", told["status"], told["conclusion"] or "")
        if fits and wanted in (0, run["workflow_id"]) and run["listed"] <= world.now():
            found.append(told)
    return paged(request, found, "workflow_runs")


@ROUTES.add("GET", f"{AT}/runs/{{number}}")
def run(world: World, request: Request, owner: str, repo: str, number: str) -> Response:
    """One run."""
    repository = repository_of(world, request, owner, repo)
    found = _run(repository, number)
    pushing.settle(world, repository)
    return answer(200, pushing.shown(world, repository, found, root_of(request.address, repository)))


@ROUTES.add("GET", f"{AT}/runs/{{number}}/jobs")
def jobs(world: World, request: Request, owner: str, repo: str, number: str) -> Response:
    """The one job of a run."""
    repository = repository_of(world, request, owner, repo)
    found = _run(repository, number)
    root = root_of(request.address, repository)
    return paged(request, [_job(pushing.shown(world, repository, found, root), root)], "jobs")


@ROUTES.add("POST", f"{AT}/runs/{{number}}/cancel")
def cancel(world: World, request: Request, owner: str, repo: str, number: str) -> Response:
    """Ends a run that has not ended."""
    repository = repository_of(world, request, owner, repo, "write")
    found = _run(repository, number)
    if pushing.status(found, world.now()) == "completed":
        raise Refused(409, "Cannot cancel a workflow run that is completed.")
    found.update(ends=world.now(), will="cancelled", waits=False)
    request.effect("cancel", run=found["id"])
    return answer(202, {})


@ROUTES.add("POST", f"{AT}/runs/{{number}}/rerun")
def rerun(world: World, request: Request, owner: str, repo: str, number: str) -> Response:
    """Runs the same again."""
    repository = repository_of(world, request, owner, repo, "write")
    found, habits = _run(repository, number), world.settings("github")
    ends = world.now() + habits["run_seconds"]
    found.update(created=world.now(), ends=ends, will=habits["run_conclusion"], attempt=found["attempt"] + 1)
    found["deployed"] = False
    request.effect("rerun", run=found["id"])
    return answer(201, {})


@ROUTES.add("GET", f"{AT}/runs/{{number}}/pending_deployments")
def pending(world: World, request: Request, owner: str, repo: str, number: str) -> Response:
    """What a run waits for."""
    repository = repository_of(world, request, owner, repo)
    found = _run(repository, number)
    environment = {"id": 1, "name": "production", "html_url": "", "url": "", "node_id": "EN_1"}
    waits = {"environment": environment, "wait_timer": 0, "wait_timer_started_at": stamp(found["created"])}
    return answer(200, [{**waits, "current_user_can_approve": True, "reviewers": []}] if found["waits"] else [])


@ROUTES.add("POST", f"{AT}/runs/{{number}}/pending_deployments")
def review(world: World, request: Request, owner: str, repo: str, number: str) -> Response:
    """Lets a waiting run go on, or ends it."""
    repository = repository_of(world, request, owner, repo, "write")
    found, body = _run(repository, number), request.object()
    if not {"environment_ids", "state", "comment"} <= set(body) or not found["waits"]:
        raise Refused(422, "Validation Failed")
    found.update(waits=False, created=world.now(), ends=world.now() + world.settings("github")["run_seconds"])
    if body["state"] == "rejected":
        found.update(will="failure", ends=world.now())
    request.effect("review", run=found["id"], state=body["state"])
    return answer(200, [])


def _job(run: dict[str, Any], root: str) -> dict[str, Any]:
    """The job of a run, told by what the run tells."""
    same = ("id", "name", "head_sha", "head_branch", "status", "conclusion", "created_at", "run_attempt", "html_url")
    runner = {"runner_id": 1, "runner_name": "Hosted", "runner_group_id": 1, "runner_group_name": "Default"}
    links = {
        "run_url": run["url"],
        "check_run_url": f"{root}/check-runs/{run['id']}",
        "url": f"{root}/jobs/{run['id']}",
    }
    times = {"started_at": run["created_at"], "completed_at": run["updated_at"] if run["conclusion"] else None}
    about = {"run_id": run["id"], "node_id": f"J_{run['id']}", "workflow_name": run["name"], "steps": [], "labels": []}
    told = {name: run[name] for name in same}
    return {
        **told,
        **runner,
        **links,
        **times,
        **about,
        "status": "queued" if run["status"] == "waiting" else run["status"],
    }


def _check_inputs(workflow: dict[str, Any], inputs: dict[str, Any]) -> None:
    if "workflow_dispatch" not in workflow["on"]:
        raise Refused(422, "Workflow does not have 'workflow_dispatch' trigger")
    if len(inputs) > MOST_INPUTS:
        raise Refused(422, "inputs: exceeds the maximum number of properties")
    if unknown := [key for key in inputs if key not in workflow["inputs"]]:
        listed = ", ".join(f'"{key}"' for key in unknown)
        raise Refused(422, f"Unexpected inputs provided: [{listed}]")
    for key, one in workflow["inputs"].items():
        if one.get("required") and key not in inputs and "default" not in one:
            raise Refused(422, f"Required input '{key}' not provided")


def _find(repository: Repository, name: str) -> dict[str, Any]:
    for one in repository["workflows"]:
        if name in (str(one["id"]), one["path"].rpartition("/")[2]):
            found: dict[str, Any] = one
            return found
    raise Refused(404, "Not Found")


def _run(repository: Repository, number: str) -> dict[str, Any]:
    for one in repository["runs"]:
        if str(one["id"]) == number:
            found: dict[str, Any] = one
            return found
    raise Refused(404, "Not Found")


def _shown(workflow: dict[str, Any], root: str) -> dict[str, Any]:
    url = f"{root}/actions/workflows/{workflow['id']}"
    about = {"id": workflow["id"], "node_id": f"W_{workflow['id']}", "name": workflow["name"], "path": workflow["path"]}
    times = {"created_at": stamp(0), "updated_at": stamp(0)}
    return {**about, "state": workflow["state"], **times, "url": url, "html_url": url, "badge_url": f"{url}/badge.svg"}
