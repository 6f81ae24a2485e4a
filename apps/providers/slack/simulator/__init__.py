"""The Slack simulator: the Web API of one workspace for each organisation, and a page that shows a channel.

Every API error is HTTP 200 with `ok: false`; only a rate limit is 429. Arguments may be a form, JSON or a
query. There is no idempotency key: a message posted twice stands there twice.
`/view/<organisation>/<channel>` shows a channel in the browser and renews itself.

Settings: `scopes` (list: what the bot may do; a missing one answers `missing_scope`). Deeds: `archive`
{organisation, channel}, `leave` {organisation, channel}, `say` {organisation, channel, text, user?, thread?},
`deliver` {organisation, envelope}: over Socket Mode, `refresh` {organisation}: its lines end, `lines` {organisation}.
"""

from typing import Any

from ...simulation.messages import Refused, Request, Response, answer
from ...simulation.routing import Routes
from ...simulation.world import Refusal, Simulator, World
from . import conversations, linking, messages, people, view
from .beginning import describe, start
from .deeds import DEEDS
from .workspace import METHODS, WRITING, arguments, problem, token_of

ROUTES = Routes()


def refuse(refusal: Refusal) -> Response:
    """An error in Slack's shape: 429 with `Retry-After`, unknown methods with HTTP 200."""
    if refusal.status == 429:
        return answer(429, {"ok": False, "error": "ratelimited"}, retry_after=refusal.retry_after or "1")
    if refusal.status in (404, 405):
        return answer(200, {"ok": False, "error": "unknown_method"})
    if refusal.status == 400:
        return answer(200, {"ok": False, "error": "invalid_json"})
    extra = {"retry_after": refusal.retry_after} if refusal.retry_after else {}
    return answer(refusal.status, {"ok": False, "error": "internal_error"}, **extra)


@ROUTES.add("POST", "/api/{method}")
@ROUTES.add("GET", "/api/{method}")
def call(world: World, request: Request, method: str) -> Response:
    """One method of the Web API."""
    if method == linking.METHOD:
        return linking.open_line(world, request)
    if method not in METHODS:
        return answer(200, {"ok": False, "error": "unknown_method", "req_method": method})
    scopes, handler = METHODS[method]
    fields = arguments(request)
    token = token_of(request, fields)
    state = world.state("slack")
    if not token:
        raise problem("not_authed")
    if token not in state["tokens"]:
        raise problem("invalid_auth")
    allowed = set(state["simulation"]["scopes"])
    if scopes and not scopes & allowed:
        raise problem("missing_scope", needed=",".join(sorted(scopes)), provided=",".join(sorted(allowed)))
    result: dict[str, Any] = handler(world, request, state["workspaces"][state["tokens"][token]], fields)
    return answer(200, {"ok": True, **result})


def mutates(request: Request) -> bool:
    """Whether the method changes the workspace."""
    return request.path.removeprefix("/api/") in WRITING


def finish(world: World, request: Request, response: Response) -> Response:
    """Adds the headers every answer of the Web API carries."""
    if request.path.startswith("/api/"):
        scopes = ",".join(world.settings("slack")["scopes"])
        response.headers.update({"x-oauth-scopes": scopes, "x-slack-req-id": f"sim-{world.now_ms()}"})
    return response


SIMULATOR = Simulator(
    slug="slack",
    routes=ROUTES.merge(view.ROUTES),
    start=start,
    describe=describe,
    refuse=refuse,
    controls=DEEDS,
    mutates=mutates,
    finish=finish,
    link=linking.link,
)

__all__ = ["SIMULATOR", "Refused", "conversations", "messages", "people"]
