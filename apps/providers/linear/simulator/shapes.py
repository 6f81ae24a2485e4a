"""What the simulator keeps, as GraphQL objects: fields that take arguments or lead elsewhere are callables."""

from collections.abc import Callable, Mapping
from typing import Any

from ...simulation.world import World
from .access import Workspace, problem
from .beginning import iso
from .promised import promised

Arguments = dict[str, Any]
Made = dict[str, Any]
FIRST = 50
UNSHARED = {"viewerHasOnlySharedAccess": False, "disallowedIssueFields": []}


def issue(world: World, space: Workspace, one: Made) -> Made:
    """An issue with its state, team, comments and links."""
    key = f"{space['team']['key']}-{one['number']}"
    times = {"createdAt": iso(one["at"]), "updatedAt": iso(one["changed"])}
    empty = {"labelIds": one["labels"], "previousIdentifiers": [], "reactions": [], "reactionData": []}
    numbers = {"number": one["number"], "priority": one["priority"], "boardOrder": 0, "sortOrder": 0}
    names = ("No priority", "Urgent", "High", "Medium", "Low")
    return {
        **promised("Issue"),
        "id": one["id"],
        "identifier": key,
        "title": one["title"],
        "description": one["description"],
        "url": f"{space['url']}/issue/{key}",
        "branchName": f"portal/{key.lower()}",
        "priorityLabel": names[one["priority"]],
        "prioritySortOrder": 0,
        "customerTicketCount": 0,
        "inheritsSharedAccess": False,
        "sharedAccess": {"isShared": False, "sharedWithCount": 0, "sharedWithUsers": [], **UNSHARED},
        "archivedAt": iso(one["archived"]) if one["archived"] else None,
        **times,
        **empty,
        **numbers,
        "state": state(world, space, space["states"][one["state"]]),
        "team": lambda _: team(world, space),
        "creator": lambda _: user(world, space, space["users"][0]),
        "assignee": lambda _: _assignee(world, space, one),
        "labels": lambda given: connection(
            [label(world, space, each) for each in space["labels"] if each["id"] in one["labels"]], given
        ),
        "comments": lambda given: connection([comment(world, space, c) for c in _of(space, "comments", one)], given),
        "attachments": lambda given: connection(
            [attachment(world, space, a) for a in _of(space, "attachments", one)], given
        ),
    }


def comment(world: World, space: Workspace, one: Made) -> Made:
    """A comment."""
    times = {"createdAt": iso(one["at"]), "updatedAt": iso(one["at"])}
    url = f"{space['url']}/issue/{space['team']['key']}#comment-{one['id'][:8]}"
    about = {**promised("Comment"), "id": one["id"], "body": one["body"], "url": url, "issueId": one["issue"]}
    parent = space["issues"][one["issue"]]
    more: Made = {"reactions": [], "reactionData": [], "quotedText": None, "archivedAt": None}
    return {**about, **times, **more, "issue": lambda _: issue(world, space, parent)}


def attachment(world: World, space: Workspace, one: Made) -> Made:
    """A link."""
    times = {"createdAt": iso(one["at"]), "updatedAt": iso(one["at"])}
    about = {"__typename": "Attachment", "id": one["id"], "title": one["title"], "url": one["url"]}
    more = {"subtitle": one["subtitle"], "metadata": one["metadata"], "groupBySource": False, "archivedAt": None}
    return {**about, **times, **more, "issue": lambda _: issue(world, space, space["issues"][one["issue"]])}


def state(world: World, space: Workspace, one: Made) -> Made:
    """A status of the team."""
    times = {"createdAt": iso(space["at"]), "updatedAt": iso(space["at"])}
    about = {**promised("WorkflowState"), "color": "#95a2b3", "archivedAt": None, "description": None}
    return {**one, **about, **times, "team": lambda _: team(world, space)}


def team(world: World, space: Workspace) -> Made:
    """The one team of the workspace."""
    one = space["team"]
    times = {"createdAt": iso(space["at"]), "updatedAt": iso(space["at"])}
    states = [state(world, space, each) for each in space["states"].values()]
    return {
        **promised("Team"),
        **one,
        **times,
        "displayName": one["name"],
        "archivedAt": None,
        "timezone": "UTC",
        "states": lambda given: connection(_filtered(states, given), given),
        "issues": lambda given: connection(_filtered(issues(world, space), given), given),
        "organization": lambda _: organization(world, space),
    }


