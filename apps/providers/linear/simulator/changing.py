"""What mutations do. An id that the client chose is taken once; the same again is an error about the input."""

import re
import uuid
from typing import Any

from ...simulation.messages import Request
from ...simulation.world import World
from . import shapes
from .access import Workspace, problem
from .shapes import Arguments

UUID4 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\Z")


def create_issue(world: World, request: Request, space: Workspace, given: Arguments) -> Any:
    """Makes an issue in the team."""
    wanted, limit = given["input"], world.settings("linear")["issue_limit"]
    if wanted.get("teamId") != space["team"]["id"]:
        raise shapes.missing("Team")
    if not wanted.get("title"):
        raise problem("invalid input", "Argument Validation Error", "title must not be empty")
    if limit is not None and len(space["issues"]) >= limit:
        raise problem("usage limit exceeded", "usage limit exceeded", "You've reached the issue limit of your plan.")
    state = _known(space, "states", wanted.get("stateId") or next(iter(space["states"])))
    made = {
        "id": _new_id(space, "issues", wanted),
        "number": max([one["number"] for one in space["issues"].values()], default=0) + 1,
        "title": str(wanted["title"]),
        "description": wanted.get("description"),
        "priority": int(wanted.get("priority") or 0),
        "labels": list(wanted.get("labelIds") or []),
        "assignee": wanted.get("assigneeId"),
        "state": state["id"],
        "at": world.now(),
        "changed": world.now(),
        "archived": None,
    }
    space["issues"][made["id"]] = made
    request.effect("issue", id=made["id"], number=made["number"])
    return {"issue": shapes.issue(world, space, made)}


def update_issue(world: World, request: Request, space: Workspace, given: Arguments) -> Any:
    """Changes an issue; the same state again changes nothing."""
    one, wanted = shapes.find_issue(world, space, str(given["id"])), given["input"]
    if "stateId" in wanted:
        one["state"] = _known(space, "states", wanted["stateId"])["id"]
    names = {"title": "title", "description": "description", "priority": "priority", "assigneeId": "assignee"}
    one.update({kept: wanted[name] for name, kept in names.items() if name in wanted}, changed=world.now())
    request.effect("update", id=one["id"], state=space["states"][one["state"]]["name"])
    return {"issue": shapes.issue(world, space, one)}


def archive_issue(world: World, request: Request, space: Workspace, given: Arguments) -> Any:
    """Archives an issue."""
    one = shapes.find_issue(world, space, str(given["id"]))
    one["archived"] = world.now()
    request.effect("archive", id=one["id"])
    return {"entity": shapes.issue(world, space, one)}


def create_comment(world: World, request: Request, space: Workspace, given: Arguments) -> Any:
    """Comments on an issue."""
    wanted = given["input"]
    one = shapes.find_issue(world, space, str(wanted.get("issueId")))
    if not wanted.get("body"):
        raise problem("invalid input", "Argument Validation Error", "body must not be empty")
    made = {"id": _new_id(space, "comments", wanted), "issue": one["id"], "body": wanted["body"], "at": world.now()}
    space["comments"][made["id"]] = made
    request.effect("comment", id=made["id"], issue=one["id"])
    return {"comment": shapes.comment(world, space, made)}


def delete_comment(world: World, request: Request, space: Workspace, given: Arguments) -> Any:
    """Takes a comment away."""
    if space["comments"].pop(str(given["id"]), None) is None:
        raise shapes.missing("Comment")
    request.effect("delete_comment", id=given["id"])
    return {"entityId": given["id"]}


def create_attachment(world: World, request: Request, space: Workspace, given: Arguments) -> Any:
    """Links an issue to an address, or changes the link that is there."""
    wanted = given["input"]
    one = shapes.find_issue(world, space, str(wanted.get("issueId")))
    if not str(wanted.get("url") or "").startswith(("https://", "http://")):
        raise problem("invalid input", "Argument Validation Error", "url must be a URL address")
    same = (
        each for each in space["attachments"].values() if (each["issue"], each["url"]) == (one["id"], wanted["url"])
    )
    made = next(same, None)
    if made is not None and not world.settings("linear")["upserts_links"]:
        raise problem("invalid input", "Attachment already exists", "This link has been added already.")
    if made is None:
        made = {
            "id": _new_id(space, "attachments", wanted),
            "issue": one["id"],
            "url": wanted["url"],
            "at": world.now(),
        }
        space["attachments"][made["id"]] = made
    words = {"title": wanted.get("title"), "subtitle": wanted.get("subtitle"), "metadata": wanted.get("metadata") or {}}
    made.update(words)
    request.effect("attachment", id=made["id"], issue=one["id"], url=made["url"])
    return {"attachment": shapes.attachment(world, space, made)}


def link_url(world: World, request: Request, space: Workspace, given: Arguments) -> Any:
    """The shorter way to link an issue to an address."""
    wanted = {"title": given.get("title") or given["url"], **given}
    return create_attachment(world, request, space, {"input": wanted})


def delete_attachment(world: World, request: Request, space: Workspace, given: Arguments) -> Any:
    """Takes a link away."""
    if space["attachments"].pop(str(given["id"]), None) is None:
        raise shapes.missing("Attachment")
    request.effect("delete_attachment", id=given["id"])
    return {"entityId": given["id"]}


def _new_id(space: Workspace, kind: str, wanted: Arguments) -> str:
    id_ = str(wanted.get("id") or uuid.uuid4()).lower()
    if not UUID4.match(id_):
        raise problem("invalid input", "Argument Validation Error", "id must be a UUID")
    if id_ in space[kind]:
        raise problem("invalid input", f"Duplicate entry: {id_}", "This id is taken already.")
    return id_


def _known(space: Workspace, kind: str, id_: Any) -> Any:
    if id_ not in space[kind]:
        raise shapes.missing(kind.removesuffix("s").capitalize())
    return space[kind][id_]
