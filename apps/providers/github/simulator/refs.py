"""Branches and tags: read, make, move, delete. Rules and protections are asked first."""

from typing import Any

from ...simulation.messages import Request, Response, answer, empty
from ...simulation.routing import Routes
from ...simulation.world import World
from . import history, pushing, rules
from .access import Refused, Repository, paged, repository_of, stamp
from .shapes import root_of

ROUTES = Routes()
AT = "/repos/{owner}/{repo}"


@ROUTES.add("GET", f"{AT}/git/ref/{{ref:path}}", f"{AT}/git/refs/{{ref:path}}")
def show(world: World, request: Request, owner: str, repo: str, ref: str) -> Response:
    """One ref by its exact name, without `refs/`."""
    repository = repository_of(world, request, owner, repo)
    if ref not in repository["refs"]:
        raise Refused(404, "Not Found")
    return answer(200, shown(repository, ref, request.address))


@ROUTES.add("GET", f"{AT}/git/matching-refs/{{ref:path}}")
def matching(world: World, request: Request, owner: str, repo: str, ref: str) -> Response:
    """Every ref that begins so."""
    repository = repository_of(world, request, owner, repo)
    found = [shown(repository, name, request.address) for name in sorted(repository["refs"]) if name.startswith(ref)]
    return paged(request, found)


@ROUTES.add("GET", f"{AT}/git/refs")
def index(world: World, request: Request, owner: str, repo: str) -> Response:
    """Every ref."""
    repository = repository_of(world, request, owner, repo)
    return paged(request, [shown(repository, name, request.address) for name in sorted(repository["refs"])])


@ROUTES.add("POST", f"{AT}/git/refs")
def create(world: World, request: Request, owner: str, repo: str) -> Response:
    """Makes a branch or tag; one that is there is never moved."""
    repository = repository_of(world, request, owner, repo, "write")
    body = request.object()
    name, sha = str(body.get("ref") or ""), str(body.get("sha") or "")
    make(world, request, repository, name, sha)
    return answer(201, shown(repository, name.removeprefix("refs/"), request.address))


def make(world: World, request: Request, repository: Repository, name: str, sha: str) -> None:
    """Makes a ref; raises `Refused`."""
    ref = name.removeprefix("refs/")
    if not name.startswith("refs/") or ref.count("/") < 1:
        raise Refused(422, "Reference name must start with 'refs/'.")
    if sha not in repository["commits"] and sha not in repository["tags"]:
        raise Refused(422, "Object does not exist")
    if ref in repository["refs"]:
        raise Refused(422, "Reference already exists")
    if any(one.startswith(f"{ref}/") or ref.startswith(f"{one}/") for one in repository["refs"]):
        raise Refused(422, "Reference update failed")
    rules.allow(world, request, repository, ref, ["creation"])
    repository["refs"][ref] = sha
    request.effect("create_ref", repository=repository["full_name"], ref=ref, sha=sha)


@ROUTES.add("PATCH", f"{AT}/git/refs/{{ref:path}}")
def update(world: World, request: Request, owner: str, repo: str, ref: str) -> Response:
    """Moves a ref; what is no fast-forward needs `force`."""
    repository = repository_of(world, request, owner, repo, "write")
    body = request.object()
    sha, force = str(body.get("sha") or ""), bool(body.get("force"))
    if ref not in repository["refs"]:
        raise Refused(422, "Reference does not exist")
    if sha not in repository["commits"]:
        raise Refused(422, "Object does not exist")
    before = repository["refs"][ref]
    forward = before in history.ancestors(repository, sha)
    if not forward and not force:
        raise Refused(422, "Update is not a fast forward")
    rules.allow(world, request, repository, ref, ["update"] if forward else ["update", "non_fast_forward"])
    if sha != before:
        repository["refs"][ref] = sha
        request.effect("update_ref", repository=repository["full_name"], ref=ref, sha=sha, was=before, force=force)
        pushing.pushed(world, repository, ref)
    return answer(200, shown(repository, ref, request.address))


@ROUTES.add("DELETE", f"{AT}/git/refs/{{ref:path}}")
def delete(world: World, request: Request, owner: str, repo: str, ref: str) -> Response:
    """Takes a ref away; its commits stay."""
    repository = repository_of(world, request, owner, repo, "write")
    if ref not in repository["refs"]:
        raise Refused(422, "Reference does not exist")
    rules.allow(world, request, repository, ref, ["deletion"])
    request.effect("delete_ref", repository=repository["full_name"], ref=ref, was=repository["refs"].pop(ref))
    return empty(204)


@ROUTES.add("GET", f"{AT}/git/tags/{{sha}}")
def tag(world: World, request: Request, owner: str, repo: str, sha: str) -> Response:
    """An annotated tag as the object that it is."""
    repository = repository_of(world, request, owner, repo)
    if sha not in repository["tags"]:
        raise Refused(404, "Not Found")
    one, root = repository["tags"][sha], root_of(request.address, repository)
    pointed = {"sha": one["object"], "type": "commit", "url": f"{root}/git/commits/{one['object']}"}
    tagger = {**history.BOT, "date": stamp(one["at"])}
    body = {"sha": sha, "node_id": f"TA_{sha[:12]}", "url": f"{root}/git/tags/{sha}", "tag": one["tag"]}
    reason = {"verified": False, "reason": "unsigned", "signature": None, "payload": None}
    return answer(200, {**body, "message": one["tag"], "tagger": tagger, "object": pointed, "verification": reason})


@ROUTES.add("GET", f"{AT}/tags")
def tags(world: World, request: Request, owner: str, repo: str) -> Response:
    """Every tag with its commit."""
    repository = repository_of(world, request, owner, repo)
    root, found = root_of(request.address, repository), []
    for ref, sha in sorted(repository["refs"].items(), reverse=True):
        if ref.startswith("tags/"):
            commit = history.peeled(repository, sha)
            pointed = {"sha": commit, "url": f"{root}/commits/{commit}"}
            name = ref.removeprefix("tags/")
            found.append(
                {"name": name, "commit": pointed, "node_id": f"REF_{name}", "zipball_url": "", "tarball_url": ""}
            )
    return paged(request, found)


def shown(repository: Repository, ref: str, address: str) -> dict[str, Any]:
    """A ref as the git data API shows it."""
    root, sha = root_of(address, repository), repository["refs"][ref]
    kind = "tag" if sha in repository["tags"] else "commit"
    pointed = {"type": kind, "sha": sha, "url": f"{root}/git/{kind}s/{sha}"}
    return {"ref": f"refs/{ref}", "node_id": f"REF_{ref}", "url": f"{root}/git/refs/{ref}", "object": pointed}
