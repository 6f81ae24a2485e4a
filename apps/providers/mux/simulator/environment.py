"""Whose environment a request speaks for, and how it is refused."""

import base64
import binascii
from typing import Any

from ...simulation.messages import Refused, Request, Response, answer
from ...simulation.world import Refusal, World

TYPES = {400: "invalid_parameters", 401: "unauthorized", 403: "forbidden", 404: "not_found", 412: "precondition_failed",
         429: "too_many_requests"}  # fmt: skip


def refuse(refusal: Refusal) -> Response:
    """An error in Mux's shape."""
    kind = TYPES.get(refusal.status, "internal_server_error")
    extra = {"retry_after": refusal.retry_after} if refusal.retry_after else {}
    return answer(refusal.status, {"error": {"type": kind, "messages": [refusal.message]}}, **extra)


def refused(status: int, message: str) -> Refused:
    """The same as an exception, for use deep in a handler."""
    return Refused(refuse(Refusal(status, message)))


def environment(world: World, request: Request) -> dict[str, Any]:
    """The environment whose token was sent by Basic sign-in. Refuses with 401."""
    state = world.state("mux")
    scheme, _, word = request.headers.get("authorization", "").partition(" ")
    try:
        given = base64.b64decode(word, validate=True).decode() if scheme.lower() == "basic" else ""
    except (binascii.Error, UnicodeDecodeError):
        given = ""
    if given not in state["tokens"]:
        raise refused(401, "Unauthorized request")
    found: dict[str, Any] = state["environments"][state["tokens"][given]]
    return found
