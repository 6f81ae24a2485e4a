"""Computes, databases and roles of a project's branches."""

from typing import Any

from ...simulation.messages import Request, Response, answer
from ...simulation.routing import Routes
from ...simulation.world import World
from . import shapes
from .account import Project, branch_of, project_of, refused
from .operations import begin, shown, unlocked
from .timing import iso

ROUTES = Routes()


@ROUTES.add("GET", "/projects/{project}/endpoints", "/projects/{project}/branches/{branch}/endpoints")
def index(world: World, request: Request, project: str, branch: str = "") -> Response:
    """Every compute of the project, or of one branch."""
    record = project_of(world, request, project)
    found = [one for one in record["endpoints"].values() if branch in ("", one["branch"])]
    return answer(200, {"endpoints": [shapes.endpoint(world, record, one) for one in found]})


@ROUTES.add("GET", "/projects/{project}/endpoints/{endpoint}")
def show(world: World, request: Request, project: str, endpoint: str) -> Response:
    """One compute."""
    record = project_of(world, request, project)
    return answer(200, {"endpoint": shapes.endpoint(world, record, _found(record, endpoint))})


@ROUTES.add("POST", "/projects/{project}/endpoints/{endpoint}/restart")
def restart(world: World, request: Request, project: str, endpoint: str) -> Response:
    """Restarts a compute, which drops its connections."""
    record = project_of(world, request, project)
    one = _found(record, endpoint)
    unlocked(world, record)
    one["started"] = world.now_ms()
    record["connections_dropped"] += 1
    deeds = [(action, one["branch"], endpoint) for action in ("suspend_compute", "start_compute")]
    chain = begin(world, record, *deeds)
    request.effect("restart", endpoint=endpoint)
    operations = [shown(record, each, world.now_ms()) for each in chain]
    return answer(200, {"endpoint": shapes.endpoint(world, record, one), "operations": operations})


@ROUTES.add("GET", "/projects/{project}/branches/{branch}/databases")
def databases(world: World, request: Request, project: str, branch: str) -> Response:
    """The one database of a branch."""
    record = project_of(world, request, project)
    since = iso(branch_of(record, branch)["created"])
    one = {
        "id": 834686, "branch_id": branch, "name": record["database"], "owner_name": f"{record['database']}_owner",
        "created_at": since, "updated_at": since,
    }  # fmt: skip
    return answer(200, {"databases": [one]})


@ROUTES.add("GET", "/projects/{project}/branches/{branch}/roles")
def roles(world: World, request: Request, project: str, branch: str) -> Response:
    """The one role of a branch; its password is not told."""
    record = project_of(world, request, project)
    since = iso(branch_of(record, branch)["created"])
    one = {"branch_id": branch, "name": f"{record['database']}_owner", "protected": False}
    return answer(200, {"roles": [{**one, "created_at": since, "updated_at": since}]})


def new_endpoint(world: World, project: Project, branch: str) -> dict[str, Any]:
    """Adds a compute to a branch; returns its record."""
    project["serial"] += 1
    name = f"ep-{project['organisation']}-{project['serial']:04d}"
    made = {"id": name, "branch": branch, "created": world.now_ms(), "started": world.now_ms()}
    project["endpoints"][name] = made
    return made


def _found(project: Project, endpoint: str) -> dict[str, Any]:
    found: dict[str, Any] | None = project["endpoints"].get(endpoint)
    if found is None:
        raise refused(404, "endpoint not found")
    return found
