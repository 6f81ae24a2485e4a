"""Whose Resend team a request speaks for, what its key may do, and how a request is refused."""

from ...simulation.messages import Refused, Request, Response, answer
from ...simulation.world import Refusal, World

NAMES = {
    400: "validation_error",
    401: "missing_api_key",
    403: "invalid_api_key",
    404: "not_found",
    405: "method_not_allowed",
    409: "resource_locked",
    422: "validation_error",
    429: "rate_limit_exceeded",
    503: "service_unavailable",
}
SENDING = ("/emails", "/emails/batch")


def refuse(refusal: Refusal) -> Response:
    """An error in Resend's shape."""
    return problem(refusal.status, NAMES.get(refusal.status, "application_error"), refusal.message, refusal.retry_after)


def problem(status: int, name: str, message: str, retry_after: str | None = None) -> Response:
    """An error with the name that Resend gives it."""
    extra = {"retry_after": retry_after or "1"} if status == 429 or retry_after else {}
    return answer(status, {"statusCode": status, "name": name, "message": message}, **extra)


def refused(status: int, name: str, message: str) -> Refused:
    """The same as an exception, for use deep in a handler."""
    return Refused(problem(status, name, message))


def guard(world: World, request: Request) -> Response | None:
    """Refuses unknown keys, and everything but sending for a key that may only send."""
    given = request.bearer()
    if not given:
        return problem(401, "missing_api_key", "Missing API key in the authorization header.")
    known = world.state("resend")["keys"].get(given)
    if known is None:
        return problem(403, "invalid_api_key", "API key is invalid")
    if not known[1] and not (request.method == "POST" and request.path in SENDING):
        return problem(401, "restricted_api_key", "This API key is restricted to only send emails")
    return None


def team(world: World, request: Request) -> str:
    """The organisation whose key was sent."""
    slug: str = world.state("resend")["keys"][request.bearer()][0]
    return slug
