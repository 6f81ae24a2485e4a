"""Whose account a PagerDuty request speaks for, who acts in it, and how it is refused."""

import re
from typing import Any

from ...simulation import messages
from ...simulation.messages import Request, Response, answer
from ...simulation.world import World
from .appearing import settle

Account = dict[str, Any]
CODES = {400: 2001, 401: 2006, 402: 2014, 403: 2010, 404: 2100, 405: 2001, 413: 2001}
REMAINING = {"ratelimit-limit": "960", "ratelimit-remaining": "959", "ratelimit-reset": "30"}
TOKEN = re.compile(r"(?:Token token=|Bearer )(\S+)", re.IGNORECASE)


class Refused(messages.Refused):
    """A refusal in PagerDuty's shape."""

    def __init__(self, status: int, code: int, message: str, *errors: str) -> None:
        super().__init__(refuse_with(status, code, message, *errors))


def refuse_with(status: int, code: int, message: str, *errors: str) -> Response:
    """`{"error": {"message", "code", "errors"}}`."""
    return answer(status, {"error": {"message": message, "code": code, "errors": list(errors)}})


def guard(world: World, request: Request) -> Response | None:
    """401 without a known key; events carry their own routing key and need none."""
    settle(world)
    if request.path.startswith(("/v2/", "/view/")):
        return None
    if _token(request) not in world.state("pagerduty")["tokens"]:
        return refuse_with(401, 2006, "Unauthorized", "The API key is not valid.")
    return None


def account_of(world: World, request: Request) -> Account:
    """The account of the key that was sent."""
    state = world.state("pagerduty")
    account: Account = state["accounts"][state["tokens"][_token(request)]]
    return account


def acting_user(world: World, request: Request) -> dict[str, Any]:
    """The user named by the `From` header; raises 400 with code 1008."""
    sent = request.headers.get("from", "")
    for user in account_of(world, request)["users"].values():
        if user["email"] == sent:
            found: dict[str, Any] = user
            return found
    raise Refused(400, 1008, "Requester User Not Found", "The From header must be a valid user's email address.")


def incident_of(world: World, request: Request, name: str) -> dict[str, Any]:
    """The incident by id or number; raises 404."""
    for incident in account_of(world, request)["incidents"].values():
        if name in (incident["id"], str(incident["incident_number"])):
            found: dict[str, Any] = incident
            return found
    raise Refused(404, 2100, "Not Found")


def _token(request: Request) -> str:
    match = TOKEN.fullmatch(request.headers.get("authorization", "").strip())
    return match[1].strip('"') if match else ""
