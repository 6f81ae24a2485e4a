"""The GraphQL side of GitHub: who am I, a pull request's id, the revert of a pull request, a new ref."""

from collections.abc import Callable
from typing import Any

from ...simulation.documents import Unreadable
from ...simulation.graphql import Problem, answered
from ...simulation.messages import Request, Response, answer
from ...simulation.routing import Routes
from ...simulation.world import World
from . import history, pulls, refs
from .access import Refused, Repository, repository_of

ROUTES = Routes()
Arguments = dict[str, Any]


@ROUTES.add("POST", "/graphql")
def serve(world: World, request: Request) -> Response:
    """Answers a document; what cannot be done is in `errors`, with 200."""
    query = {
        "viewer": {"__typename": "User", "login": "rollback-portal", "id": "U_1", "databaseId": 1},
        "rateLimit": {"limit": 5000, "remaining": world.settings("github")["requests_left"], "cost": 1},
        "repository": lambda given: _repository(world, request, given),
    }
    mutation = {
        "revertPullRequest": lambda given: _in_words(lambda: _revert(world, request, given["input"])),
        "createRef": lambda given: _in_words(lambda: _create_ref(world, request, given["input"])),
    }
    try:
        return answer(200, answered(request.object(), {"query": query, "mutation": mutation}))
    except Unreadable as error:
        return answer(200, {"errors": [{"message": str(error), "locations": [{"line": 1, "column": 1}]}]})


def _in_words(done: Callable[[], Any]) -> Any:
    """What was done, or the refusal as a GraphQL error."""
    try:
        return done()
    except Refused as refused:
        body = refused.response.body.decode()
        kind = {403: "FORBIDDEN", 404: "NOT_FOUND"}.get(refused.response.status, "UNPROCESSABLE")
        message = body.split('"message": "', 1)[1].split('"', 1)[0]
        raise Problem(message, type=kind) from None


def _repository(world: World, request: Request, given: Arguments) -> Any:
    try:
        repository = repository_of(world, request, str(given.get("owner")), str(given.get("name")))
    except Refused:
        wanted = f"{given.get('owner')}/{given.get('name')}"
        raise Problem(f"Could not resolve to a Repository with the name '{wanted}'.", type="NOT_FOUND") from None

    def pull_request(arguments: Arguments) -> Any:
        try:
            return _pull(repository, pulls.find(repository, str(arguments.get("number"))), request)
        except Refused:
            text = f"Could not resolve to a PullRequest with the number of {arguments.get('number')}."
            raise Problem(text, type="NOT_FOUND") from None

    branch = {"name": repository["default_branch"]}
    about = {"id": f"R_{repository['id']}", "nameWithOwner": repository["full_name"], "name": repository["name"]}
    return {**about, "__typename": "Repository", "defaultBranchRef": branch, "pullRequest": pull_request}


def _revert(world: World, request: Request, given: Arguments) -> Any:
    """Opens the pull request that takes a merged one back; it does not merge it."""
    repository, pull = _by_id(world, str(given.get("pullRequestId")))
    owner, name = repository["full_name"].split("/")
    repository_of(world, request, owner, name, "write")
    if pull["merged"] is None:
        raise Problem("Pull request is not merged", type="UNPROCESSABLE")
    if world.settings("github")["revert_conflicts"]:
        raise Problem("Sorry, this pull request couldn't be reverted automatically.", type="UNPROCESSABLE")
    base = repository["refs"][f"heads/{pull['base']}"]
    merge = repository["commits"][pull["merge_commit_sha"]]
    brought = history.changes_of(repository, merge["sha"]) - history.changes_of(repository, merge["parents"][0])
    tree = history.tree(repository, sorted(history.changes_of(repository, base) - brought))
    title = given.get("title") or f'Revert "{pull["title"]}"'
    branch = f"revert-{pull['number']}-{pull['head']}"
    sha = history.commit(repository, tree_sha=tree, parents=[base], message=title, at=world.now())
    refs.make(world, request, repository, f"refs/heads/{branch}", sha)
    request.effects.clear()  # the branch belongs to the pull request: one deed, one effect
    text = given.get("body") or f"Reverts {repository['full_name']}#{pull['number']}"
    made = pulls.make(world, request, repository, branch, pull["base"], title, text)
    return {"pullRequest": _pull(repository, pull, request), "revertPullRequest": _pull(repository, made, request)}


def _create_ref(world: World, request: Request, given: Arguments) -> Any:
    repositories = world.state("github")["repositories"].values()
    repository = next((one for one in repositories if f"R_{one['id']}" == given.get("repositoryId")), None)
    if repository is None:
        raise Problem("Could not resolve to a node with the global id.", type="NOT_FOUND")
    owner, name = repository["full_name"].split("/")
    repository_of(world, request, owner, name, "write")
    refs.make(world, request, repository, str(given.get("name")), str(given.get("oid")))
    branch = str(given["name"]).removeprefix("refs/heads/")
    return {"ref": {"name": branch, "prefix": "refs/heads/", "target": {"oid": given["oid"]}}}


def _by_id(world: World, node: str) -> tuple[Repository, dict[str, Any]]:
    for repository in world.state("github")["repositories"].values():
        for pull in repository["pulls"]:
            if node == f"PR_{repository['id']}_{pull['number']}":
                return repository, pull
    raise Problem(f"Could not resolve to a node with the global id of '{node}'.", type="NOT_FOUND")


def _pull(repository: Repository, pull: dict[str, Any], request: Request) -> dict[str, Any]:
    told = pulls.shown(repository, pull, request.address, whole=True)
    state = "MERGED" if told["merged"] else told["state"].upper()
    names = {"headRefName": pull["head"], "baseRefName": pull["base"], "mergeable": "MERGEABLE"}
    about = {"id": told["node_id"], "number": pull["number"], "title": pull["title"], "body": pull["body"]}
    return {"__typename": "PullRequest", **about, "url": told["html_url"], "state": state, **names}
