"""A small JSON API of a customer's own: feature flags behind a bearer token, for the generic HTTP provider.

`PATCH /admin/feature-flags` with `{"name": {"enabled": false}, …}` sets flags (all or none), `GET` reads. `GET /health`
needs no token and names its version, `/echo` answers with what it was sent. Setting: `create_unknown` (false).
"""

from typing import Any

from .messages import Request, Response, answer
from .organisations import ORGANISATIONS, Organisation, ordered
from .routing import Routes
from .world import Refusal, Simulator, State, World, habits

ROUTES = Routes()
OPEN_PATHS = frozenset({"/health", "/"})
FLAGS = {"splitViewLayout": True, "aiSummarization": True, "smartReplies": False}


def refuse(refusal: Refusal) -> Response:
    """A plain JSON error."""
    extra = {"retry_after": refusal.retry_after} if refusal.retry_after else {}
    return answer(refusal.status, {"error": refusal.message}, **extra)


def token(organisation: Organisation) -> str:
    """The administrator's token of an organisation."""
    return f"admin-simulated-{organisation.slug}"


def start(epoch: float) -> State:
    """The same three flags for every organisation."""
    return {
        "simulation": habits(create_unknown=False),
        "tokens": {token(o): o.slug for o in ORGANISATIONS},
        "flags": {o.slug: {name: {"enabled": on} for name, on in FLAGS.items()} for o in ORGANISATIONS},
    }


def describe(state: State) -> dict[str, Any]:
    """Settings, credentials and objects; the first organisation's at the top."""
    each = {o.slug: _described(state, o) for o in ORGANISATIONS}
    return {**each[ORGANISATIONS[0].slug], "organisations": each}


def join(world: World, order: dict[str, Any]) -> dict[str, Any]:
    """Deed: a new customer with flags of its own; returns how to connect to it."""
    state, organisation = world.state("http"), ordered(order)
    state["tokens"][token(organisation)] = organisation.slug
    state["flags"][organisation.slug] = {name: {"enabled": on} for name, on in FLAGS.items()}
    return _described(state, organisation)


def _described(state: State, organisation: Organisation) -> dict[str, Any]:
    return {
        "settings": {},
        "credentials": {"headers": {"Authorization": f"Bearer {token(organisation)}"}},
        "objects": {"flags": state["flags"][organisation.slug], "path": "/admin/feature-flags"},
    }


def guard(world: World, request: Request) -> Response | None:
    """401 without a known token, except where everybody may look."""
    if request.path in OPEN_PATHS or request.bearer() in world.state("http")["tokens"]:
        return None
    return answer(401, {"error": "Unauthorized"}, www_authenticate="Bearer")


@ROUTES.add("GET", "/health", "/")
def health(world: World, request: Request) -> Response:
    """Alive, and which version it is."""
    return answer(200, {"status": "ok"}, x_version="v1.2.4")


@ROUTES.add("GET", "/admin/feature-flags")
def flags(world: World, request: Request) -> Response:
    """Every flag of the token's organisation."""
    return answer(200, _flags(world, request))


@ROUTES.add("PATCH", "/admin/feature-flags")
def change(world: World, request: Request) -> Response:
    """Sets flags; one bad entry and none is set."""
    known, wanted = _flags(world, request), request.object()
    may_create = world.settings("http")["create_unknown"]
    for name, value in wanted.items():
        if name not in known and not may_create:
            return answer(422, {"error": f"Unknown feature flag {name}"})
        if not isinstance(value, dict) or not isinstance(value.get("enabled"), bool):
            return answer(422, {"error": f"{name} needs {{'enabled': true or false}}"})
    known.update({name: {"enabled": value["enabled"]} for name, value in wanted.items()})
    request.effect("flags", set={name: value["enabled"] for name, value in wanted.items()})
    return answer(200, known)


@ROUTES.add("GET", "/echo")
@ROUTES.add("POST", "/echo")
@ROUTES.add("PUT", "/echo")
@ROUTES.add("PATCH", "/echo")
@ROUTES.add("DELETE", "/echo")
def echo(world: World, request: Request) -> Response:
    """What was sent."""
    if request.method != "GET":
        request.effect("echo", digest=request.digest)
    sent = {"method": request.method, "path": request.path, "query": request.query}
    return answer(200, {**sent, "body": request.body.decode("utf-8", "replace")})


def _flags(world: World, request: Request) -> dict[str, Any]:
    state = world.state("http")
    mine: dict[str, Any] = state["flags"][state["tokens"][request.bearer()]]
    return mine


SIMULATOR = Simulator("http", ROUTES, start, describe, refuse, controls={"join": join}, guard=guard)
