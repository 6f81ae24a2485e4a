"""LaunchDarkly's own approvals, and its audit log."""

import uuid
from typing import Any

from ...simulation.messages import Request, Response, answer, empty
from ...simulation.routing import Routes
from ...simulation.world import World
from . import shapes
from .account import account_of, account_slug, flag_of, refused
from .flags import turn
from .patches import semantic

ROUTES = Routes()
REQUESTS = "/api/v2/projects/{project}/flags/{flag}/environments/{environment}/approval-requests"
EVERYWHERE = "/api/v2/approval-requests"


@ROUTES.add("GET", "/api/v2/auditlog")
def audit(world: World, request: Request) -> Response:
    """The newest changes first, up to 20."""
    mine = [e for e in world.state("launchdarkly")["audit"] if e["account"] == account_slug(world, request)]
    limit = max(1, min(request.number("limit", 10), 20))
    after = request.number("after", 0)
    spec = request.first("spec")
    fitting = [e for e in reversed(mine) if e["date"] > after and spec in ("", *e["target"]["resources"])]
    links = {"self": shapes.link(request.path)}
    return answer(200, {"items": [shapes.entry(each) for each in fitting[:limit]], "_links": links})


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
        "place": [project, flag, environment], "appliedDate": None, "creationDate": world.now_ms(),
    }  # fmt: skip
    world.state("launchdarkly")["requests"][key] = asked
    request.effect("ask_approval", flag=flag, request=key)
    return answer(201, shapes.approval(asked))


@ROUTES.add("GET", EVERYWHERE + "/{key}")
@ROUTES.add("GET", REQUESTS + "/{key}")
def asked(world: World, request: Request, key: str, **place: str) -> Response:
    """How the approval request stands."""
    return answer(200, shapes.approval(approval_of(world, request, key)))


@ROUTES.add("GET", REQUESTS)
def asked_for(world: World, request: Request, project: str, flag: str, environment: str) -> Response:
    """Every approval request for a flag in an environment, the newest first."""
    flag_of(world, request, project, flag)
    every = reversed(world.state("launchdarkly")["requests"].values())
    items = [shapes.approval(each) for each in every if each["place"] == [project, flag, environment]]
    return answer(200, {"items": items, "_links": {"self": shapes.link(request.path)}})


@ROUTES.add("POST", EVERYWHERE + "/{key}/reviews")
@ROUTES.add("POST", REQUESTS + "/{key}/reviews")
def review(world: World, request: Request, key: str, **place: str) -> Response:
    """Approves, declines or comments; nobody approves or declines a request of his own."""
    approval = approval_of(world, request, key)
    kind = request.object().get("kind")
    if kind not in ("approve", "decline", "comment"):
        raise refused(400, "kind must be approve, decline or comment")
    if kind != "comment":
        raise refused(403, "You cannot review your own request")
    approval["allReviews"].append({"_id": f"review-{len(approval['allReviews'])}", "kind": kind})
    request.effect("review", request=key, review=kind)
    return answer(200, shapes.approval(approval))


@ROUTES.add("POST", EVERYWHERE + "/{key}/apply")
@ROUTES.add("POST", REQUESTS + "/{key}/apply")
def apply(world: World, request: Request, key: str, **place: str) -> Response:
    """Carries out an approved request; 400 before that."""
    approval = approval_of(world, request, key)
    if approval["reviewStatus"] != "approved" or approval["status"] == "completed":
        raise refused(400, "The approval request is not approved or already applied.")
    project, flag, environment = approval["place"]
    _, wanted = semantic({"environmentKey": environment, "instructions": approval["instructions"]})
    record, account = flag_of(world, request, project, flag), account_slug(world, request) or ""
    turn(world, request, account, record, environment, wanted, approval["description"])
    approval.update(status="completed", appliedDate=world.now_ms())
    request.effect("apply_approval", request=key)
    return answer(200, shapes.approval(approval))


@ROUTES.add("DELETE", EVERYWHERE + "/{key}")
@ROUTES.add("DELETE", REQUESTS + "/{key}")
def withdraw(world: World, request: Request, key: str, **place: str) -> Response:
    """Takes an approval request back."""
    approval_of(world, request, key)
    del world.state("launchdarkly")["requests"][key]
    request.effect("withdraw_approval", request=key)
    return empty(204)


def approval_of(world: World, request: Request, key: str) -> dict[str, Any]:
    """One approval request of the caller's project by its key."""
    found: dict[str, Any] | None = world.state("launchdarkly")["requests"].get(key)
    if found is None:
        raise refused(404, "Unknown approval request")
    account_of(world, request, found["place"][0])
    return found
