"""Who asks the Supabase simulator, how often they may, and how it refuses."""

import re
from typing import Any

from ...simulation.messages import Refused, Request, Response, answer
from ...simulation.world import Refusal, World
from .restoring import Project, settle

MINUTE = 60
USUAL_LIMIT = 120


def refuse(refusal: Refusal) -> Response:
    """An error in Supabase's shape; `Retry-After` only where the script says so."""
    extra = {"retry_after": refusal.retry_after} if refusal.retry_after else {}
    return answer(refusal.status, {"message": refusal.message}, **extra)


def refused(status: int, message: str) -> Refused:
    """The same as an exception, for use deep in a handler."""
    return Refused(refuse(Refusal(status, message)))


def guard(world: World, request: Request) -> Response | None:
    """401 for an unknown token, 429 for too many requests in a minute, 403 for a change with a reading token."""
    state = world.state("supabase")
    if request.bearer() not in state["tokens"]:
        return refuse(Refusal(401, "Unauthorized"))
    limit, window = state["simulation"]["requests_per_minute"], state["window"]
    begun = int(world.now()) // MINUTE
    if window["minute"] != begun:
        window.update(minute=begun, used=0)
    window["used"] += 1
    if limit and window["used"] > limit:
        return refuse(Refusal(429, "ThrottlerException: Too Many Requests"))
    if request.method not in ("GET", "HEAD") and state["simulation"]["rights"] == "read":
        return refuse(Refusal(403, "Forbidden resource"))
    return None


def finish(world: World, request: Request, response: Response) -> Response:
    """Every answer carries the rate limit; its reset is in seconds from now."""
    state = world.state("supabase")
    limit = state["simulation"]["requests_per_minute"] or USUAL_LIMIT
    left = 0 if response.status == 429 else max(limit - state["window"]["used"], 0)
    values = {"limit": limit, "remaining": left, "reset": MINUTE - int(world.now()) % MINUTE}
    response.headers.update({f"x-ratelimit-{name}": str(value) for name, value in values.items()})
    return response


def slug_of(world: World, request: Request) -> str:
    """The organisation whose token was sent."""
    slug: str = world.state("supabase")["tokens"][request.bearer()]
    return slug


def project_of(world: World, request: Request, ref: str) -> Project:
    """One project of the organisation whose token was sent, its restore up to date; refuses any other."""
    if not re.fullmatch("[a-z]{20}", ref):
        raise refused(400, "ref must match ^[a-z]+$ and be 20 characters long")
    found: dict[str, Any] | None = world.state("supabase")["projects"].get(ref)
    if found is None:
        raise refused(404, "Project not found")
    if found["organisation"] != slug_of(world, request):
        raise refused(403, "Your account does not have the necessary privileges to access this endpoint")
    settle(found, world.now_ms())
    return found
