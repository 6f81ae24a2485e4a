"""Whose status page a request speaks for, its rate limit, how a body is read and a request refused."""

import re
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qsl

from ...simulation.messages import Refused, Request, Response, answer
from ...simulation.world import Refusal, World

WINDOW_SECONDS = 60


def refuse(refusal: Refusal) -> Response:
    """An error in Statuspage's shape."""
    extra = {"retry_after": refusal.retry_after} if refusal.retry_after else {}
    return answer(refusal.status, {"message": refusal.message}, **extra)


def refused(world: World, status: int, message: str) -> Refused:
    """The same as an exception; as a list under `error` where that is the habit."""
    if world.settings("statuspage")["error_lists"]:
        return Refused(answer(status, {"error": [message]}))
    return Refused(refuse(Refusal(status, message)))


def guard(world: World, request: Request) -> Response | None:
    """401 for anything but a known key; 420 or 429 over the limit."""
    state, given = world.state("statuspage"), _key(request)
    if given not in state["keys"]:
        return answer(401, {"error": "Could not authenticate"})
    limit, times = state["simulation"]["requests_a_minute"], state["requests"].setdefault(given, [])
    times[:] = [at for at in times if at > world.now() - WINDOW_SECONDS]
    if limit and len(times) >= limit:
        return refuse(Refusal(state["simulation"]["limit_status"], "You have exceeded the rate limit."))
    times.append(world.now())
    return None


def page_of(world: World, request: Request, page: str) -> dict[str, Any]:
    """The page whose key was sent. Refuses a page that is not its own."""
    state = world.state("statuspage")
    found: dict[str, Any] = state["pages"][state["keys"][_key(request)]]
    if found["id"] != page:
        raise refused(world, 404, "Page not found")
    return found


def wanted(request: Request, name: str) -> dict[str, Any]:
    """What the body says under `name`, whether it is JSON or a form such as `incident[name]=…`."""
    if "json" in request.headers.get("content-type", ""):
        found = request.object().get(name)
        return found if isinstance(found, dict) else {}
    form: dict[str, Any] = {}
    for field, value in parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True):
        parts = re.findall(r"[^\[\]]+|(?<=\[)(?=\])", field)
        _put(form, parts, value)
    found = form.get(name)
    return found if isinstance(found, dict) else {}


def _put(form: dict[str, Any], parts: list[str], value: str) -> None:
    for part, following in pairwise(parts):
        if following == "":
            form.setdefault(part, []).append(value)
            return
        form = form.setdefault(part, {})
    form[parts[-1]] = {"true": True, "false": False}.get(value, value)


def _key(request: Request) -> str:
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    return given.strip() if scheme == "OAuth" else request.first("api_key")
