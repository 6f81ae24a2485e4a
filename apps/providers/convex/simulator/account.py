"""Whose deployment a call is about, and what has come due there since."""

from typing import Any

from ...simulation.messages import Refused, Request, Response, answer
from ...simulation.organisations import DERRIMUT
from ...simulation.world import World


def refused(status: int, code: str, message: str) -> Refused:
    """A refusal in Convex' own shape."""
    return Refused(answer(status, {"code": code, "message": message}))


def deployment_named(world: World, organisation: str) -> dict[str, Any]:
    """An organisation's deployment."""
    deployment: dict[str, Any] = world.state("convex")["deployments"][organisation]
    return deployment


def sent_key(request: Request) -> str:
    """The deploy key of `Authorization: Convex …`, or an empty text."""
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    return key.strip() if scheme == "Convex" else ""


def guard(world: World, request: Request) -> Response | None:
    """A wrong key is refused everywhere; the pipeline asks for a token of its own."""
    state = world.state("convex")
    if request.path.startswith("/repos/"):
        known = request.bearer() in state["pipeline_tokens"]
        return None if known else answer(401, {"message": "Bad credentials", "status": "401"})
    if sent_key(request) and sent_key(request) not in state["keys"]:
        text = "The provided deploy key was invalid for deployment"
        return answer(401, {"code": "BadDeployKey", "message": text})
    return None


def deployment_of(world: World, request: Request, *, public: bool = False) -> dict[str, Any]:
    """The deployment that the key belongs to; raises Refused where one is needed and none was sent."""
    key = sent_key(request)
    if not key and not public:
        raise refused(403, "MissingDeployKey", "You do not have permission to perform this operation.")
    organisation = world.state("convex")["keys"].get(key, DERRIMUT.slug)
    deployment = deployment_named(world, organisation)
    settle(world, deployment)
    return deployment


def settle(world: World, deployment: dict[str, Any]) -> None:
    """Let exports, imports and deployments that have come due happen."""
    now = world.now()
    for export in deployment["exports"]:
        if export["state"] != "completed" and export["due"] <= now:
            export["state"] = "completed"
    for one in deployment["imports"]:
        if one["state"] == "in_progress" and one["due"] <= now:
            one["state"] = "completed"
            kept = {} if one["mode"] == "replaceAll" else deployment["tables"]
            deployment["tables"] = {**kept, **one["tables"]}
    while deployment["deploys"] and deployment["deploys"][0]["due"] <= now:
        deployment["commit"] = deployment["deploys"].pop(0)["commit"]
