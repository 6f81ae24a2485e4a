"""Commits: the git data, the list, the comparison, statuses and what introduced them."""

from typing import Any

from ...simulation.messages import Request, Response, answer
from ...simulation.routing import Routes
from ...simulation.world import World
from . import history, pulls, pushing
from .access import Refused, paged, repository_of, stamp
from .shapes import page_of, person, repository_whole, root_of

ROUTES = Routes()
AT = "/repos/{owner}/{repo}"
LISTED_UNPAGED = 250


@ROUTES.add("GET", f"{AT}/git/commits/{{sha}}")
def git_show(world: World, request: Request, owner: str, repo: str, sha: str) -> Response:
    """A commit by its whole SHA."""
    repository = repository_of(world, request, owner, repo)
    if sha not in repository["commits"]:
        raise Refused(404, "Not Found")
    return answer(200, history.git_commit(repository, sha, root_of(request.address, repository)))


@ROUTES.add("GET", f"{AT}/git/trees/{{sha}}")
def tree(world: World, request: Request, owner: str, repo: str, sha: str) -> Response:
    """A tree: one file for each change in it."""
    repository = repository_of(world, request, owner, repo)
    if sha not in repository["trees"]:
        raise Refused(404, "Not Found")
    url = f"{root_of(request.address, repository)}/git/trees/{sha}"
    entry = {"mode": "100644", "type": "blob", "size": 1}
    files = [{"path": f"changes/{name}", "sha": history.sha_of(name), **entry} for name in repository["trees"][sha]]
    return answer(200, {"sha": sha, "url": url, "tree": files, "truncated": False})


@ROUTES.add("POST", f"{AT}/git/commits")
def create(world: World, request: Request, owner: str, repo: str) -> Response:
    """Makes a commit of a tree; no branch shows it yet. Without parents it is a root commit."""
    repository = repository_of(world, request, owner, repo, "write")
    body = request.object()
    parents = [str(sha) for sha in body.get("parents") or []]
    if not body.get("message"):
        raise Refused(422, 'Invalid request.\n\n"message" wasn\'t supplied.')
    if body.get("tree") not in repository["trees"] or any(sha not in repository["commits"] for sha in parents):
        raise Refused(422, "Tree SHA does not exist" if body.get("tree") not in repository["trees"] else "Parent SHA")
    given = body.get("author") or {}
    author = {"name": str(given["name"]), "email": str(given["email"])} if given.get("name") else None
    message = str(body["message"])
    sha = history.commit(
        repository, tree_sha=body["tree"], parents=parents, message=message, at=world.now(), author=author
    )
    request.effect("commit", repository=repository["full_name"], sha=sha)
    return answer(201, history.git_commit(repository, sha, root_of(request.address, repository)))


@ROUTES.add("GET", f"{AT}/commits")
def index(world: World, request: Request, owner: str, repo: str) -> Response:
    """The history of a branch or commit, newest first."""
    repository = repository_of(world, request, owner, repo)
    top = history.resolve(repository, request.first("sha") or repository["default_branch"])
    root = root_of(request.address, repository)
    return paged(request, [history.rest_commit(repository, sha, root) for sha in history.ancestors(repository, top)])


@ROUTES.add("GET", f"{AT}/commits/{{ref:path}}/status")
def status(world: World, request: Request, owner: str, repo: str, ref: str) -> Response:
    """The newest status of each context; “pending” also where there is none at all."""
    repository = repository_of(world, request, owner, repo)
    sha, root = history.resolve(repository, ref), root_of(request.address, repository)
    newest: dict[str, Any] = {}
    for one in repository["statuses"].get(sha, []):
        newest[one["context"]] = one
    states = {one["state"] for one in newest.values()}
    state = "failure" if states & {"failure", "error"} else "success" if states == {"success"} else "pending"
    body = {"state": state, "statuses": list(newest.values()), "sha": sha, "total_count": len(newest)}
    links = {"commit_url": f"{root}/commits/{sha}", "url": f"{root}/commits/{sha}/status"}
    return answer(200, {**body, "repository": repository_whole(repository, request.address), **links})


@ROUTES.add("GET", f"{AT}/commits/{{ref:path}}/statuses")
def statuses(world: World, request: Request, owner: str, repo: str, ref: str) -> Response:
    """Every status, newest first."""
    repository = repository_of(world, request, owner, repo)
    return paged(request, repository["statuses"].get(history.resolve(repository, ref), [])[::-1])


