"""Who asks the Neon simulator, what they may see, and how it refuses."""

import uuid
from typing import Any

from ...simulation.messages import Refused, Request, Response, answer
from ...simulation.world import Refusal, World

ROOT = "/api/v2"
Project = dict[str, Any]
Branch = dict[str, Any]


def rooted(path: str) -> str:
    """The path below the API's root; what lies elsewhere is found nowhere."""
    return path.removeprefix(ROOT) if path.startswith(f"{ROOT}/") else f"/elsewhere{path}"


def refuse(refusal: Refusal) -> Response:
    """An error in Neon's shape; `code` is empty for most of them."""
    extra = {"retry_after": refusal.retry_after} if refusal.retry_after else {}
    return answer(refusal.status, {"request_id": "", "code": "", "message": refusal.message}, **extra)


def refused(status: int, message: str, code: str = "") -> Refused:
    """The same as an exception, for use deep in a handler."""
    return Refused(answer(status, {"request_id": "", "code": code, "message": message}))


def finish(world: World, request: Request, response: Response) -> Response:
    """An error carries the id of its request: the caller's own or a made one."""
    if response.status >= 400 and b'"request_id": ""' in response.body:
        name = request.headers.get("x-request-id") or str(uuid.uuid4())
        response.body = response.body.replace(b'"request_id": ""', f'"request_id": "{name}"'.encode(), 1)
    return response


def guard(world: World, request: Request) -> Response | None:
    """401 for an unknown key; 403 for a change with a key that may only read."""
    state = world.state("neon")
    if request.bearer() not in state["tokens"]:
        return refuse(Refusal(401, "supplied credentials do not pass authentication"))
    if request.method not in ("GET", "HEAD") and state["simulation"]["rights"] == "read":
        return refuse(Refusal(403, "not allowed: the key may not change this project"))
    return None


def slug_of(world: World, request: Request) -> str:
    """The organisation whose key was sent."""
    slug: str = world.state("neon")["tokens"][request.bearer()]
    return slug


def project_of(world: World, request: Request, project: str) -> Project:
    """One project of the organisation whose key was sent; raises a 404."""
    found: Project | None = world.state("neon")["projects"].get(project)
    if found is None or found["organisation"] != slug_of(world, request):
        raise refused(404, "project not found")
    return found


def branch_of(project: Project, branch: str) -> Branch:
    """One branch by its id; raises a 404."""
    found: Branch | None = project["branches"].get(branch)
    if found is None:
        raise refused(404, f"branch not found; branch_id:{branch}")
    return found


def free_name(world: World, project: Project, name: str) -> None:
    """Refuses a branch name that is there already."""
    if any(branch["name"] == name for branch in project["branches"].values()):
        status = world.settings("neon")["taken_status"]
        raise refused(status, f'branch already exists; branch_name:"{name}"', "BRANCH_ALREADY_EXISTS")


def room(world: World, project: Project) -> None:
    """Refuses one branch more than the plan has."""
    if len(project["branches"]) >= world.settings("neon")["branches_limit"]:
        raise refused(422, "branches limit exceeded", "BRANCHES_LIMIT_EXCEEDED")
