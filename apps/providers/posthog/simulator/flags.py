"""Feature flags: listed, switched by their number, and told to clients."""

import json
from typing import Any

from ...simulation.messages import Refused, Request, Response, answer
from ...simulation.routing import Routes
from ...simulation.world import World
from .account import paged, problem, project_of
from .capture import opened

ROUTES = Routes()
ALL = "/api/projects/{project}/feature_flags/"


@ROUTES.add("GET", ALL)
def index(world: World, request: Request, project: str) -> Response:
    """Every flag."""
    found = project_of(world, request, project, "feature_flag:read")
    shown = [_shown(name, flag) for name, flag in found["flags"].items() if request.first("search") in name]
    return paged(request, shown, world.settings("posthog")["page"])


@ROUTES.add("GET", ALL + "{number}/")
def show(world: World, request: Request, project: str, number: str) -> Response:
    """One flag, by its number."""
    return answer(200, _shown(*_found(project_of(world, request, project, "feature_flag:read"), number)))


@ROUTES.add("PATCH", ALL + "{number}/")
def change(world: World, request: Request, project: str, number: str) -> Response:
    """On or off."""
    name, flag = _found(project_of(world, request, project, "feature_flag:write"), number)
    wanted = request.object().get("active", flag["active"])
    if wanted is not flag["active"]:
        flag["active"] = wanted
        request.effect("flag", key=name, active=wanted)
    return answer(200, _shown(name, flag))


@ROUTES.add("GET", "/flags/definitions", "/api/feature_flag/local_evaluation/", "/api/feature_flag/local_evaluation")
def definitions(world: World, request: Request) -> Response:
    """What clients work flags out from by themselves."""
    project = world.state("posthog")["tokens"].get(request.first("token"))
    if not project:
        return answer(401, problem("authentication_error", "authentication_failed", "Invalid project token."))
    flags = world.state("posthog")["projects"][project]["flags"]
    shown = [_shown(name, flag) for name, flag in flags.items()]
    return answer(200, {"flags": shown, "group_type_mapping": {}, "cohorts": {}})


@ROUTES.add("POST", "/flags/", "/flags", "/decide/", "/decide", mutates=False)
def evaluated(world: World, request: Request) -> Response:
    """The flags of one person, for the project whose token stands in the body."""
    body = json.loads(opened(request) or b"{}")
    project = world.state("posthog")["tokens"].get(body.get("token") or body.get("api_key"))
    if not project:
        return answer(401, problem("authentication_error", "authentication_failed", "Invalid API key."))
    flags = world.state("posthog")["projects"][project]["flags"]
    told = {name: _evaluated(name, flag) for name, flag in flags.items()}
    return answer(
        200, {"flags": told, "errorsWhileComputingFlags": False, "requestId": "simulated", "quotaLimited": []}
    )


def _evaluated(name: str, flag: dict[str, Any]) -> dict[str, Any]:
    code = "condition_match" if flag["active"] else "no_condition_match"
    reason = {"code": code, "description": code, "condition_index": 0}
    about = {"id": flag["id"], "version": 1, "payload": None, "description": None}
    return {"key": name, "enabled": flag["active"], "variant": None, "reason": reason, "metadata": about}


def _shown(name: str, flag: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": flag["id"],
        "key": name,
        "name": name,
        "active": flag["active"],
        "filters": {"groups": [{"properties": [], "rollout_percentage": 100}]},
        "tags": [],
        "deleted": False,
        "ensure_experience_continuity": False,
        "rollout_percentage": 100,
    }


def _found(project: dict[str, Any], number: str) -> tuple[str, dict[str, Any]]:
    for name, flag in project["flags"].items():
        if str(flag["id"]) == number:
            return name, flag
    raise Refused(answer(404, problem("invalid_request", "not_found", "Not found.")))
