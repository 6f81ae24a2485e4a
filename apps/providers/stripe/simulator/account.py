"""Whose Stripe account a request speaks for, its balance, and how a request is refused."""

import base64
import binascii
from typing import Any

from ...simulation.messages import Refused, Request, Response, answer
from ...simulation.routing import Routes
from ...simulation.world import Refusal, World

ROUTES = Routes()
TYPES = {429: "invalid_request_error", 500: "api_error"}
CODES = {429: "rate_limit", 403: "more_permissions_required"}


def refuse(refusal: Refusal) -> Response:
    """An error in Stripe's shape."""
    kind = TYPES.get(refusal.status, "api_error" if refusal.status >= 500 else "invalid_request_error")
    error: dict[str, Any] = {"message": refusal.message, "type": kind}
    if code := CODES.get(refusal.status):
        error["code"] = code
    extra = {"retry_after": refusal.retry_after} if refusal.retry_after else {}
    return answer(refusal.status, {"error": error}, **extra)


def guard(world: World, request: Request) -> Response | None:
    """401 for anything but a known key."""
    given = _key(request)
    if not given:
        text = "You did not provide an API key. You need to provide your API key in the Authorization header."
        return refuse(Refusal(401, text))
    if given not in world.state("stripe")["keys"]:
        return refuse(Refusal(401, f"Invalid API Key provided: {given[:8]}{'*' * 12}{given[-4:]}"))
    return None


@ROUTES.add("GET", "/v1/balance")
def balance(world: World, request: Request) -> Response:
    """The account's balance; a restricted key needs the right to read it."""
    state = world.state("stripe")
    given = _key(request)
    account = state["accounts"][state["keys"][given]]
    if given.startswith("rk_") and not state["simulation"]["balance_right"]:
        text = (
            f"The provided key '{given[:8]}{'*' * 12}{given[-4:]}' does not have the required permissions for this "
            f"endpoint on account '{account['id']}'. Having the 'rak_balance_read' permission would allow this request "
            "to continue."
        )
        raise Refused(refuse(Refusal(403, text)))
    funds = {
        name: [{**fund, "source_types": {"card": fund["amount"]}} for fund in account[name]]
        for name in ("available", "pending")
    }
    body = {"object": "balance", **funds, "connect_reserved": [{"amount": 0, "currency": "eur"}]}
    return answer(200, {**body, "livemode": state["simulation"]["livemode"]})


def _key(request: Request) -> str:
    """The key, sent as bearer token or as the user name of Basic sign-in."""
    scheme, _, rest = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return request.bearer()
    try:
        return base64.b64decode(rest, validate=True).decode().partition(":")[0]
    except (binascii.Error, UnicodeDecodeError):
        return ""
