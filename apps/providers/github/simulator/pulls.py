"""Pull requests: list, open, change, merge."""

from typing import Any

from ...simulation.messages import Request, Response, answer, empty
from ...simulation.routing import Routes
from ...simulation.world import World
from . import history, pushing, rules
from .access import Refused, Repository, paged, repository_of, stamp
from .shapes import page_of, person, repository_whole, root_of

ROUTES = Routes()
AT = "/repos/{owner}/{repo}"
Pull = dict[str, Any]


@ROUTES.add("GET", f"{AT}/pulls")
def index(world: World, request: Request, owner: str, repo: str) -> Response:
    """Pull requests by state, head (`owner:branch`) and base; newest first unless told otherwise."""
    repository = repository_of(world, request, owner, repo)
    state = request.first("state", "open")
    _, _, head = request.first("head").rpartition(":")
    found = [
        one
        for one in repository["pulls"]
        if state in ("all", _state(one))
        and (":" not in request.first("head") or one["head"] == head)
        and request.first("base") in ("", one["base"])
    ]
    found.sort(key=lambda one: one["number"], reverse=request.first("direction", "desc") == "desc")
    return paged(request, [shown(repository, one, request.address) for one in found])


@ROUTES.add("POST", f"{AT}/pulls")
def create(world: World, request: Request, owner: str, repo: str) -> Response:
    """Opens a pull request; there has to be something to merge, and no other one for the same branches."""
    repository = repository_of(world, request, owner, repo, "write")
    body = request.object()
    head, base = str(body.get("head") or "").rpartition(":")[2], str(body.get("base") or "")
    for name, branch in (("head", head), ("base", base)):
        if f"heads/{branch}" not in repository["refs"]:
            reason = {"resource": "PullRequest", "field": name, "code": "invalid"}
            raise Refused(422, "Validation Failed", [reason])
    tips = [repository["refs"][f"heads/{branch}"] for branch in (head, base)]
    if tips[0] in history.ancestors(repository, tips[1]):
        raise _no(f"No commits between {base} and {head}")
    if any(one["state"] == "open" and (one["head"], one["base"]) == (head, base) for one in repository["pulls"]):
        raise _no(f"A pull request already exists for {owner}:{head}.")
    made = make(world, request, repository, head, base, str(body.get("title") or ""), body.get("body"))
    made["draft"] = bool(body.get("draft"))
    return answer(201, shown(repository, made, request.address, whole=True))


def make(world: World, request: Request, repository: Repository, head: str, base: str, title: str, body: Any) -> Pull:
    """Adds an open pull request."""
    made = {
        "number": max([one["number"] for one in repository["pulls"]], default=0) + 1,
        "title": title,
        "body": body,
        "head": head,
        "base": base,
        "head_sha": repository["refs"][f"heads/{head}"],
        "state": "open",
        "draft": False,
        "created": world.now(),
        "merged": None,
        "merge_commit_sha": None,
    }
    repository["pulls"].append(made)
    request.effect("open_pull_request", repository=repository["full_name"], number=made["number"])
    return made


@ROUTES.add("GET", f"{AT}/pulls/{{number}}")
def show(world: World, request: Request, owner: str, repo: str, number: str) -> Response:
    """One pull request, with whether it can be merged."""
    repository = repository_of(world, request, owner, repo)
    return answer(200, shown(repository, find(repository, number), request.address, whole=True))


@ROUTES.add("PATCH", f"{AT}/pulls/{{number}}")
def change(world: World, request: Request, owner: str, repo: str, number: str) -> Response:
    """Changes title, text or state."""
    repository = repository_of(world, request, owner, repo, "write")
    pull, body = find(repository, number), request.object()
    pull.update({name: body[name] for name in ("title", "body", "state") if name in body})
    request.effect("change_pull_request", repository=repository["full_name"], number=pull["number"])
    return answer(200, shown(repository, pull, request.address, whole=True))


@ROUTES.add("GET", f"{AT}/pulls/{{number}}/merge")
def is_merged(world: World, request: Request, owner: str, repo: str, number: str) -> Response:
    """204 for merged, else 404."""
    pull = find(repository_of(world, request, owner, repo), number)
    if pull["merged"] is None:
        raise Refused(404, "Not Found")
    return empty(204)


