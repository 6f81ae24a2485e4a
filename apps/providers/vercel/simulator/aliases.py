"""Addresses by hand: assign one to a deployment, list, look at, delete."""

from typing import Any

from ...simulation import traffic
from ...simulation.messages import Request, Response, answer
from ...simulation.routing import Routes
from ...simulation.world import World
from . import shapes
from .access import Refused, deployment_of, project_of, team_of

ROUTES = Routes()


@ROUTES.add("GET", "/aliases", "/now/aliases")
def index(world: World, request: Request) -> Response:
    """The team's addresses, or those a rollback to `rollbackDeploymentId` would move."""
    found = []
    rollback_to = request.first("rollbackDeploymentId")
    for project in _projects(world, request):
        for name, entry in _entries(project, production_only=bool(rollback_to)):
            if entry["deployment"] != rollback_to and request.first("domain") in ("", name):
                found.append(shapes.alias(world.state("vercel"), project, name, entry))
    return answer(200, {"aliases": found, "pagination": {"count": len(found), "next": None, "prev": None}})


@ROUTES.add("GET", "/aliases/{name}", "/now/aliases/{name}")
def show(world: World, request: Request, name: str) -> Response:
    """One address by name or id."""
    project, alias, entry = _find(world, request, name)
    return answer(200, shapes.alias(world.state("vercel"), project, alias, entry))


@ROUTES.add("GET", "/deployments/{name}/aliases", "/now/deployments/{name}/aliases")
def of_deployment(world: World, request: Request, name: str) -> Response:
    """Every address that points to a deployment."""
    deployment = deployment_of(world, request, name)
    project = project_of(world, request, deployment["project"])
    found = [
        {"uid": entry["uid"], "alias": alias, "created": entry["moved_at"], "redirect": None}
        for alias, entry in _entries(project)
        if entry["deployment"] == deployment["id"]
    ]
    return answer(200, {"aliases": found})


@ROUTES.add("POST", "/deployments/{name}/aliases", "/now/deployments/{name}/aliases")
def assign(world: World, request: Request, name: str) -> Response:
    """Points an address to a deployment; takes it from the one it pointed to."""
    deployment = deployment_of(world, request, name)
    alias = str(request.object().get("alias") or "")
    if "." not in alias:
        raise Refused(400, "invalid_alias", f"The alias {alias!r} is not a domain name.")
    if deployment["state"] != "READY":
        raise Refused(400, "deployment_not_ready", "The deployment is not ready.")
    project = project_of(world, request, deployment["project"])
    if _taken(world, project, alias):
        raise Refused(403, "alias_in_use", f"The alias {alias} is used by another project.")
    if alias not in project["aliases"]:
        project["others"].setdefault(alias, _new(alias))
    entry = project["aliases"].get(alias) or project["others"][alias]
    if entry["deployment"] == deployment["id"]:
        body = {
            "error": {"code": "not_modified", "message": "The alias is already set."},
            "uid": entry["uid"],
        }
        return answer(409, {**body, "alias": alias})
    old = entry["deployment"]
    entry.update(deployment=deployment["id"], before=old or deployment["id"], moved_at=world.now_ms())
    deployment["substate"], deployment["promoted_at"] = (
        "PROMOTED",
        deployment["promoted_at"] or world.now_ms(),
    )
    request.effect("alias", alias=alias, to=deployment["id"], was=old)
    return answer(200, {"uid": entry["uid"], "alias": alias, "created": world.now_ms(), "oldDeploymentId": old})


@ROUTES.add("DELETE", "/aliases/{name}", "/now/aliases/{name}")
def delete(world: World, request: Request, name: str) -> Response:
    """Takes an address away."""
    project, alias, _ = _find(world, request, name)
    project["aliases"].pop(alias, None)
    project["others"].pop(alias, None)
    request.effect("delete_alias", alias=alias)
    return answer(200, {"status": "SUCCESS"})


def _projects(world: World, request: Request) -> list[dict[str, Any]]:
    team = team_of(world, request)
    wanted = request.first("projectId")
    found = [p for p in world.state("vercel")["projects"].values() if p["accountId"] == team["id"]]
    for project in found:
        traffic.settle(project, world.now_ms())
    return [p for p in found if wanted in ("", p["id"])]


def _entries(project: dict[str, Any], *, production_only: bool = False) -> list[tuple[str, dict[str, Any]]]:
    return [*project["aliases"].items(), *([] if production_only else project["others"].items())]


def _find(world: World, request: Request, name: str) -> tuple[dict[str, Any], str, dict[str, Any]]:
    for project in _projects(world, request):
        for alias, entry in _entries(project):
            if name in (alias, entry["uid"]):
                return project, alias, entry
    raise Refused(404, "not_found", "The alias was not found.")


def _taken(world: World, project: dict[str, Any], alias: str) -> bool:
    others = (p for p in world.state("vercel")["projects"].values() if p["id"] != project["id"])
    return any(alias in other["aliases"] or alias in other["others"] for other in others)


def _new(alias: str) -> dict[str, Any]:
    return {"uid": f"als_{alias.replace('.', '')}", "deployment": None, "before": None, "moved_at": 0}
