"""Whose instance a request speaks for, its users and signing keys, and how a request is refused."""

from typing import Any

from ...simulation.messages import Refused, Request, Response, answer
from ...simulation.routing import Routes
from ...simulation.world import Refusal, World

ROUTES = Routes()
CODES = {
    401: "authentication_invalid",
    403: "authorization_invalid",
    404: "resource_not_found",
    422: "form_param_value_invalid",
    429: "too_many_requests",
}
TRACE = "0123456789abcdef0123456789abcdef"


def refuse(refusal: Refusal) -> Response:
    """An error in Clerk's shape; a 429 says when to come back."""
    code = CODES.get(refusal.status, "internal_clerk_error")
    error = {"message": refusal.message, "long_message": refusal.message, "code": code}
    wait = refusal.retry_after or ("10" if refusal.status == 429 else None)
    extra = {"retry_after": wait} if wait else {}
    return answer(refusal.status, {"errors": [error], "clerk_trace_id": TRACE}, **extra)


def guard(world: World, request: Request) -> Response | None:
    """401 for anything but a known secret key."""
    if request.bearer() not in world.state("clerk")["keys"]:
        return refuse(Refusal(401, "The provided Clerk Secret Key is invalid. Make sure that your key is correct."))
    return None


@ROUTES.add("GET", "/v1/users/count")
def count(world: World, request: Request) -> Response:
    """How many users there are."""
    return answer(200, {"object": "total_count", "total_count": len(_users(world, request))})


@ROUTES.add("GET", "/v1/users")
def index(world: World, request: Request) -> Response:
    """A page of users, as a bare array."""
    limit, offset = request.number("limit", 10), request.number("offset", 0)
    if not 1 <= limit <= 500 or offset < 0:
        raise Refused(refuse(Refusal(422, "limit must be between 1 and 500 and offset not negative")))
    return answer(200, _users(world, request)[offset : offset + limit])


@ROUTES.add("GET", "/v1/users/{key}")
def show(world: World, request: Request, key: str) -> Response:
    """One user."""
    found = next((user for user in _users(world, request) if user["id"] == key), None)
    if found is None:
        raise Refused(refuse(Refusal(404, f"No user was found with id {key}.")))
    return answer(200, found)


@ROUTES.add("GET", "/v1/jwks")
def jwks(world: World, request: Request) -> Response:
    """The public keys that sessions are verified with."""
    keys = [
        {"use": "sig", "kty": "RSA", "kid": f"ins_simulated{number}", "alg": "RS256", "n": "simulated", "e": "AQAB"}
        for number in range(world.settings("clerk")["signing_keys"])
    ]
    return answer(200, {"keys": keys})


def _users(world: World, request: Request) -> list[dict[str, Any]]:
    state = world.state("clerk")
    users: list[dict[str, Any]] = state["instances"][state["keys"][request.bearer()]]
    return users
