"""Projects and their domains: read, switch automatic assignment, pause."""

from typing import Any

from ...simulation.messages import Request, Response, answer, empty
from ...simulation.routing import Routes
from ...simulation.world import World
from . import shapes
from .access import Refused, project_of, team_of

ROUTES = Routes()


@ROUTES.add("GET", "/projects")
def index(world: World, request: Request) -> Response:
    """The team's projects."""
    team = team_of(world, request)
    state = world.state("vercel")
    found = [
        shapes.project(state, project_of(world, request, p["id"]), world.now_ms(), rollback_info=False)
        for p in state["projects"].values()
        if p["accountId"] == team["id"]
    ]
    return answer(200, {"projects": found, "pagination": {"count": len(found), "next": None, "prev": None}})


@ROUTES.add("GET", "/projects/{name}")
def show(world: World, request: Request, name: str) -> Response:
    """One project; `rollbackInfo=true` adds its latest alias job."""
    record = project_of(world, request, name)
    asked = request.first("rollbackInfo") == "true"
    return answer(200, shapes.project(world.state("vercel"), record, world.now_ms(), rollback_info=asked))


@ROUTES.add("PATCH", "/projects/{name}")
def change(world: World, request: Request, name: str) -> Response:
    """Switches the automatic assignment of production domains."""
    record = project_of(world, request, name)
    wanted = request.object().get("autoAssignCustomDomains")
    if isinstance(wanted, bool):
        record["autoAssignCustomDomains"] = wanted
        record["pinned"] = not wanted
        request.effect("auto_assign", project=record["id"], on=wanted)
    return answer(200, shapes.project(world.state("vercel"), record, world.now_ms(), rollback_info=False))


@ROUTES.add("POST", "/projects/{name}/pause", "/projects/{name}/unpause")
def pause(world: World, request: Request, name: str) -> Response:
    """Stops or restarts serving; a paused project assigns no domains to new releases, an unpaused one does."""
    record = project_of(world, request, name)
    record["paused"] = request.path.endswith("/pause")
    record["autoAssignCustomDomains"] = not record["paused"]
    request.effect("pause" if record["paused"] else "unpause", project=record["id"])
    return empty(200)


@ROUTES.add("GET", "/projects/{name}/domains")
def domains(world: World, request: Request, name: str) -> Response:
    """The project's production domains."""
    record = project_of(world, request, name)
    found = [
        {"name": alias, "apexName": alias.split(".", 1)[-1], "projectId": record["id"], "redirect": None,
         "redirectStatusCode": None, "gitBranch": None, "verified": True}
        for alias in record["aliases"]
    ]  # fmt: skip
    return answer(200, {"domains": found, "pagination": {"count": len(found), "next": None, "prev": None}})


@ROUTES.add("GET", "/domains")
def team_domains(world: World, request: Request) -> Response:
    """The domains under which the team's addresses are."""
    team = team_of(world, request)
    mine = [record for record in world.state("vercel")["projects"].values() if record["accountId"] == team["id"]]
    names = sorted({".".join(alias.split(".")[-2:]) for record in mine for alias in record["aliases"]})
    found = [_domain(team, record["createdAt"], name) for record in mine[:1] for name in names]
    return answer(200, {"domains": found, "pagination": {"count": len(found), "next": None, "prev": None}})


@ROUTES.add("GET", "/domains/{name}")
def domain(world: World, request: Request, name: str) -> Response:
    """A domain of the team, as the command line asks before it sets an alias."""
    team = team_of(world, request)
    for record in world.state("vercel")["projects"].values():
        if record["accountId"] == team["id"] and any(a == name or a.endswith(f".{name}") for a in record["aliases"]):
            return answer(200, {"domain": {"id": name, "name": name, "verified": True, "serviceType": "external"}})
    raise Refused(404, "not_found", "The domain was not found.")


@ROUTES.add("GET", "/projects/{name}/custom-environments")
def environments(world: World, request: Request, name: str) -> Response:
    """No environments beside production and preview."""
    project_of(world, request, name)
    return answer(200, {"environments": []})


@ROUTES.add("GET", "/projects/{name}/rolling-release", "/projects/{name}/rolling-release/config")
def rolling_release(world: World, request: Request, name: str) -> Response:
    """No rolling release, or an active one when the setting says so."""
    project_of(world, request, name)
    active = world.settings("vercel")["rolling_release"]
    return answer(200, {"rollingRelease": {"state": "ACTIVE", "substate": None} if active else None})


def _domain(team: dict[str, Any], created: int, name: str) -> dict[str, Any]:
    return {
        "id": name,
        "name": name,
        "verified": True,
        "serviceType": "external",
        "nameservers": [],
        "intendedNameservers": [],
        "creator": {"id": team["user"], "username": team["slug"], "email": f"deploys@{team['slug']}.example"},
        "createdAt": created,
        "boughtAt": None,
        "expiresAt": None,
        "renew": False,
        "teamId": team["id"],
    }
