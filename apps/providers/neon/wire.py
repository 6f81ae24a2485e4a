"""How Neon's API is spoken: projects, branches and operations below /api/v2. Source: its OpenAPI description, v2."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from apps.providers.base import Access, ProviderError
from apps.providers.calling import Api, Query, credential, segment
from apps.providers.declaring import moment
from apps.providers.endings import dig

LONGEST_ID = 60
PAGE = 100
MOST_PAGES = 50
RUNNING = frozenset({"scheduling", "running", "error", "cancelling"})  # “error” is an attempt that Neon makes again
FAILED = "failed"

API = Api(
    "Neon",
    "https://console.neon.tech",
    lambda access: {"Authorization": f"Bearer {credential(access, 'api_key', 'Neon')}"},
)
Record = dict[str, Any]


def project_path(access: Access) -> str:
    """Return the path of the connection's project. Raises ProviderError."""
    return f"/api/v2/projects/{segment(access.settings.get('project_id'), 'a project id', LONGEST_ID)}"


def branch_path(access: Access, branch: Record) -> str:
    """Return the path of one branch. Raises ProviderError."""
    return f"{project_path(access)}/branches/{segment(branch['id'], 'a branch id', LONGEST_ID)}"


def project(access: Access) -> Record:
    """Return the connection's project. Raises ProviderError."""
    return _record(get(access, project_path(access), "The project"), "project")


def branches(access: Access) -> list[Record]:
    """Return every branch of the project, page by page. Raises ProviderError."""
    path, found, cursor = f"{project_path(access)}/branches", list[Record](), ""
    for _ in range(MOST_PAGES):
        body = get(access, path, "The list of branches", {"limit": PAGE, "cursor": cursor})
        page = dig(body, "branches")
        if not isinstance(page, list) or not all(dig(one, "id") and dig(one, "name") for one in page):
            raise ProviderError("Neon answered with something that is not a list of branches.")
        found += page
        following = str(dig(body, "pagination", "next") or "")
        if not page or following in ("", cursor):
            return found
        cursor = following
    raise ProviderError(f"The project has more than {MOST_PAGES * PAGE} branches; the rest was not read.")


def snapshots(access: Access) -> list[Record]:
    """Return every snapshot of the project. Raises ProviderError."""
    found = dig(get(access, f"{project_path(access)}/snapshots", "The list of snapshots"), "snapshots")
    if not isinstance(found, list):
        raise ProviderError("Neon answered with something that is not a list of snapshots.")
    return found


def operations(access: Access, since: datetime | None) -> list[Record]:
    """Return the project's operations made at `since` or later, one page where it is None. Raises ProviderError."""
    path, found, cursor = f"{project_path(access)}/operations", list[Record](), ""
    for _ in range(MOST_PAGES):
        body = get(access, path, "The list of operations", {"limit": PAGE, "cursor": cursor})
        page = dig(body, "operations")
        if not isinstance(page, list):
            raise ProviderError("Neon answered with something that is not a list of operations.")
        fresh = [one for one in page if since is None or (at(dig(one, "created_at")) or since) >= since]
        found += fresh
        following = str(dig(body, "pagination", "cursor") or "")
        reached = len(fresh) < len(page) and _newest_first(page)
        if since is None or reached or not page or following in ("", cursor):
            break
        cursor = following
    return found


def get(access: Access, path: str, what: str, query: Query | None = None) -> Any:
    """Return the parsed answer to a read. Raises ProviderError; `what` begins its sentence."""
    answer = API.read(access, path, query)
    if not answer.ok:
        raise API.unreadable(access, answer, what)
    return answer.json()


def target(access: Access, listed: list[Record]) -> Record:
    """Return the branch that the connection is about: the one in its settings, or the default one."""
    wanted = access.settings.get("branch_id", "").strip()
    for branch in listed:
        if wanted in (branch["id"], branch["name"]) if wanted else dig(branch, "default") or dig(branch, "primary"):
            return branch
    named = f"no branch “{wanted}”" if wanted else "no default branch"
    raise ProviderError(f"Neon shows {named} in this project. Correct the branch in the connection.")


def named(listed: list[Record], name: str) -> Record | None:
    """Return the branch with that name or id, or None."""
    return next((one for one in listed if name in (one["name"], one["id"])), None)


def at(text: Any) -> datetime | None:
    """Return the moment that Neon writes, in UTC, or None where it wrote none."""
    found = moment(text) if isinstance(text, str) else None
    return found.astimezone(UTC) if found else None


def _newest_first(page: list[Record]) -> bool:
    """Say whether a page begins with what is newest; the order is not documented."""
    return str(dig(page, 0, "created_at")) >= str(dig(page, -1, "created_at"))


def settled(branch: Record) -> bool:
    """Say whether the branch is not being made or reset just now."""
    return dig(branch, "current_state") not in ("init", "resetting") and not dig(branch, "pending_state")


def _record(body: Any, name: str) -> Record:
    found = dig(body, name)
    if not isinstance(found, dict) or not found.get("id"):
        raise ProviderError(f"Neon answered with something that is not a {name}.")
    return found
