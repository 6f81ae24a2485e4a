"""Whose LaunchDarkly account a request speaks for, and how it is refused."""

import uuid
from typing import Any

from ...simulation.messages import Refused, Request, Response, answer
from ...simulation.world import Refusal, World

CODES = {
    400: "invalid_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    409: "optimistic_locking_error",
    422: "unprocessable",
    429: "rate_limited",
}


def refuse(refusal: Refusal) -> Response:
    """An error in LaunchDarkly's shape; a 429 has no `Retry-After` unless the script says so."""
    code = CODES.get(refusal.status, "internal_server_error")
    body = {"code": code, "message": refusal.message, "id": str(uuid.uuid4())}
    extra = {"retry_after": refusal.retry_after} if refusal.retry_after else {}
    return answer(refusal.status, body, **extra)


def refused(status: int, message: str) -> Refused:
    """The same as an exception, for use deep in a handler."""
    return Refused(refuse(Refusal(status, message)))


def guard(world: World, request: Request) -> Response | None:
    """401 for anything but a known bare token."""
    if account_slug(world, request) is None:
        return refuse(Refusal(401, "Invalid access token"))
    return None


def account_slug(world: World, request: Request) -> str | None:
    """The organisation whose token was sent."""
    slug: str | None = world.state("launchdarkly")["tokens"].get(request.headers.get("authorization", ""))
    return slug


def account_of(world: World, request: Request, project: str) -> dict[str, Any]:
    """The account whose token was sent. Refuses a project that is not its own."""
    account: dict[str, Any] = world.state("launchdarkly")["accounts"][account_slug(world, request)]
    if account["project"] != project:
        raise refused(404, f"Unknown project key {project}")
    return account


def flag_of(world: World, request: Request, project: str, flag: str) -> dict[str, Any]:
    """One flag of the account whose token was sent."""
    flags: dict[str, dict[str, Any]] = account_of(world, request, project)["flags"]
    if flag not in flags:
        raise refused(404, f"Unknown feature flag key {flag}")
    return flags[flag]
