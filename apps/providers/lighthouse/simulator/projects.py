"""What can be read: projects, builds, their ancestors, runs and statistics."""

import json
from typing import Any

from ...simulation.messages import Request, Response, answer
from ...simulation.routing import Routes
from ...simulation.world import World
from .server import PLAIN, build_of, missing, project_of, shown_build, shown_project

ROUTES = Routes()


@ROUTES.add("GET", "/version")
def version(world: World, request: Request) -> Response:
    """Which server it is, as plain text."""
    return Response(200, b"0.15.1", PLAIN)


@ROUTES.add("GET", "/healthz")
def health(world: World, request: Request) -> Response:
    """Whether it is there."""
    return Response(200, b"healthy", PLAIN)


@ROUTES.add("GET", "/v1/projects")
def index(world: World, request: Request) -> Response:
    """Every project, without its token."""
    return answer(200, [shown_project(project) for project in world.state("lighthouse")["projects"].values()])


@ROUTES.add("GET", "/v1/projects/{project}")
def show(world: World, request: Request, project: str) -> Response:
    """One project by id or `slug:…`."""
    return answer(200, shown_project(project_of(world, project)))


@ROUTES.add("GET", "/v1/projects/{project}/builds")
def builds(world: World, request: Request, project: str) -> Response:
    """Builds, newest first, by branch, hash and lifecycle; ten unless asked for more. An unknown project has none."""
    own = next((one for one in world.state("lighthouse")["projects"].values() if one["id"] == project), None)
    if own is None:
        return answer(200, [])
    found = own["builds"]
    for name in ("branch", "hash", "lifecycle"):
        if wanted := request.first(name):
            found = [one for one in found if one[name] == wanted]
    newest = sorted(found, key=lambda one: -one["at"])[: request.number("limit", 10)]
    return answer(200, [shown_build(own, one) for one in newest])


@ROUTES.add("GET", "/v1/projects/{project}/branches")
def branches(world: World, request: Request, project: str) -> Response:
    """The branches that have builds."""
    names = sorted({build["branch"] for build in project_of(world, project)["builds"]}, reverse=True)
    return answer(200, [{"branch": name} for name in names])


@ROUTES.add("GET", "/v1/projects/{project}/builds/{build}")
def build(world: World, request: Request, project: str, build: str) -> Response:
    """One build."""
    own = project_of(world, project)
    return answer(200, shown_build(own, build_of(own, build)))


@ROUTES.add("GET", "/v1/projects/{project}/builds/{build}/ancestor")
def ancestor(world: World, request: Request, project: str, build: str) -> Response:
    """The build of the base branch to compare with: by the ancestor's hash, else the one before."""
    own = project_of(world, project)
    this = build_of(own, build)
    based = [one for one in own["builds"] if one["branch"] == own["baseBranch"] and one is not this]
    by_hash = [one for one in based if this["ancestor"] and one["hash"] == this["ancestor"]]
    before = sorted((one for one in based if one["at"] <= this["at"]), key=lambda one: -one["at"])
    found = next(iter([*by_hash, *before]), None)
    if found is None:
        raise missing()
    return answer(200, shown_build(own, found))


@ROUTES.add("GET", "/v1/projects/{project}/builds/{build}/runs")
def runs(world: World, request: Request, project: str, build: str) -> Response:
    """The runs of a build with their reports."""
    own = project_of(world, project)
    this = build_of(own, build)
    return answer(200, [_run(own, this, number, run) for number, run in enumerate(this["runs"])])


@ROUTES.add("GET", "/v1/projects/{project}/builds/{build}/statistics")
def statistics(world: World, request: Request, project: str, build: str) -> Response:
    """The scores of a build by page; of one that is not sealed there are none yet."""
    own = project_of(world, project)
    this = build_of(own, build)
    if this["lifecycle"] != "sealed":
        return answer(200, [])
    old = world.settings("lighthouse")["averages"]
    return answer(200, [one for run in this["runs"] for one in _statistics(own, this, run, old)])


def _statistics(own: dict[str, Any], this: dict[str, Any], run: dict[str, Any], old: bool) -> list[dict[str, Any]]:
    kinds = ("average", "min", "max") if old else ("median", "min", "max")
    base = {"projectId": own["id"], "buildId": this["id"], "url": run["url"], "version": 1 if old else 2}
    made = [
        {**base, "name": f"category_{category}_{kind}", "value": run["scores"].get(category, -1)}
        for category in ("performance", "accessibility", "best-practices", "seo", "pwa")
        for kind in kinds
    ]
    return [{"id": f"{this['id'][:-4]}{number:04d}", **one} for number, one in enumerate(made)]


def _run(own: dict[str, Any], this: dict[str, Any], number: int, run: dict[str, Any]) -> dict[str, Any]:
    report = {"finalUrl": run["url"], "categories": {key: {"score": value} for key, value in run["scores"].items()}}
    key = f"{this['id'][:-4]}{number:04d}"
    return {"id": key, "projectId": own["id"], "buildId": this["id"], "representative": True, "url": run["url"],
            "lhr": json.dumps(report)}  # fmt: skip
