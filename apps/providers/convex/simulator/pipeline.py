"""The team's pipeline at GitHub: a workflow that checks a commit out and deploys it."""

from typing import Any

from ...simulation.messages import Refused, Request, Response, answer
from ...simulation.routing import Routes
from ...simulation.world import World
from .account import deployment_named, settle

ROUTES = Routes()
WORKFLOW = "/repos/{owner}/{repository}/actions/workflows/{workflow}"


@ROUTES.add("GET", WORKFLOW)
def workflow(world: World, request: Request, owner: str, repository: str, workflow: str) -> Response:
    """The workflow."""
    _deployment(world, request, owner, repository, workflow)
    return answer(
        200, {"id": 161335, "name": "Deploy Convex", "path": f".github/workflows/{workflow}", "state": "active"}
    )


@ROUTES.add("POST", f"{WORKFLOW}/dispatches")
def dispatch(world: World, request: Request, owner: str, repository: str, workflow: str) -> Response:
    """Start it for a commit; it deploys a little later, as long as the commit is known."""
    deployment = _deployment(world, request, owner, repository, workflow)
    body = request.object()
    commit = (body.get("inputs") or {}).get("commit")
    if body.get("ref") != "main" or not isinstance(commit, str):
        raise Refused(answer(422, {"message": f"No ref found for: {body.get('ref')}", "status": "422"}))
    habits = world.settings("convex")
    known = next((one for one in deployment["known"] if one.startswith(commit) or commit.startswith(one)), None)
    if known and not habits["deploy_fails"]:
        deployment["deploys"].append({"commit": known, "due": world.now() + habits["deploy_seconds"]})
    request.effect("dispatch", organisation=deployment["organisation"], commit=commit)
    run = 30_433_642 + len(deployment["deploys"])
    page = f"https://github.com/{owner}/{repository}/actions/runs/{run}"
    return answer(
        200, {"workflow_run_id": run, "run_url": page.replace("github.com", "api.github.com/repos"), "html_url": page}
    )


def _deployment(world: World, request: Request, owner: str, repository: str, workflow: str) -> dict[str, Any]:
    deployment = deployment_named(world, world.state("convex")["pipeline_tokens"][request.bearer()])
    if deployment["repository"] != f"{owner}/{repository}" or workflow != "deploy-convex.yml":
        raise Refused(answer(404, {"message": "Not Found", "status": "404"}))
    settle(world, deployment)
    return deployment