def user(world: World, space: Workspace, one: Made) -> Made:
    """A person."""
    times = {"createdAt": iso(space["at"]), "updatedAt": iso(space["at"])}
    flags = {"active": True, "guest": False, "isMe": one is space["users"][0], "app": False, "owner": False}
    about = {**promised("User"), "displayName": one["name"], "url": space["url"], "archivedAt": None}
    return {**one, **about, **times, **flags, "organization": lambda _: organization(world, space)}


def label(world: World, space: Workspace, one: Made) -> Made:
    """A label of the workspace."""
    times = {"createdAt": iso(space["at"]), "updatedAt": iso(space["at"]), "archivedAt": None}
    return {**promised("IssueLabel"), **one, **times, "organization": lambda _: organization(world, space)}


def organization(world: World, space: Workspace) -> Made:
    """The workspace."""
    limited = world.settings("linear")["issue_limit"] is not None
    times = {"createdAt": iso(space["at"]), "updatedAt": iso(space["at"])}
    paid = {"id": space["id"], "type": "standard", "seats": 12, **times}
    about = {**promised("Organization"), "id": space["id"], "name": space["name"], "urlKey": space["slug"]}
    more = {"createdIssueCount": len(space["issues"]), "subscription": None if limited else paid}
    lists: Made = {
        "projectStatuses": [],
        "allowedAuthServices": [],
        "previousUrlKeys": [],
        "customersConfiguration": {},
    }
    flags = {"userCount": 2, "roadmapEnabled": False, "samlEnabled": False, "scimEnabled": False}
    return {**about, **times, **more, **lists, **flags, "archivedAt": None}


def issues(world: World, space: Workspace) -> list[Made]:
    """Every issue, newest first."""
    return [issue(world, space, one) for one in reversed(space["issues"].values())]


def find_issue(world: World, space: Workspace, name: str) -> Made:
    """An issue as kept, by id or identifier; raises a problem, or None where the habit says so."""
    for one in space["issues"].values():
        if name.lower() in (one["id"], f"{space['team']['key']}-{one['number']}".lower()):
            found: Made = one
            return found
    raise missing("Issue")


def missing(kind: str) -> Exception:
    """The problem of something that is not there."""
    return problem("invalid input", f"Entity not found: {kind}", f"Could not find referenced {kind}.")


def connection(nodes: list[Made], given: Arguments) -> Made:
    """One page of a list, as Relay has it: `first` and `after`."""
    ids = [node["id"] for node in nodes]
    begin = ids.index(given["after"]) + 1 if given.get("after") in ids else 0
    size = int(given.get("first") or FIRST)
    shown = nodes[begin : begin + size]
    more = begin + size < len(nodes)
    ends = {"startCursor": shown[0]["id"] if shown else None, "endCursor": shown[-1]["id"] if shown else None}
    info = {"__typename": "PageInfo", "hasNextPage": more, "hasPreviousPage": begin > 0, **ends}
    edges = [{"node": node, "cursor": node["id"]} for node in shown]
    return {"nodes": shown, "edges": edges, "pageInfo": info}


def fits(value: Any, wanted: Mapping[str, Any]) -> bool:
    """Whether something is as a filter says; comparators it does not know let everything through."""
    compare: dict[str, Callable[[Any, Any], bool]] = {
        "eq": lambda mine, theirs: mine == theirs,
        "neq": lambda mine, theirs: mine != theirs,
        "in": lambda mine, theirs: mine in theirs,
        "contains": lambda mine, theirs: str(theirs) in str(mine),
        "containsIgnoreCase": lambda mine, theirs: str(theirs).lower() in str(mine).lower(),
        "eqIgnoreCase": lambda mine, theirs: str(theirs).lower() == str(mine).lower(),
    }
    for name, inner in wanted.items():
        if name in ("and", "or"):
            parts = [fits(value, one) for one in inner]
            if not (all(parts) if name == "and" else any(parts)):
                return False
        elif name in compare:
            if not compare[name](value, inner):
                return False
        else:
            found = value.get(name) if isinstance(value, Mapping) else None
            if not fits(found({}) if callable(found) else found, inner):
                return False
    return True


def _filtered(nodes: list[Made], given: Arguments) -> list[Made]:
    return [node for node in nodes if fits(node, given.get("filter") or {})]


def _of(space: Workspace, kind: str, one: Made) -> list[Made]:
    return [each for each in space[kind].values() if each["issue"] == one["id"]]


def _assignee(world: World, space: Workspace, one: Made) -> Made | None:
    found = next((each for each in space["users"] if each["id"] == one["assignee"]), None)
    return user(world, space, found) if found else None
