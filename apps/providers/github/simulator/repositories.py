"""The repository itself, its files and environments, and who asks."""

import base64
from typing import Any

from ...simulation.messages import Request, Response, answer
from ...simulation.routing import Routes
from ...simulation.world import World
from .access import Refused, paged, repository_of, stamp
from .history import resolve
from .shapes import account, repository_whole, root_of

ROUTES = Routes()
AT = "/repos/{owner}/{repo}"


@ROUTES.add("GET", "/meta")
def meta(world: World, request: Request) -> Response:
    """About this GitHub."""
    return answer(200, {"verifiable_password_authentication": False})


@ROUTES.add("GET", "/user")
def user(world: World, request: Request) -> Response:
    """Whose token this is; a GitHub App's is nobody's."""
    token = request.headers.get("authorization", "").partition(" ")[2]
    if "app_id" in world.state("github")["tokens"][token]:
        raise Refused(403, "Resource not accessible by integration")
    return answer(200, account(request.address))


@ROUTES.add("GET", "/rate_limit")
def rate_limit(world: World, request: Request) -> Response:
    """What is left of the hour."""
    left = world.settings("github")["requests_left"]
    core = {"limit": 5000, "remaining": left, "used": 5000 - left, "reset": int(world.now()) + 3600}
    return answer(200, {"resources": {"core": core, "graphql": core, "search": core}, "rate": core})


@ROUTES.add("GET", AT)
def show(world: World, request: Request, owner: str, repo: str) -> Response:
    """The repository with the rights of the token in it."""
    repository = repository_of(world, request, owner, repo)
    rights = world.settings("github")["rights"]
    may = {"admin": rights == "admin", "push": rights != "read", "pull": True}
    return answer(200, repository_whole(repository, request.address, may=may))


@ROUTES.add("GET", f"{AT}/contents/{{path:path}}")
def contents(world: World, request: Request, owner: str, repo: str, path: str) -> Response:
    """A workflow's file; the repository has no other ones to show."""
    repository = repository_of(world, request, owner, repo)
    resolve(repository, request.first("ref") or repository["default_branch"])
    workflow = next((one for one in repository["workflows"] if one["path"] == path), None)
    if workflow is None:
        raise Refused(404, "Not Found")
    text, name = workflow["text"], path.rpartition("/")[2]
    packed = base64.encodebytes(text.encode()).decode()
    url = f"{root_of(request.address, repository)}/contents/{path}"
    about: dict[str, Any] = {
        "type": "file",
        "encoding": "base64",
        "size": len(text),
        "name": name,
        "path": path,
        "sha": "0" * 40,
    }
    about["_links"] = {"self": url, "git": url, "html": url}
    return answer(200, {**about, "content": packed, "url": url, "html_url": url, "git_url": url, "download_url": url})


@ROUTES.add("GET", f"{AT}/environments")
def environments(world: World, request: Request, owner: str, repo: str) -> Response:
    """Environments and who has to approve what is deployed to them."""
    repository = repository_of(world, request, owner, repo)
    rules = [{"id": 1, "node_id": "GA_1", "type": "required_reviewers", "prevent_self_review": False, "reviewers": []}]
    waits = world.settings("github")["run_waits"]
    url = f"{root_of(request.address, repository)}/environments"
    found = [
        {
            "id": number,
            "node_id": f"EN_{number}",
            "name": name,
            "url": f"{url}/{name}",
            "html_url": f"{url}/{name}",
            "created_at": stamp(0),
            "updated_at": stamp(0),
            "protection_rules": rules if waits and name == "production" else [],
            "deployment_branch_policy": None,
        }
        for number, name in enumerate(("production", "staging"), start=1)
    ]
    return paged(request, found, "environments")
