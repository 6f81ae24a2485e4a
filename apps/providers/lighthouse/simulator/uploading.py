"""What CI uploads: a build, its runs, and that it is whole (sealed)."""

import json
from typing import Any

from ...simulation.messages import Malformed, Request, Response, answer, empty
from ...simulation.routing import Routes
from ...simulation.world import World
from .beginning import SCORES, build_id, runs_of
from .server import build_of, missing, project_of, shown_build, shown_project, unacceptable

ROUTES = Routes()


@ROUTES.add("POST", "/v1/projects/lookup", mutates=False)
def lookup(world: World, request: Request) -> Response:
    """The project whose build token was sent."""
    token = request.object().get("token")
    for project in world.state("lighthouse")["projects"].values():
        if project["token"] == token:
            return answer(200, shown_project(project, token=True))
    raise missing()


@ROUTES.add("POST", "/v1/projects/{project}/builds")
def create(world: World, request: Request, project: str) -> Response:
    """A new build, one for each commit of a branch."""
    own, given = project_of(world, project), request.object()
    if given.get("lifecycle") != "unsealed":
        raise unacceptable("Invalid lifecycle value")
    if any((one["branch"], one["hash"]) == (given.get("branch"), given.get("hash")) for one in own["builds"]):
        raise unacceptable(f'Build already exists for hash "{given.get("hash")}"')
    build = _added(world, own, str(given.get("hash", "")), str(given.get("branch", "")), "unsealed")
    build |= {"message": given.get("commitMessage", ""), "ancestor": given.get("ancestorHash", "")}
    request.effect("build", build=build["id"])
    return answer(200, shown_build(own, build))


@ROUTES.add("POST", "/v1/projects/{project}/builds/{build}/runs")
def run(world: World, request: Request, project: str, build: str) -> Response:
    """One run's report."""
    this, given = build_of(project_of(world, project), build), request.object()
    if this["lifecycle"] != "unsealed":
        raise unacceptable("Invalid build")
    try:
        categories = json.loads(given.get("lhr", "")).get("categories", {})
    except ValueError as error:
        raise Malformed(str(error)) from error
    this["runs"].append({"url": given.get("url", ""), "scores": {k: v["score"] for k, v in categories.items()}})
    request.effect("run", build=build)
    return answer(200, {"id": f"{build[:-4]}{len(this['runs']):04d}", **given})


@ROUTES.add("PUT", "/v1/projects/{project}/builds/{build}/lifecycle")
def seal(world: World, request: Request, project: str, build: str) -> Response:
    """The build is whole: from now on it has statistics."""
    this = build_of(project_of(world, project), build)
    if request.json() != "sealed" or not this["runs"]:
        raise unacceptable("Invalid build")
    this["lifecycle"] = "sealed"
    request.effect("seal", build=build)
    return empty(204)


def measure(world: World, order: dict[str, Any]) -> dict[str, Any]:
    """Deed: CI measures a commit and uploads a whole build."""
    own = world.state("lighthouse")["projects"][order["organisation"]]
    build = _added(world, own, str(order["hash"]), str(order.get("branch", "main")), "sealed")
    build["runs"] = runs_of(own["address"], {**SCORES, **order.get("scores", {})})
    return shown_build(own, build)


def _added(world: World, own: dict[str, Any], commit: str, branch: str, lifecycle: str) -> dict[str, Any]:
    build: dict[str, Any] = {
        "id": build_id(own["number"], len(own["builds"]) + 1), "hash": commit, "branch": branch,
        "lifecycle": lifecycle, "message": "", "author": "CI", "at": world.now(), "ancestor": "", "runs": [],
    }  # fmt: skip
    own["builds"].append(build)
    return build
