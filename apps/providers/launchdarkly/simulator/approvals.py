"""LaunchDarkly's own approvals, and its audit log."""

import uuid
from typing import Any

from ...simulation.messages import Request, Response, answer, empty
from ...simulation.routing import Routes
from ...simulation.world import World
from .account import account_slug, flag_of, refused
from .flags import turn
from .patches import semantic

ROUTES = Routes()
REQUESTS = "/api/v2/projects/{project}/flags/{flag}/environments/{environment}/approval-requests"


@ROUTES.add("GET", "/api/v2/auditlog")
def audit(world: World, request: Request) -> Response:
    """The newest changes first, up to 20."""
    mine = [e for e in world.state("launchdarkly")["audit"] if e["account"] == account_slug(world, request)]
    limit = max(1, min(request.number("limit", 10), 20))
    after = request.number("after", 0)
    spec = request.first("spec")
    fitting = [e for e in reversed(mine) if e["date"] > after and spec in ("", *e["target"]["resources"])]
    return answer(200, {"items": fitting[:limit], "_links": {}})


@ROUTES.add("POST", REQUESTS)
def ask(world: World, request: Request, project: str, flag: str, environment: str) -> Response:
    """Asks LaunchDarkly's own people for a change."""
    flag_of(world, request, project, flag)
    body = request.object()
    if not body.get("description") or not body.get("instructions"):
        raise refused(400, "description and instructions are required")
    key = uuid.uuid5(uuid.NAMESPACE_URL, f"{flag}{len(world.state('launchdarkly')['requests'])}").hex[:24]
    asked = {
        "_id": key, "_version": 1, "status": "pending", "reviewStatus": "pending", "allReviews": [],
        "description": body["description"], "instructions": body["instructions"], "conflicts": [],
        "place": [project, flag, environment], "appliedDate": None,
    }  # fmt: skip
    world.state("launchdarkly")["requests"][key] = asked
    request.effect("ask_approval", flag=flag, request=key)
    return answer(201, asked)


@ROUTES.add("GET", REQUESTS + "/{key}")
def asked(world: World, request: Request, project: str, flag: str, environment: str, key: str) -> Response:
    """How the approval request stands."""
    return answer(200, approval_of(world, key))


@ROUTES.add("POST", REQUESTS + "/{key}/apply")
def apply(world: World, request: Request, project: str, flag: str, environment: str, key: str) -> Response:
    """Carries out an approved request; 400 before that."""
    approval = approval_of(world, key)
    if approval["reviewStatus"] != "approved" or approval["status"] == "completed":
        raise refused(400, "The approval request is not approved or already applied.")
    _, wanted = semantic({"environmentKey": environment, "instructions": approval["instructions"]})
    record = flag_of(world, request, project, flag)
    turn(
        world,
        request,
        account_slug(world, request) or "",
        record,
        environment,
        wanted,
        approval["description"],
    )
    approval.update(status="completed", appliedDate=world.now_ms())
    request.effect("apply_approval", request=key)
    return answer(200, approval)


@ROUTES.add("DELETE", REQUESTS + "/{key}")
def withdraw(world: World, request: Request, project: str, flag: str, environment: str, key: str) -> Response:
    """Takes an approval request back."""
    approval_of(world, key)
    del world.state("launchdarkly")["requests"][key]
    request.effect("withdraw_approval", request=key)
    return empty(204)


def approval_of(world: World, key: str) -> dict[str, Any]:
    """One approval request by its key."""
    found: dict[str, Any] | None = world.state("launchdarkly")["requests"].get(key)
    if found is None:
        raise refused(404, "Unknown approval request")
    return found
