"""Commits and trees of a simulated repository: a tree is a set of changes, a commit a tree with parents."""

import hashlib
import json
from typing import Any

from .access import Refused, Repository, stamp
from .shapes import page_of

TOLD = ("author", "committer", "message", "tree", "url", "verification")
BOT = {"name": "rollback-portal", "email": "rollback-portal@users.noreply.example"}


def sha_of(*parts: Any) -> str:
    """A SHA-1 that depends on nothing but the parts."""
    return hashlib.sha1(json.dumps(parts).encode(), usedforsecurity=False).hexdigest()


def tree(repository: Repository, changes: list[str]) -> str:
    """The id of the tree with these changes; kept, so that a commit may be made of it."""
    unique = sorted(set(changes))
    sha = sha_of("tree", unique)
    repository["trees"][sha] = unique
    return sha


def commit(
    repository: Repository,
    *,
    tree_sha: str,
    parents: list[str],
    message: str,
    at: float,
    author: dict[str, str] | None = None,
    sha: str = "",
) -> str:
    """Keeps a commit and returns its id."""
    who = author or BOT
    sha = sha or sha_of("commit", tree_sha, parents, message, at, who)
    made = {"sha": sha, "tree": tree_sha, "parents": parents, "message": message, "at": at, "author": who}
    repository["commits"][sha] = made
    return sha


def changes_of(repository: Repository, sha: str) -> set[str]:
    """The changes in a commit's tree."""
    return set(repository["trees"][repository["commits"][sha]["tree"]])


def ancestors(repository: Repository, sha: str) -> list[str]:
    """A commit and everything that it comes from, newest first."""
    found, waiting = {}, [sha]
    while waiting:
        one = waiting.pop()
        if one not in found:
            found[one] = repository["commits"][one]["at"]
            waiting.extend(repository["commits"][one]["parents"])
    return sorted(found, key=lambda each: found[each], reverse=True)


def merge_base(repository: Repository, one: str, other: str) -> str:
    """The newest commit that both come from."""
    theirs = set(ancestors(repository, other))
    found = next((each for each in ancestors(repository, one) if each in theirs), "")
    if not found:
        raise Refused(404, "No common ancestor")
    return found


def merged(repository: Repository, base: str, head: str) -> str:
    """The tree that merging `head` into `base` gives."""
    before = changes_of(repository, merge_base(repository, base, head))
    ours, theirs = changes_of(repository, base), changes_of(repository, head)
    return tree(repository, sorted((ours | (theirs - before)) - (before - theirs)))


def resolve(repository: Repository, name: str) -> str:
    """The commit that a branch, tag or (short) SHA names; raises `Refused` 422 as GitHub does for an unknown SHA."""
    for kind in ("heads", "tags"):
        if (found := repository["refs"].get(f"{kind}/{name.removeprefix(f'refs/{kind}/')}")) is not None:
            return peeled(repository, found)
    fitting = [sha for sha in repository["commits"] if sha.startswith(name)] if len(name) >= 4 else []
    if len(fitting) != 1:
        raise Refused(422, f"No commit found for SHA: {name}")
    return fitting[0]


def peeled(repository: Repository, sha: str) -> str:
    """The commit behind an annotated tag, or the commit itself."""
    while sha in repository["tags"]:
        sha = repository["tags"][sha]["object"]
    return sha


def git_commit(repository: Repository, sha: str, root: str) -> dict[str, Any]:
    """A commit as the git data API shows it."""
    one = repository["commits"][sha]
    who = {**one["author"], "date": stamp(one["at"])}
    reason = {"verified": False, "reason": "unsigned", "signature": None, "payload": None, "verified_at": None}
    return {
        "sha": sha,
        "node_id": f"C_{sha[:16]}",
        "url": f"{root}/git/commits/{sha}",
        "html_url": f"{page_of(root)}/commit/{sha}",
        "author": who,
        "committer": who,
        "message": one["message"],
        "tree": {"sha": one["tree"], "url": f"{root}/git/trees/{one['tree']}"},
        "parents": [_parent(root, p, "git/commits") for p in one["parents"]],
        "verification": reason,
    }


def rest_commit(repository: Repository, sha: str, root: str) -> dict[str, Any]:
    """A commit as the repositories' API shows it."""
    inner = git_commit(repository, sha, root)
    return {
        "sha": sha,
        "node_id": inner["node_id"],
        "url": f"{root}/commits/{sha}",
        "html_url": inner["html_url"],
        "commit": {**{name: inner[name] for name in TOLD}, "comment_count": 0},
        "comments_url": f"{root}/commits/{sha}/comments",
        "author": None,
        "committer": None,
        "parents": [_parent(root, p, "commits") for p in repository["commits"][sha]["parents"]],
    }


def _parent(root: str, sha: str, path: str) -> dict[str, str]:
    return {"sha": sha, "url": f"{root}/{path}/{sha}", "html_url": f"{page_of(root)}/commit/{sha}"}
