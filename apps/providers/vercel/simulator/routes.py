"""Routing rules of a project: every change makes a draft, and a draft goes live when it is published."""

from typing import Any

from ...simulation.messages import Request, Response, answer
from ...simulation.routing import Routes
from ...simulation.world import World
from .access import Refused, project_of

ROUTES = Routes()
MOST_RULES = 1000
Record = dict[str, Any]


@ROUTES.add("GET", "/projects/{project}/routes")
def index(world: World, request: Request, project: str) -> Response:
    """The rules of the version asked for, else of the draft, else of what is live."""
    record = project_of(world, request, project)
    version = _version(record, request.first("versionId")) if request.first("versionId") else _newest(record)
    rules = version["rules"] if version else []
    limit = {"maxRoutes": MOST_RULES, "currentRoutes": len(rules)}
    return answer(200, {"routes": rules, "version": _shown(version) if version else None, "limit": limit})


@ROUTES.add("GET", "/projects/{project}/routes/versions")
def versions(world: World, request: Request, project: str) -> Response:
    """Every version, the newest first."""
    record = project_of(world, request, project)
    return answer(200, {"versions": [_shown(version) for version in reversed(record["routes"])]})


@ROUTES.add("POST", "/projects/{project}/routes/versions")
def decide(world: World, request: Request, project: str) -> Response:
    """Publishes the draft, discards it, or brings an earlier version back."""
    record, body = project_of(world, request, project), request.object()
    version, action = _version(record, str(body.get("id", ""))), body.get("action")
    if action not in ("promote", "restore", "discard"):
        raise Refused(400, "bad_request", "Invalid request: `action` should be promote, restore or discard.")
    if (action == "restore") is version["isStaging"]:
        raise Refused(400, "bad_request", f"The version cannot be {action}d: it is {_kind(version)}.")
    if action == "discard":
        record["routes"].remove(version)
    else:
        publish(world, record, version)
    request.effect(f"{action}_routes", project=record["id"], version=version["id"])
    return answer(200, {"version": _shown(version)})


@ROUTES.add("POST", "/projects/{project}/routes")
def add(world: World, request: Request, project: str) -> Response:
    """Adds a rule to the draft, at its start or its end."""
    record, body = project_of(world, request, project), request.object()
    rule = made(world, record, body.get("route") or {})
    at_start = (body.get("position") or {}).get("placement") == "start"
    rules = [rule, *newest(record)] if at_start else [*newest(record), rule]
    version = stage(world, record, rules)
    request.effect("stage_route", project=record["id"], rule=rule["name"])
    return answer(200, {"route": rule, "version": _shown(version)})


@ROUTES.add("PATCH", "/projects/{project}/routes/{name}")
def edit(world: World, request: Request, project: str, name: str) -> Response:
    """Replaces a rule in the draft."""
    record, body = project_of(world, request, project), request.object()
    _known(record, [name])
    rule = {**made(world, record, body.get("route") or {}), "id": name}
    version = stage(world, record, [rule if old["id"] == name else old for old in newest(record)])
    request.effect("stage_route", project=record["id"], rule=rule["name"])
    return answer(200, {"route": rule, "version": _shown(version)})


@ROUTES.add("DELETE", "/projects/{project}/routes")
def delete(world: World, request: Request, project: str) -> Response:
    """Takes rules out of the draft."""
    record = project_of(world, request, project)
    gone = [str(name) for name in request.object().get("routeIds") or []]
    _known(record, gone)
    version = stage(world, record, [old for old in newest(record) if old["id"] not in gone])
    request.effect("stage_route", project=record["id"], removed=gone)
    return answer(200, {"deletedCount": len(gone), "version": _shown(version)})


def newest(project: Record) -> list[Record]:
    """The rules of the draft, else those that are live."""
    version = _newest(project)
    return list(version["rules"]) if version else []


def made(world: World, project: Record, given: Record) -> Record:
    """A rule out of what was sent; raises `Refused` for one without a name or a source."""
    route = given.get("route") or {}
    if not given.get("name") or not route.get("src"):
        raise Refused(400, "bad_request", "Invalid request: `route` needs a `name` and a `src`.")
    status = route.get("status")
    kind = "redirect" if status and 300 <= status < 400 else "set_status" if status else "rewrite"
    return {
        "id": f"route_{world.now_ms()}{sum(len(version['rules']) for version in project['routes'])}",
        "name": given["name"],
        "description": given.get("description", ""),
        "enabled": given.get("enabled", True),
        "staged": True,
        "route": route,
        "rawSrc": route["src"],
        "rawDest": route.get("dest"),
        "srcSyntax": given.get("srcSyntax", "regex"),
        "routeType": kind,
    }


def stage(world: World, project: Record, rules: list[Record]) -> Record:
    """Puts rules into the draft, a new one where there is none; returns the draft."""
    draft: Record | None = next((version for version in project["routes"] if version["isStaging"]), None)
    if draft is None:
        draft = {"id": f"rv_{project['id']}{len(project['routes']) + 1}", "isStaging": True, "isLive": False}
        project["routes"].append(draft)
    draft.update(rules=rules, lastModified=world.now_ms())
    return draft


def publish(world: World, project: Record, version: Record) -> None:
    """Makes a version the one that visitors get."""
    for other in project["routes"]:
        other["isLive"] = False
    rules = [{**rule, "staged": False} for rule in version["rules"]]
    version.update(isStaging=False, isLive=True, rules=rules, lastModified=world.now_ms())


def _newest(project: Record) -> Record | None:
    marks = ("isStaging", "isLive")
    return next((version for mark in marks for version in project["routes"] if version[mark]), None)


def _version(project: Record, name: str) -> Record:
    for version in project["routes"]:
        if version["id"] == name:
            found: Record = version
            return found
    raise Refused(404, "not_found", "The version was not found.")


def _known(project: Record, names: list[str]) -> None:
    there = {rule["id"] for rule in newest(project)}
    if missing := [name for name in names if name not in there]:
        raise Refused(404, "not_found", f"The route {missing[0]} was not found.")


def _kind(version: Record) -> str:
    return "a draft" if version["isStaging"] else "published"


def _shown(version: Record) -> Record:
    return {
        "id": version["id"],
        "s3Key": f"routes/{version['id']}.json",
        "lastModified": version["lastModified"],
        "createdBy": "user_simulated",
        "isStaging": version["isStaging"],
        "isLive": version["isLive"],
        "ruleCount": len(version["rules"]),
    }
