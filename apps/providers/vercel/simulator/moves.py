"""Instant rollback and promote: accepted at once, carried out over the next seconds, told to who asks."""

from typing import Any

from ...simulation import traffic
from ...simulation.messages import Request, Response, answer, empty
from ...simulation.routing import Routes
from ...simulation.world import World
from . import webhooks
from .access import Refused, deployment_of, project_of

ROUTES = Routes()
DESCRIPTION_LIMIT = 250


@ROUTES.add("POST", "/projects/{project}/rollback/{deployment}")
def rollback(world: World, request: Request, project: str, deployment: str) -> Response:
    """201 and nothing more: accepted. The project is pinned from now on."""
    description = request.first("description")
    if len(description) > DESCRIPTION_LIMIT:
        raise Refused(400, "bad_request", f"Invalid request: `description` is longer than {DESCRIPTION_LIMIT}.")
    record, target = _pair(world, request, project, deployment)
    _allowed(world, record, target, "rollback")
    _begin(world, request, record, target, "rollback")
    pair = {"fromDeploymentId": record["job"]["fromDeploymentId"], "toDeploymentId": target["id"]}
    webhooks.happened(world, "deployment.rollback", record, **pair)
    record["pinned"] = True
    record["rollbackDescription"] = {
        "userId": world.state("vercel")["teams"][record["accountId"]]["user"],
        "username": world.state("vercel")["teams"][record["accountId"]]["slug"],
        "description": description,
        "createdAt": world.now_ms(),
    }
    if world.settings("vercel")["flip_auto_assign"]:
        record["autoAssignCustomDomains"] = False
    return empty(201)


@ROUTES.add("PATCH", "/projects/{project}/rollback/{deployment}/update-description")
def describe(world: World, request: Request, project: str, deployment: str) -> Response:
    """Changes the reason given with a rollback."""
    record, _ = _pair(world, request, project, deployment)
    if not record["rollbackDescription"]:
        raise Refused(404, "not_found", "The project is not rolled back.")
    record["rollbackDescription"]["description"] = str(request.object().get("description", ""))
    request.effect("describe_rollback", project=record["id"])
    return empty(200)


@ROUTES.add("POST", "/projects/{project}/promote/{deployment}")
def promote(world: World, request: Request, project: str, deployment: str) -> Response:
    """201, or 202 while a rolling release is under way; lifts the pin of a rollback."""
    record, target = _pair(world, request, project, deployment)
    _allowed(world, record, target, "promote")
    if world.settings("vercel")["rolling_release"]:
        request.effect("queue_promote", project=record["id"], to=target["id"])
        return empty(202)
    _begin(world, request, record, target, "promote")
    moved = {"id": target["id"], "name": target["name"], "url": target["url"], "meta": target["meta"]}
    webhooks.happened(world, "deployment.promoted", record, deployment=moved, target="production")
    record["pinned"] = False
    record["rollbackDescription"] = None
    record["autoAssignCustomDomains"] = True
    return empty(201)


@ROUTES.add("GET", "/projects/{project}/rollback/aliases", "/projects/{project}/promote/aliases")
def job_aliases(world: World, request: Request, project: str) -> Response:
    """How each address of the latest job fares; `failedOnly=true` leaves the others out."""
    record = project_of(world, request, project)
    job = record["job"] or {"moves": [], "toDeploymentId": None}
    shown = [_job_alias(record, job, move) for move in job["moves"]]
    if request.first("failedOnly") == "true":
        shown = [item for item in shown if item["status"] == "failed"]
    return answer(200, {"aliases": shown, "pagination": {"count": len(shown), "next": None, "prev": None}})


@ROUTES.add("GET", "/projects/{project}/production-deployment")
def live(world: World, request: Request, project: str) -> Response:
    """The deployment behind the first production address."""
    record = project_of(world, request, project)
    current = traffic.current(record)
    if current is None:
        raise Refused(404, "not_found", "The project has no production deployment.")
    return answer(200, {"deployment": {"id": current, "url": world.state("vercel")["deployments"][current]["url"]}})


def _pair(world: World, request: Request, project: str, deployment: str) -> tuple[dict[str, Any], dict[str, Any]]:
    record = project_of(world, request, project)
    target = deployment_of(world, request, deployment)
    if target["project"] != record["id"]:
        raise Refused(404, "not_found", "Deployment not found", id=deployment)
    return record, target


def _allowed(world: World, project: dict[str, Any], target: dict[str, Any], kind: str) -> None:
    """Raises the refusal Vercel gives for this target; says nothing when it may go ahead."""
    if target["target"] != "production" or target["state"] != "READY":
        raise Refused(422, "unprocessable_entity", f"Deployment {target['id']} is not a ready production deployment.")
    if kind == "rollback" and target["substate"] != "PROMOTED":
        raise Refused(422, "unprocessable_entity", f"Deployment {target['id']} has never been in production.")
    if kind == "rollback" and world.settings("vercel")["plan"] == "hobby" and target["id"] != _previous(world, project):
        message = "To roll back further than the previous production deployment, upgrade to Pro."
        raise Refused(402, "payment_required", message, action="Upgrade", link="https://vercel.com/pricing")
    now = world.now_ms()
    if traffic.running(project, now):
        raise Refused(409, "conflict", "Another alias request of this project is in progress.")
    settled = traffic.converged(project) == target["id"]
    if settled and not _undoes_pin(project, kind) and world.settings("vercel")["repeat"] == "conflict":
        raise Refused(409, "conflict", f"Deployment {target['id']} is already the current production deployment.")


def _undoes_pin(project: dict[str, Any], kind: str) -> bool:
    return kind == "promote" and bool(project["pinned"])


def _previous(world: World, project: dict[str, Any]) -> str | None:
    """The production deployment before the current one, by when each first went live."""
    current = traffic.current(project)
    served = [
        d
        for d in world.state("vercel")["deployments"].values()
        if d["project"] == project["id"] and d["promoted_at"] and d["id"] != current and not d["removed"]
    ]
    return max(served, key=lambda d: d["promoted_at"])["id"] if served else None


def _begin(world: World, request: Request, project: dict[str, Any], target: dict[str, Any], kind: str) -> None:
    settings = world.settings("vercel")
    already = traffic.converged(project) == target["id"]
    traffic.start_job(
        project,
        kind,
        target["id"],
        now_ms=world.now_ms(),
        seconds=settings["propagation_seconds"],
        failing=settings["failing_aliases"],
        ends=settings["job_ends"],
    )
    project["job"]["skipped"] = already
    if kind == "promote":
        target["substate"], target["promoted_at"] = "PROMOTED", target["promoted_at"] or world.now_ms()
    request.effect(kind, project=project["id"], to=target["id"], was=project["job"]["fromDeploymentId"])


def _job_alias(project: dict[str, Any], job: dict[str, Any], move: dict[str, Any]) -> dict[str, Any]:
    entry = project["aliases"].get(move["alias"], {"uid": move["alias"], "deployment": None})
    return {
        "id": entry["uid"],
        "status": move["status"],
        "alias": {"alias": move["alias"], "deploymentId": entry["deployment"]},
    }
