"""Releases and deploys."""

from typing import Any

from ...simulation.messages import Refused, Request, Response, answer, empty
from ...simulation.routing import Routes
from ...simulation.world import World
from .account import RELEASING, belongs, may, project, project_of
from .beginning import deploy, release

ROUTES = Routes()
ALL = "/api/0/organizations/{organization}/releases/"
ONE = ALL + "{version}/"
OF_PROJECT = "/api/0/projects/{organization}/{name}/releases/"


@ROUTES.add("POST", ALL, OF_PROJECT)
def create(world: World, request: Request, organization: str, name: str = "") -> Response:
    """201 for a new release, 208 for one that is there."""
    belongs(world, request, organization)
    may(world, *RELEASING)
    body = request.object()
    version, projects = body.get("version"), body.get("projects") or ([name] if name else [])
    if not isinstance(version, str) or not version or len(version) > 200 or version.strip(" .") == "":
        return answer(400, {"version": ["This field is required." if not version else "Invalid release version"]})
    if not projects or set(projects) - {project_of(organization)}:
        return answer(400, {"projects": ["Invalid project ids or slugs"]})
    known = world.state("sentry")["releases"][organization]
    there = version in known
    if not there:
        known[version] = release(version, projects[0], world.now())
        request.effect("release", version=version)
    elif body.get("ref") and body["ref"] != known[version]["ref"]:
        request.effect("release_changed", version=version)
    _put(known[version], body)
    return answer(208 if there else 201, shown(organization, known[version]))


@ROUTES.add("GET", ALL, OF_PROJECT)
def index(world: World, request: Request, organization: str, name: str = "") -> Response:
    """Releases, newest first, page by page."""
    belongs(world, request, organization)
    query = request.first("query")
    found = [one for one in world.state("sentry")["releases"][organization].values() if query in one["version"]]
    return paged(world, request, [shown(organization, one) for one in reversed(found)])


@ROUTES.add("GET", ONE, "/api/0/projects/{organization}/{name}/releases/{version}/")
def show(world: World, request: Request, organization: str, version: str, name: str = "") -> Response:
    """One release."""
    return answer(200, shown(organization, _found(world, request, organization, version)))


@ROUTES.add("PUT", ONE, "/api/0/projects/{organization}/{name}/releases/{version}/")
def change(world: World, request: Request, organization: str, version: str, name: str = "") -> Response:
    """Its date, reference or status."""
    found = _found(world, request, organization, version)
    may(world, *RELEASING)
    _put(found, request.object())
    request.effect("release_changed", version=version)
    return answer(200, shown(organization, found))


@ROUTES.add("DELETE", ONE, "/api/0/projects/{organization}/{name}/releases/{version}/")
def delete(world: World, request: Request, organization: str, version: str, name: str = "") -> Response:
    """Takes a release away."""
    _found(world, request, organization, version)
    may(world, *RELEASING)
    del world.state("sentry")["releases"][organization][version]
    request.effect("release_deleted", version=version)
    return empty(204)


@ROUTES.add("POST", ONE + "deploys/")
def add_deploy(world: World, request: Request, organization: str, version: str) -> Response:
    """A deploy more, even when one like it is there."""
    found = _found(world, request, organization, version)
    may(world, *RELEASING)
    body = request.object()
    environment = body.get("environment")
    if not isinstance(environment, str) or not 0 < len(environment) <= 64 or len(body.get("name") or "") > 64:
        return answer(400, {"environment": ["This field is required and has at most 64 characters."]})
    number = 1000 + sum(len(one["deploys"]) for one in world.state("sentry")["releases"][organization].values())
    told = {name: body[name] for name in ("name", "url", "dateStarted", "dateFinished") if body.get(name)}
    made = deploy(number, environment, world.now(), **told)
    found["deploys"].append(made)
    request.effect("deploy", version=version, environment=environment)
    return answer(201, made)


@ROUTES.add("GET", ONE + "deploys/")
def deploys(world: World, request: Request, organization: str, version: str) -> Response:
    """The deploys of a release, newest first, page by page."""
    return paged(world, request, list(reversed(_found(world, request, organization, version)["deploys"])))


def shown(organization: str, one: dict[str, Any]) -> dict[str, Any]:
    """A release as Sentry words it."""
    newest = one["deploys"][-1] if one["deploys"] else None
    return {
        **{name: value for name, value in one.items() if name not in ("deploys", "projects")},
        "shortVersion": one["version"],
        "newGroups": 0,
        "commitCount": 0,
        "authors": [],
        "owner": None,
        "data": {},
        "firstEvent": None,
        "lastEvent": None,
        "lastCommit": None,
        "deployCount": len(one["deploys"]),
        "lastDeploy": newest,
        "projects": [{**project(organization), "newGroups": 0, "hasHealthData": True}],
    }


def paged(world: World, request: Request, items: list[Any]) -> Response:
    """One page, and the cursors before and behind it in `Link`."""
    size = min(request.number("per_page", 100), world.settings("sentry")["page"])
    offset = int((request.first("cursor") or "0:0:0").split(":")[1])
    base = f"<{request.address}{request.sent_path}?cursor="
    before, behind = f"0:{max(0, offset - size)}:1", f"0:{offset + size}:0"
    more = str(len(items) > offset + size).lower()
    link = (
        f'{base}{before}>; rel="previous"; results="{str(offset > 0).lower()}"; cursor="{before}", '
        f'{base}{behind}>; rel="next"; results="{more}"; cursor="{behind}"'
    )
    return answer(200, items[offset : offset + size], link=link)


def _put(found: dict[str, Any], body: dict[str, Any]) -> None:
    for name in ("ref", "url", "dateReleased", "status"):
        if body.get(name):
            found[name] = body[name]


def _found(world: World, request: Request, organization: str, version: str) -> dict[str, Any]:
    belongs(world, request, organization)
    one: dict[str, Any] | None = world.state("sentry")["releases"][organization].get(version)
    if one is None:
        raise Refused(answer(404, {"detail": "The requested resource does not exist"}))
    return one
