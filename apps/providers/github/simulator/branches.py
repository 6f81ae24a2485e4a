"""Branches as the repositories' API shows them, and their classic protection."""

from typing import Any

from ...simulation.messages import Request, Response, answer, empty
from ...simulation.routing import Routes
from ...simulation.world import World
from . import history, rules
from .access import Refused, Repository, paged, repository_of
from .shapes import root_of

ROUTES = Routes()
AT = "/repos/{owner}/{repo}"
NO_CHECKS: dict[str, Any] = {"enforcement_level": "off", "contexts": [], "checks": []}
REPLACED = ("required_status_checks", "enforce_admins", "required_pull_request_reviews", "restrictions")


@ROUTES.add("GET", f"{AT}/branches")
def branches(world: World, request: Request, owner: str, repo: str) -> Response:
    """Every branch."""
    repository = repository_of(world, request, owner, repo)
    names = [ref.removeprefix("heads/") for ref in sorted(repository["refs"]) if ref.startswith("heads/")]
    return paged(request, [branch_shown(world, repository, name, request.address) for name in names])


@ROUTES.add("GET", f"{AT}/branches/{{branch:path}}/protection")
def protection(world: World, request: Request, owner: str, repo: str, branch: str) -> Response:
    """The classic protection of a branch; only administrators may read it."""
    repository = repository_of(world, request, owner, repo, "admin")
    if branch not in repository["protections"]:
        raise Refused(404, "Branch not protected")
    return answer(200, _protection(repository, branch, request.address))


@ROUTES.add("PUT", f"{AT}/branches/{{branch:path}}/protection")
def protect(world: World, request: Request, owner: str, repo: str, branch: str) -> Response:
    """Replaces the whole protection: four keys have to be there."""
    repository = repository_of(world, request, owner, repo, "admin")
    body = request.object()
    if missing := [name for name in REPLACED if name not in body]:
        raise Refused(422, f"Invalid request.\n\n{', '.join(missing)} weren't supplied.")
    force, locked = bool(body.get("allow_force_pushes")), bool(body.get("lock_branch"))
    repository["protections"][branch] = {"force": force, "locked": locked}
    request.effect("protect", repository=repository["full_name"], branch=branch)
    return answer(200, _protection(repository, branch, request.address))


@ROUTES.add("DELETE", f"{AT}/branches/{{branch:path}}/protection")
def unprotect(world: World, request: Request, owner: str, repo: str, branch: str) -> Response:
    """Takes the classic protection away."""
    repository = repository_of(world, request, owner, repo, "admin")
    if repository["protections"].pop(branch, None) is None:
        raise Refused(404, "Branch not protected")
    request.effect("unprotect", repository=repository["full_name"], branch=branch)
    return empty(204)


@ROUTES.add("GET", f"{AT}/branches/{{branch:path}}")
def branch(world: World, request: Request, owner: str, repo: str, branch: str) -> Response:
    """One branch."""
    repository = repository_of(world, request, owner, repo)
    if f"heads/{branch}" not in repository["refs"]:
        raise Refused(404, "Branch not found")
    return answer(200, branch_shown(world, repository, branch, request.address))


def branch_shown(world: World, repository: Repository, name: str, address: str) -> dict[str, Any]:
    """A branch with its newest commit, and whether anything protects it."""
    root = root_of(address, repository)
    sha = repository["refs"][f"heads/{name}"]
    protected = name in repository["protections"] or bool(rules.active(repository, f"heads/{name}"))
    shown_protection = {"enabled": protected, "required_status_checks": {**NO_CHECKS}}
    return {
        "name": name,
        "commit": history.rest_commit(repository, sha, root),
        "protected": protected,
        "protection": shown_protection,
        "protection_url": f"{root}/branches/{name}/protection",
        "_links": {"self": f"{root}/branches/{name}", "html": f"{root}/tree/{name}"},
    }


def _protection(repository: Repository, branch: str, address: str) -> dict[str, Any]:
    kept = repository["protections"][branch]
    return {
        "url": f"{root_of(address, repository)}/branches/{branch}/protection",
        "enforce_admins": {"enabled": True, "url": ""},
        "allow_force_pushes": {"enabled": kept["force"]},
        "allow_deletions": {"enabled": False},
        "lock_branch": {"enabled": kept["locked"]},
        "required_linear_history": {"enabled": False},
        "required_conversation_resolution": {"enabled": False},
        "block_creations": {"enabled": False},
        "allow_fork_syncing": {"enabled": False},
        "required_signatures": {"enabled": False, "url": ""},
    }
