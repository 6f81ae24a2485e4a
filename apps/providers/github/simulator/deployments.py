"""Deployments and their statuses."""

from typing import Any

from ...simulation.messages import Request, Response, answer
from ...simulation.routing import Routes
from ...simulation.world import World
from . import history, pushing
from .access import Refused, Repository, paged, repository_of, stamp
from .shapes import person, root_of

ROUTES = Routes()
AT = "/repos/{owner}/{repo}/deployments"
STATES = ("error", "failure", "inactive", "in_progress", "queued", "pending", "success")
LONGEST_DESCRIPTION = 140


@ROUTES.add("GET", AT)
def index(world: World, request: Request, owner: str, repo: str) -> Response:
    """Deployments by environment and commit, newest first."""
    repository = repository_of(world, request, owner, repo)
    pushing.settle(world, repository)
    found = [
        shown(repository, one, request.address)
        for one in reversed(repository["deployments"])
        if request.first("environment") in ("", one["environment"]) and request.first("sha") in ("", one["sha"])
    ]
    return paged(request, found)


@ROUTES.add("POST", AT)
def create(world: World, request: Request, owner: str, repo: str) -> Response:
    """Makes a deployment; unless told not to, it first merges the default branch in and then deploys nothing."""
    repository = repository_of(world, request, owner, repo, "write")
    body = request.object()
    sha = history.resolve(repository, str(body.get("ref") or ""))
    default = repository["refs"][f"heads/{repository['default_branch']}"]
    if body.get("auto_merge", True) and default not in history.ancestors(repository, sha):
        request.effect("auto_merge", repository=repository["full_name"])
        return answer(202, {"message": f"Auto-merged {repository['default_branch']} into {body['ref']} on deployment."})
    environment = str(body.get("environment") or "production")
    made = pushing.deployment(world, repository, sha, at=world.now(), environment=environment)
    made.update(ref=str(body["ref"]), description=body.get("description"))
    request.effect("deployment", repository=repository["full_name"], id=made["id"])
    return answer(201, shown(repository, made, request.address))


@ROUTES.add("GET", f"{AT}/{{number}}")
def show(world: World, request: Request, owner: str, repo: str, number: str) -> Response:
    """One deployment."""
    repository = repository_of(world, request, owner, repo)
    return answer(200, shown(repository, _find(repository, number), request.address))


@ROUTES.add("GET", f"{AT}/{{number}}/statuses")
def statuses(world: World, request: Request, owner: str, repo: str, number: str) -> Response:
    """The statuses of a deployment, newest first."""
    repository = repository_of(world, request, owner, repo)
    one = _find(repository, number)
    return paged(request, [_status(repository, one, each, request.address) for each in reversed(one["statuses"])])


@ROUTES.add("POST", f"{AT}/{{number}}/statuses")
def report(world: World, request: Request, owner: str, repo: str, number: str) -> Response:
    """Adds a status."""
    repository = repository_of(world, request, owner, repo, "write")
    one, body = _find(repository, number), request.object()
    if body.get("state") not in STATES or len(str(body.get("description") or "")) > LONGEST_DESCRIPTION:
        field = "state" if body.get("state") not in STATES else "description"
        reason = {"resource": "DeploymentStatus", "field": field, "code": "custom"}
        raise Refused(422, "Validation Failed", [reason])
    made = {"id": pushing.number(world), "state": body["state"], "at": world.now()}
    made["description"] = body.get("description") or ""
    one["statuses"].append(made)
    request.effect("deployment_status", deployment=one["id"], state=body["state"])
    return answer(201, _status(repository, one, made, request.address))


def shown(repository: Repository, one: dict[str, Any], address: str) -> dict[str, Any]:
    """A deployment as the API shows it."""
    root = root_of(address, repository)
    return {
        "id": one["id"],
        "node_id": f"DE_{one['id']}",
        "sha": one["sha"],
        "ref": one.get("ref") or repository["default_branch"],
        "task": "deploy",
        "payload": {},
        "environment": one["environment"],
        "original_environment": one["environment"],
        "description": one.get("description"),
        "creator": person(address),
        "created_at": stamp(one["at"]),
        "updated_at": stamp(one["at"]),
        "url": f"{root}/deployments/{one['id']}",
        "statuses_url": f"{root}/deployments/{one['id']}/statuses",
        "repository_url": root,
        "transient_environment": False,
        "production_environment": one["environment"] == "production",
    }


def _status(repository: Repository, one: dict[str, Any], each: dict[str, Any], address: str) -> dict[str, Any]:
    url = f"{root_of(address, repository)}/deployments/{one['id']}"
    return {
        "id": each["id"],
        "node_id": f"DES_{each['id']}",
        "state": each["state"],
        "description": each["description"],
        "environment": one["environment"],
        "creator": person(address),
        "created_at": stamp(each["at"]),
        "updated_at": stamp(each["at"]),
        "url": f"{url}/statuses/{each['id']}",
        "deployment_url": url,
        "repository_url": root_of(address, repository),
        "target_url": "",
        "log_url": "",
        "environment_url": "",
    }


def _find(repository: Repository, number: str) -> dict[str, Any]:
    for one in repository["deployments"]:
        if str(one["id"]) == number:
            found: dict[str, Any] = one
            return found
    raise Refused(404, "Not Found")