@ROUTES.add("POST", f"{AT}/statuses/{{sha}}")
def report(world: World, request: Request, owner: str, repo: str, sha: str) -> Response:
    """Says how one context sees a commit."""
    repository = repository_of(world, request, owner, repo, "write")
    body, commit = request.object(), history.resolve(repository, sha)
    if body.get("state") not in ("error", "failure", "pending", "success"):
        raise Refused(422, "Validation Failed", [{"resource": "Status", "field": "state", "code": "custom"}])
    made = {
        "id": pushing.number(world),
        "url": f"{root_of(request.address, repository)}/statuses/{commit}",
        "state": body["state"],
        "context": body.get("context") or "default",
        "description": body.get("description"),
        "target_url": body.get("target_url"),
        "created_at": stamp(world.now()),
        "updated_at": stamp(world.now()),
        "creator": person(request.address),
        "avatar_url": None,
        "node_id": f"SC_{commit[:12]}",
    }
    repository["statuses"].setdefault(commit, []).append(made)
    request.effect("status", repository=repository["full_name"], sha=commit, state=body["state"])
    return answer(201, made)


@ROUTES.add("GET", f"{AT}/commits/{{ref:path}}/check-runs")
def check_runs(world: World, request: Request, owner: str, repo: str, ref: str) -> Response:
    """The jobs of Actions as check runs, newest first."""
    repository = repository_of(world, request, owner, repo)
    sha, root = history.resolve(repository, ref), root_of(request.address, repository)
    pushing.settle(world, repository)
    found = [pushing.check_run(repository, run, world, root) for run in repository["runs"] if run["head_sha"] == sha]
    return paged(request, found[::-1], "check_runs")


@ROUTES.add("GET", f"{AT}/commits/{{ref:path}}/pulls")
def introduced_by(world: World, request: Request, owner: str, repo: str, ref: str) -> Response:
    """The pull requests that brought a commit."""
    repository = repository_of(world, request, owner, repo)
    sha = history.resolve(repository, ref)
    found = [one for one in repository["pulls"] if sha in (one["merge_commit_sha"], pulls.head_sha(repository, one))]
    return paged(request, [pulls.shown(repository, one, request.address) for one in found])


@ROUTES.add("GET", f"{AT}/commits/{{ref:path}}")
def show(world: World, request: Request, owner: str, repo: str, ref: str) -> Response:
    """A commit by SHA, branch or tag."""
    repository = repository_of(world, request, owner, repo)
    sha = history.resolve(repository, ref)
    found = history.rest_commit(repository, sha, root_of(request.address, repository))
    return answer(200, {**found, "stats": {"additions": 1, "deletions": 0, "total": 1}, "files": []})


@ROUTES.add("GET", f"{AT}/compare/{{basehead:path}}")
def compare(world: World, request: Request, owner: str, repo: str, basehead: str) -> Response:
    """How the second commit stands to the first; the commits between, oldest first."""
    repository = repository_of(world, request, owner, repo)
    base_name, dots, head_name = basehead.partition("...")
    if not dots:
        raise Refused(404, "Not Found")
    base, head = history.resolve(repository, base_name), history.resolve(repository, head_name)
    before, after = set(history.ancestors(repository, base)), history.ancestors(repository, head)
    ahead = [sha for sha in after if sha not in before][::-1]
    behind = before - set(after)
    word = {(True, True): "diverged", (True, False): "ahead", (False, True): "behind", (False, False): "identical"}
    root = root_of(request.address, repository)
    size = request.number("per_page", LISTED_UNPAGED)
    page = request.number("page", 1)
    listed = ahead[(page - 1) * size : page * size]
    fork = history.rest_commit(repository, history.merge_base(repository, base, head), root)
    body = {
        "url": f"{root}/compare/{basehead}",
        **{f"{name}_url": f"{page_of(root)}/compare/{basehead}" for name in ("html", "permalink", "diff", "patch")},
        "status": word[bool(ahead), bool(behind)],
        "ahead_by": len(ahead),
        "behind_by": len(behind),
        "total_commits": len(ahead),
        "base_commit": history.rest_commit(repository, base, root),
        "merge_base_commit": fork,
        "commits": [history.rest_commit(repository, sha, root) for sha in listed],
        "files": [],
    }
    return answer(200, body)
