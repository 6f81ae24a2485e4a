"""Answers what is asked of Linear: the queries, and the table of its mutations."""

from collections.abc import Callable
from functools import partial
from typing import Any

from ...simulation.documents import Unreadable
from ...simulation.graphql import Problem, answered
from ...simulation.messages import Request, Response, answer
from ...simulation.routing import Routes
from ...simulation.world import World
from . import changing, shapes
from .access import Workspace, error, workspace_of, writing
from .shapes import Arguments, connection

ROUTES = Routes()
Change = Callable[[World, Request, Workspace, Arguments], Any]
CHANGES: dict[str, Change] = {
    "issueCreate": changing.create_issue,
    "issueUpdate": changing.update_issue,
    "issueArchive": changing.archive_issue,
    "commentCreate": changing.create_comment,
    "commentDelete": changing.delete_comment,
    "attachmentCreate": changing.create_attachment,
    "attachmentLinkURL": changing.link_url,
    "attachmentDelete": changing.delete_attachment,
}


@ROUTES.add("POST", "/graphql")
def serve(world: World, request: Request) -> Response:
    """Answers a document; errors of fields stand in it, with 200."""
    space = workspace_of(world, request)
    mutation = {name: partial(_changed, world, request, space, change) for name, change in CHANGES.items()}
    try:
        return answer(200, answered(request.object(), {"query": _queries(world, space), "mutation": mutation}))
    except Unreadable as unreadable:
        return answer(400, {"errors": [error("graphql error", str(unreadable))]})


def _changed(world: World, request: Request, space: Workspace, change: Change, given: Arguments) -> Any:
    writing(world)
    made = change(world, request, space, given)
    return {"success": True, "lastSyncId": float(len(space["issues"]) + len(space["comments"])), **made}


def _queries(world: World, space: Workspace) -> dict[str, Any]:
    every = {
        "issues": lambda: shapes.issues(world, space),
        "teams": lambda: [shapes.team(world, space)],
        "users": lambda: [shapes.user(world, space, one) for one in space["users"]],
        "workflowStates": lambda: [shapes.state(world, space, one) for one in space["states"].values()],
        "issueLabels": lambda: [shapes.label(world, space, one) for one in space["labels"]],
        "comments": lambda: [shapes.comment(world, space, one) for one in space["comments"].values()],
        "attachments": lambda: [shapes.attachment(world, space, one) for one in space["attachments"].values()],
    }
    lists = {name: partial(_list, nodes) for name, nodes in every.items()}
    links = lambda given: [one for one in every["attachments"]() if one["url"] == given["url"]]  # noqa: E731
    single = {
        "issue": lambda given: shapes.issue(world, space, shapes.find_issue(world, space, str(given["id"]))),
        "comment": lambda given: shapes.comment(world, space, _kept(space, "comments", given)),
        "attachment": lambda given: shapes.attachment(world, space, _kept(space, "attachments", given)),
        "workflowState": lambda given: shapes.state(world, space, _kept(space, "states", given)),
        "team": lambda given: _team(world, space, str(given["id"])),
        "user": lambda given: _user(world, space, str(given["id"])),
    }
    return {
        **lists,
        **{name: partial(_softly, world, find) for name, find in single.items()},
        "attachmentsForURL": lambda given: connection(links(given), given),
        "viewer": lambda _: shapes.user(world, space, space["users"][0]),
        "organization": lambda _: shapes.organization(world, space),
    }


def _list(nodes: Callable[[], list[Any]], given: Arguments) -> Any:
    fitting = [one for one in nodes() if shapes.fits(one, given.get("filter") or {})]
    return connection([one for one in fitting if given.get("includeArchived") or not one.get("archivedAt")], given)


def _softly(world: World, find: Callable[[Arguments], Any], given: Arguments) -> Any:
    """What is there; what is not is an error or null, as the habit says."""
    try:
        return find(given)
    except Problem:
        if world.settings("linear")["missing"] == "null":
            return None
        raise


def _kept(space: Workspace, kind: str, given: Arguments) -> Any:
    found = space[kind].get(str(given["id"]))
    if found is None:
        raise shapes.missing(kind.removesuffix("s").capitalize())
    return found


def _team(world: World, space: Workspace, name: str) -> Any:
    if name not in (space["team"]["id"], space["team"]["key"]):
        raise shapes.missing("Team")
    return shapes.team(world, space)


def _user(world: World, space: Workspace, name: str) -> Any:
    found = next((one for one in space["users"] if one["id"] == name), None)
    if found is None:
        raise shapes.missing("User")
    return shapes.user(world, space, found)
