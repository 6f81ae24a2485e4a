"""People and repositories as GitHub shows them wherever they are mentioned: whole, for clients that insist on it."""

from typing import Any

from .access import Repository, stamp

OF_PERSON = (
    "followers", "following{/other_user}", "gists{/gist_id}", "starred{/owner}{/repo}", "subscriptions", "orgs",
    "repos", "events{/privacy}", "received_events",
)  # fmt: skip
CALLED = {"orgs": "organizations"}
OF_REPOSITORY = {
    "archive": "{archive_format}{/ref}", "assignees": "assignees{/user}", "blobs": "git/blobs{/sha}",
    "branches": "branches{/branch}", "collaborators": "collaborators{/collaborator}",
    "comments": "comments{/number}", "commits": "commits{/sha}", "compare": "compare/{base}...{head}",
    "contents": "contents/{+path}", "contributors": "contributors", "deployments": "deployments",
    "downloads": "downloads", "events": "events", "forks": "forks", "git_commits": "git/commits{/sha}",
    "git_refs": "git/refs{/sha}", "git_tags": "git/tags{/sha}", "hooks": "hooks",
    "issue_comment": "issues/comments{/number}", "issue_events": "issues/events{/number}",
    "issues": "issues{/number}", "keys": "keys{/key_id}", "labels": "labels{/name}", "languages": "languages",
    "merges": "merges", "milestones": "milestones{/number}",
    "notifications": "notifications{?since,all,participating}", "pulls": "pulls{/number}",
    "releases": "releases{/id}", "stargazers": "stargazers", "statuses": "statuses/{sha}",
    "subscribers": "subscribers", "subscription": "subscription", "tags": "tags", "teams": "teams",
    "trees": "git/trees{/sha}",
}  # fmt: skip
COUNTS = ("forks", "forks_count", "open_issues", "open_issues_count", "size", "stargazers_count", "watchers")
MORE_COUNTS = ("watchers_count", "network_count", "subscribers_count")
BOT = "rollback-portal"


def root_of(address: str, repository: Repository) -> str:
    """The address under which everything of a repository is."""
    return f"{address}/repos/{repository['full_name']}"


def page_of(root: str) -> str:
    """The page for people that belongs to an address of the API."""
    return root.replace("/repos/", "/", 1)


def person(address: str, login: str = BOT, number: int = 1, kind: str = "User") -> dict[str, Any]:
    """A person, an organisation or an app."""
    url = f"{address}/users/{login}"
    links = {}
    for path in OF_PERSON:
        name = path.partition("{")[0]
        links[f"{CALLED.get(name, name)}_url"] = f"{url}/{path}"
    about = {"login": login, "id": number, "node_id": f"U_{number}", "type": kind, "site_admin": False}
    return {
        **about,
        "avatar_url": f"{url}.png",
        "gravatar_id": "",
        "url": url,
        "html_url": f"{address}/{login}",
        **links,
    }


def account(address: str) -> dict[str, Any]:
    """The person behind a token, as they see themselves."""
    nothing = dict.fromkeys(("name", "company", "location", "email", "hireable", "bio"))
    counts = ("public_repos", "public_gists", "followers", "following", "private_gists", "total_private_repos")
    more = ("owned_private_repos", "disk_usage", "collaborators")
    numbers = dict.fromkeys((*counts, *more), 0)
    times = {"created_at": stamp(0), "updated_at": stamp(0)}
    return {**person(address), **nothing, "blog": "", **numbers, **times, "two_factor_authentication": True}


def repository_whole(repository: Repository, address: str, *, may: dict[str, bool] | None = None) -> dict[str, Any]:
    """A repository with every field that is promised; `may` are the rights of who asks."""
    root = root_of(address, repository)
    login, page = repository["full_name"].split("/")[0], page_of(root)
    flags = ("fork", "disabled", "has_pages", "has_discussions", "is_template", "web_commit_signoff_required")
    rights = may or {"admin": True, "push": True, "pull": True}
    return {
        "id": repository["id"],
        "node_id": f"R_{repository['id']}",
        "name": repository["name"],
        "full_name": repository["full_name"],
        "private": repository["private"],
        "visibility": "private" if repository["private"] else "public",
        "archived": repository["archived"],
        "default_branch": repository["default_branch"],
        "owner": person(address, login, repository["id"] + 1, "Organization"),
        "permissions": {**rights, "maintain": rights["admin"], "triage": rights["push"]},
        "url": root,
        "html_url": page,
        "git_url": f"{page}.git".replace("http", "git", 1),
        "ssh_url": f"git@github.example:{repository['full_name']}.git",
        "clone_url": f"{page}.git",
        "svn_url": page,
        **dict.fromkeys(("description", "homepage", "language", "license", "mirror_url")),
        **dict.fromkeys(flags, False),
        **dict.fromkeys(("has_issues", "has_projects", "has_wiki", "has_downloads"), True),
        **dict.fromkeys(("allow_merge_commit", "allow_squash_merge", "allow_rebase_merge"), True),
        **dict.fromkeys((*COUNTS, *MORE_COUNTS), 0),
        **{f"{name}_url": f"{root}/{path}" for name, path in OF_REPOSITORY.items()},
        **{f"{name}_at": stamp(0) for name in ("created", "updated", "pushed")},
    }
