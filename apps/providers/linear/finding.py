"""Find in Linear what an action is about: the issue, the team and its statuses, and what was made by its id."""

from __future__ import annotations

import re
from typing import Any

from apps.providers.base import Access, ProviderError
from apps.providers.calling import Denied
from apps.providers.endings import dig, quoted
from apps.providers.linear.wire import NOT_FOUND, ask

ISSUE = (
    "query Issue($id: String!) { issue(id: $id) { id identifier title url archivedAt"
    " state { id name type } team { id key } } }"
)
COMMENT = "query Comment($id: String!) { comment(id: $id) { id url body } }"
LINKS = (
    "query Links($id: String!, $after: String) { issue(id: $id) { id identifier"
    " attachments(first: 50, after: $after) { nodes { id url title } pageInfo { hasNextPage endCursor } } } }"
)
TEAMS = "query Teams($key: String!) { teams(first: 2, filter: { key: { eq: $key } }) { nodes { id key name } } }"
TEAM = "query Team($id: String!) { team(id: $id) { id key name } }"
STATES = (
    "query States($id: String!, $after: String) { team(id: $id) { id key"
    " states(first: 50, after: $after) { nodes { id name type } pageInfo { hasNextPage endCursor } } } }"
)
LABELS = (
    "query Labels($name: String!) { issueLabels(first: 10, filter: { name: { eqIgnoreCase: $name } })"
    " { nodes { id name team { id } } } }"
)
USERS = "query Users($email: String!) { users(first: 2, filter: { email: { eqIgnoreCase: $email } }) { nodes { id } } }"
UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\Z")
IDENTIFIER = re.compile(r"[A-Za-z0-9]{1,12}-[1-9][0-9]{0,8}\Z")
PAGES = 10


def issue_problem(text: Any) -> str:
    """Return why a text cannot name an issue, or an empty text."""
    if UUID.match(str(text)) or IDENTIFIER.match(str(text)):
        return ""
    return f"“{quoted(text)}” cannot be a Linear issue: write its identifier, such as PP-12, or its id."


def issue(access: Access, name: str) -> Any:
    """Return an issue by identifier or id. Raises Denied where there is none."""
    found = dig(ask(access, ISSUE, {"id": name}, f"The issue {name}"), "issue")
    if found is None:
        raise Denied(f"Linear has no issue {name}, or the token may not see it.")
    if not isinstance(dig(found, "id"), str) or not isinstance(dig(found, "state", "name"), str):
        raise ProviderError("Linear answered with something that is not an issue.")
    return found


def made(access: Access, kind: str, id_: str) -> Any:
    """Return the issue or comment with the id that we gave it, or None. Raises ProviderError.

    How Linear says that there is none is not documented: as an error about the input, or as null.
    """
    query = {"issue": ISSUE, "comment": COMMENT}[kind]
    try:
        found = dig(ask(access, query, {"id": id_}, f"The {kind} that this step makes"), kind)
    except Denied as error:
        if NOT_FOUND.search(str(error)):
            return None
        raise
    if found is not None and dig(found, "id") != id_:
        raise ProviderError(f"Linear answered with another {kind} than the one that was asked for.")
    return found


def link_to(access: Access, name: str, url: str) -> Any:
    """Return the link of an issue to an address, or None. Raises ProviderError."""
    for one in _paged(access, LINKS, name, "issue", "attachments", f"The links of the issue {name}"):
        if dig(one, "url") == url:
            return one
    return None


def status_named(access: Access, team_id: str, name: str) -> Any:
    """Return the team's status with this name, or id. Raises Denied where there is none, or more than one."""
    known = _paged(access, STATES, team_id, "team", "states", "The team's statuses")
    fitting = [one for one in known if name == dig(one, "id") or name.casefold() == str(dig(one, "name")).casefold()]
    if len(fitting) != 1:
        names = ", ".join(quoted(dig(one, "name")) for one in known)
        problem = "several statuses" if fitting else "no status"
        raise Denied(f"The team has {problem} called “{quoted(name)}”. It has: {names}.")
    return fitting[0]


def team(access: Access) -> Any:
    """Return the connection's team by key or id. Raises Denied where there is none."""
    given = access.settings.get("team", "").strip()
    if UUID.match(given):
        found = dig(ask(access, TEAM, {"id": given}, "The team"), "team")
        nodes = [found] if found else []
    else:
        nodes = dig(ask(access, TEAMS, {"key": given.upper()}, f"The team {quoted(given)}"), "teams", "nodes")
        if not isinstance(nodes, list):
            raise ProviderError("Linear answered with something that is not a list of teams.")
    if not nodes or not isinstance(dig(nodes, 0, "id"), str):
        raise Denied(f"Linear has no team “{quoted(given)}”, or the token may not see it.")
    return nodes[0]


def label(access: Access, team_id: str, name: str) -> str:
    """Return the id of a label of the team or of the workspace. Raises Denied where there is none."""
    nodes = dig(ask(access, LABELS, {"name": name}, f"The label {quoted(name)}"), "issueLabels", "nodes") or []
    fitting = [one for one in nodes if dig(one, "team", "id") in (team_id, None)]
    if not fitting:
        raise Denied(f"Linear has no label “{quoted(name)}” for this team.")
    return str(dig(fitting, 0, "id"))


def user(access: Access, email: str) -> str:
    """Return the id of the person with this address. Raises Denied where there is none."""
    nodes = dig(ask(access, USERS, {"email": email}, "The person"), "users", "nodes") or []
    if not nodes:
        raise Denied(f"Nobody in Linear has the address {quoted(email)}.")
    return str(dig(nodes, 0, "id"))


def _paged(access: Access, query: str, id_: str, root: str, name: str, what: str) -> list[Any]:
    """Return all nodes of a list inside one object. Raises Denied where the object is missing."""
    found: list[Any] = []
    after = None
    for _ in range(PAGES):
        body = dig(ask(access, query, {"id": id_, "after": after}, what), root)
        if body is None:
            raise Denied(f"{what} could not be read: Linear has none, or the token may not see them.")
        nodes = dig(body, name, "nodes")
        if not isinstance(nodes, list):
            raise ProviderError(f"{what} could not be read: Linear answered with something that is not a list.")
        found += nodes
        after = dig(body, name, "pageInfo", "endCursor")
        if not dig(body, name, "pageInfo", "hasNextPage") or not after:
            break
    return found
