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
OPENS_WITH = "npg_simulated"
DEEDS = {
    "restart": ("suspend_compute", "start_compute"),
    "suspend": ("suspend_compute",),
    "start": ("start_compute",),
}


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


@ROUTES.add("POST", "/projects/{project}/endpoints")
def create(world: World, request: Request, project: str) -> Response:
    """Adds a compute to a branch that has none."""
    record = project_of(world, request, project)
    branch = str((request.object().get("endpoint") or {}).get("branch_id") or "")
    branch_of(record, branch)
    unlocked(world, record)
    if any(one["branch"] == branch for one in record["endpoints"].values()):
        raise refused(409, "read-write endpoint already exists")
    made = new_endpoint(world, record, branch)
    request.effect("create_endpoint", endpoint=made["id"], branch=branch)
    return _begun(world, record, made, "start_compute", status=201)


@ROUTES.add("PATCH", "/projects/{project}/endpoints/{endpoint}")
def change(world: World, request: Request, project: str, endpoint: str) -> Response:
    """Closes a compute to connections, or opens it again."""
    record = project_of(world, request, project)
    one = _found(record, endpoint)
    unlocked(world, record)
    one["disabled"] = bool((request.object().get("endpoint") or {}).get("disabled", one["disabled"]))
    request.effect("update_endpoint", endpoint=endpoint, disabled=one["disabled"])
    return _begun(world, record, one, "apply_config")


@ROUTES.add("POST", "/projects/{project}/endpoints/{endpoint}/{deed}")
def run(world: World, request: Request, project: str, endpoint: str, deed: str) -> Response:
    """Restarts, suspends or starts a compute; the first two drop its connections."""
    record = project_of(world, request, project)
    one = _found(record, endpoint)
    if deed not in DEEDS:
        raise refused(404, "this path was not found")
    unlocked(world, record)
    one["started"] = world.now_ms()
    record["connections_dropped"] += deed != "start"
    request.effect(deed, endpoint=endpoint)
    return _begun(world, record, one, *DEEDS[deed])


@ROUTES.add("GET", "/projects/{project}/branches/{branch}/roles/{role}/reveal_password")
def password(world: World, request: Request, project: str, branch: str, role: str) -> Response:
    """The password of a role."""
    branch_of(project_of(world, request, project), branch)
    return answer(200, {"password": OPENS_WITH})


@ROUTES.add("GET", "/projects/{project}/connection_uri")
def connection_uri(world: World, request: Request, project: str) -> Response:
    """How to connect to a branch's database, with the password in it."""
    record = project_of(world, request, project)
    default = next(one["id"] for one in record["branches"].values() if one["default"])
    branch = branch_of(record, request.first("branch_id") or default)["id"]
    endpoint = next((one["id"] for one in record["endpoints"].values() if one["branch"] == branch), None)
    if endpoint is None:
        raise refused(404, "endpoint not found")
    host = f"{endpoint}{'-pooler' if request.first('pooled') == 'true' else ''}.eu-central-1.aws.neon.example"
    role, database = request.first("role_name"), request.first("database_name")
    return answer(200, {"uri": f"postgresql://{role}:{OPENS_WITH}@{host}/{database}?sslmode=require"})


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
    now = world.now_ms()
    made = {"id": name, "branch": branch, "created": now, "started": now, "disabled": False}
    project["endpoints"][name] = made
    return made


def _begun(world: World, project: Project, one: dict[str, Any], *actions: str, status: int = 200) -> Response:
    chain = begin(world, project, *((action, one["branch"], one["id"]) for action in actions))
    operations = [shown(project, each, world.now_ms()) for each in chain]
    return answer(status, {"endpoint": shapes.endpoint(world, project, one), "operations": operations})


def _found(project: Project, endpoint: str) -> dict[str, Any]:
    found: dict[str, Any] | None = project["endpoints"].get(endpoint)
    if found is None:
        raise refused(404, "endpoint not found")
    return found
