"""Read from GitHub where branches, tags and commits are, and how two commits stand to each other."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from apps.providers.base import Access, ProviderError
from apps.providers.calling import Denied
from apps.providers.declaring import moment
from apps.providers.endings import dig
from apps.providers.github.wire import ask, ask_if_there, name_problem, sha_problem, text_of

LONGEST_TAG_CHAIN = 5


@dataclass(frozen=True)
class Distance:
    """How a branch stands to a commit: `ahead` commits come after it, `behind` commits of it are not on the branch."""

    status: str
    ahead: int
    behind: int
    first_at: datetime | None  # when the oldest commit after it was made


def production_branch(access: Access) -> str:
    """Return the connection's branch, or the repository's default one. Raises ProviderError."""
    if branch := access.settings.get("branch", "").strip():
        return named(branch)
    return text_of(ask(access, "", what="The repository"), "default_branch", what="a repository")


def named(name: str) -> str:
    """Return a branch's or tag's name that can be one. Raises ProviderError."""
    if problem := name_problem(name):
        raise Denied(problem)
    return name


def head(access: Access, branch: str) -> str:
    """Return the commit that a branch points to, empty where there is no such branch. Raises ProviderError."""
    body = ask_if_there(access, f"/git/ref/heads/{quote(named(branch))}", what=f"The branch {branch}")
    if body is None:
        return ""
    if dig(body, "ref") not in (f"refs/heads/{branch}", None):
        raise ProviderError(f"GitHub answered with another branch when asked for {branch}.")
    return text_of(body, "object", "sha", what="a branch")


def commit_of(access: Access, source: str) -> str:
    """Return the commit that a tag, or a SHA of 7 digits and more, stands for. Raises ProviderError.

    An annotated tag is an object of its own that points to the commit.
    """
    body = ask_if_there(access, f"/git/ref/tags/{quote(named(source))}", what=f"The tag {source}")
    if body is None:
        return commit(access, source)
    kind, sha = text_of(body, "object", "type", what="a tag"), text_of(body, "object", "sha", what="a tag")
    for _ in range(LONGEST_TAG_CHAIN):
        if kind == "commit":
            return sha
        body = ask(access, f"/git/tags/{sha}", what=f"The tag {source}")
        kind, sha = text_of(body, "object", "type", what="a tag"), text_of(body, "object", "sha", what="a tag")
    raise Denied(f"The tag {source} does not lead to a commit.")


def commit(access: Access, source: str) -> str:
    """Return the whole SHA of a commit. Raises Denied where there is none."""
    if sha_problem(source):
        raise Denied(f"GitHub has no tag {source}, and it is no commit's SHA.")
    answer = ask_commit(access, source)
    if answer is None:
        raise Denied(f"GitHub has neither a tag nor a commit {source} in this repository.")
    return text_of(answer, "sha", what="a commit")


def ask_commit(access: Access, source: str) -> Any:
    """Return a commit as GitHub describes it, or None; 422 is its word for a SHA that it does not have."""
    try:
        return ask_if_there(access, f"/commits/{quote(source)}", what=f"The commit {source}")
    except Denied as error:
        if "answered 422" in str(error):
            return None
        raise


def tree_of(access: Access, sha: str) -> str:
    """Return the tree (the state of all files) of a commit. Raises ProviderError."""
    body = ask(access, f"/git/commits/{sha}", what=f"The commit {sha[:7]}")
    return text_of(body, "tree", "sha", what="a commit")


def distance(access: Access, base: str, tip: str) -> Distance:
    """Return how the commit `tip` stands to the commit `base`. Raises ProviderError."""
    if base == tip:
        return Distance("identical", 0, 0, None)
    body = ask(access, f"/compare/{base}...{tip}", {"per_page": 1}, "The comparison of two commits")
    status = text_of(body, "status", what="a comparison")
    ahead, behind = dig(body, "ahead_by"), dig(body, "behind_by")
    if not isinstance(ahead, int) or not isinstance(behind, int):
        raise ProviderError("GitHub does not say how many commits lie between the two.")
    first = dig(body, "commits", 0, "commit", "committer", "date")
    return Distance(status, ahead, behind, moment(first) if isinstance(first, str) else None)


def made_at(access: Access, sha: str) -> datetime | None:
    """Return when a commit was made. Raises ProviderError."""
    text = dig(ask(access, f"/git/commits/{sha}", what=f"The commit {sha[:7]}"), "committer", "date")
    return moment(text) if isinstance(text, str) else None