@ROUTES.add("PUT", f"{AT}/pulls/{{number}}/merge")
def merge(world: World, request: Request, owner: str, repo: str, number: str) -> Response:
    """Merges, if the head is the one that the caller has seen."""
    repository = repository_of(world, request, owner, repo, "write")
    pull, body = find(repository, number), request.object()
    head = head_sha(repository, pull)
    if pull["state"] != "open" or pull["draft"]:
        raise Refused(405, "Pull Request is not mergeable")
    if world.settings("github")["reviews"] and pull["base"] == repository["default_branch"]:
        raise Refused(405, "At least 1 approving review is required by reviewers with write access.")
    if body.get("sha") not in (None, head):
        raise Refused(409, "Head branch was modified. Review and try the merge again.")
    ref = f"heads/{pull['base']}"
    rules.allow(world, request, repository, ref, ["update"], status=405)
    base, method = repository["refs"][ref], body.get("merge_method") or "merge"
    title = body.get("commit_title") or f"Merge pull request #{pull['number']} from {owner}/{pull['head']}"
    message = f"{title}\n\n{body.get('commit_message') or pull['title']}"
    tree = history.merged(repository, base, head)
    parents = [base, head] if method == "merge" else [base]
    sha = history.commit(repository, tree_sha=tree, parents=parents, message=message, at=world.now())
    repository["refs"][ref] = sha
    pull.update({"state": "closed", "merged": world.now(), "merge_commit_sha": sha, "head_sha": head})
    request.effect("merge", repository=repository["full_name"], number=pull["number"], sha=sha)
    pushing.pushed(world, repository, ref)
    return answer(200, {"sha": sha, "merged": True, "message": "Pull Request successfully merged"})


def find(repository: Repository, number: str) -> Pull:
    """A pull request by its number; raises `Refused` 404."""
    for one in repository["pulls"]:
        if str(one["number"]) == number:
            found: Pull = one
            return found
    raise Refused(404, "Not Found")


def head_sha(repository: Repository, pull: Pull) -> str:
    """The newest commit of the pull request; after the merge, the last one."""
    found: str = pull["head_sha"]
    return repository["refs"].get(f"heads/{pull['head']}", found) if pull["state"] == "open" else found


def shown(repository: Repository, pull: Pull, address: str, *, whole: bool = False) -> dict[str, Any]:
    """A pull request; a list leaves out whether it is merged or can be."""
    root = root_of(address, repository)
    url, owner = f"{root}/pulls/{pull['number']}", repository["full_name"].split("/")[0]
    about, page = repository_whole(repository, address), page_of(f"{root}/pull/{pull['number']}")
    tips = {"head": (pull["head"], head_sha(repository, pull)), "base": (pull["base"], _base_sha(repository, pull))}
    holder = about["owner"]
    ends = {
        n: {"ref": b, "sha": s, "label": f"{owner}:{b}", "repo": about, "user": holder} for n, (b, s) in tips.items()
    }
    merged = stamp(pull["merged"])
    body = {
        "id": repository["id"] * 1000 + pull["number"],
        "node_id": f"PR_{repository['id']}_{pull['number']}",
        **{name: pull[name] for name in ("number", "state", "title", "body", "draft", "merge_commit_sha")},
        "user": person(address),
        "created_at": stamp(pull["created"]),
        "updated_at": merged or stamp(pull["created"]),
        "closed_at": merged,
        "merged_at": merged,
        "locked": False,
        "author_association": "MEMBER",
        **dict.fromkeys(("milestone", "auto_merge", "assignee", "active_lock_reason")),
        **{name: [] for name in ("labels", "assignees", "requested_reviewers", "requested_teams")},
        **_links(root, url, page, pull, tips["head"][1]),
        **ends,
    }
    return {**body, **_counted(pull, address)} if whole else body


def _links(root: str, url: str, page: str, pull: Pull, head: str) -> dict[str, Any]:
    issue = f"{root}/issues/{pull['number']}"
    links = {
        "url": url,
        "html_url": page,
        "diff_url": f"{page}.diff",
        "patch_url": f"{page}.patch",
        "issue_url": issue,
        "commits_url": f"{url}/commits",
        "review_comments_url": f"{url}/comments",
        "review_comment_url": f"{root}/pulls/comments{{/number}}",
        "comments_url": f"{issue}/comments",
        "statuses_url": f"{root}/statuses/{head}",
    }
    names = ("comments", "commits", "statuses", "html", "issue", "review_comments", "review_comment")
    short = {name: {"href": links[f"{name}_url"]} for name in names}
    return {**links, "_links": {**short, "self": {"href": url}}}


def _counted(pull: Pull, address: str) -> dict[str, Any]:
    """What only one pull request by itself tells: whether it is merged or can be, and its size."""
    open_ = pull["state"] == "open"
    counts = dict.fromkeys(("comments", "review_comments", "deletions"), 0)
    by = person(address) if pull["merged"] else None
    more = {"merged": pull["merged"] is not None, "mergeable": open_ or None, "mergeable_state": "clean"}
    sizes = dict.fromkeys(("commits", "additions", "changed_files"), 1)
    return {**more, **sizes, **counts, "merged_by": by, "maintainer_can_modify": False, "rebaseable": None}


def _state(pull: Pull) -> str:
    found: str = pull["state"]
    return found


def _base_sha(repository: Repository, pull: Pull) -> str:
    found: str = repository["refs"].get(f"heads/{pull['base']}", pull["head_sha"])
    return found


def _no(message: str) -> Refused:
    return Refused(422, "Validation Failed", [{"resource": "PullRequest", "code": "custom", "message": message}])
