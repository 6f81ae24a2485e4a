"""What the account has: services, users, abilities, priorities."""

from ...simulation.messages import Request, Response, answer
from ...simulation.routing import Routes
from ...simulation.world import World
from .account import Refused, account_of

ROUTES = Routes()
PAGE = {"limit": 25, "offset": 0, "more": False, "total": None}


@ROUTES.add("GET", "/services")
def services(world: World, request: Request) -> Response:
    """The account's one service."""
    return answer(200, {"services": [account_of(world, request)["service"]], **PAGE})


@ROUTES.add("GET", "/services/{name}")
def service(world: World, request: Request, name: str) -> Response:
    """A service by id."""
    found = account_of(world, request)["service"]
    if found["id"] != name:
        raise Refused(404, 2100, "Not Found")
    return answer(200, {"service": found})


@ROUTES.add("GET", "/abilities")
def abilities(world: World, request: Request) -> Response:
    """What the plan allows."""
    return answer(200, {"abilities": world.settings("pagerduty")["abilities"]})


@ROUTES.add("GET", "/abilities/{name}")
def ability(world: World, request: Request, name: str) -> Response:
    """204 when the plan allows it, else 402."""
    if name in world.settings("pagerduty")["abilities"]:
        return Response(204)
    raise Refused(402, 2014, "Account is missing the ability", name)


@ROUTES.add("GET", "/users")
def users(world: World, request: Request) -> Response:
    """Everybody, or those whose name or address contains `query`."""
    wanted = request.first("query").lower()
    every = account_of(world, request)["users"].values()
    found = [user for user in every if wanted in user["email"] or wanted in user["name"].lower()]
    return answer(200, {"users": found, **PAGE})


@ROUTES.add("GET", "/users/me")
def me(world: World, request: Request) -> Response:
    """Only a user's own token has a user; an account key has none."""
    raise Refused(400, 2001, "Bad Request", "The API key is not a user token.")


@ROUTES.add("GET", "/users/{name}")
def user(world: World, request: Request, name: str) -> Response:
    """A user by id."""
    found = account_of(world, request)["users"].get(name)
    if found is None:
        raise Refused(404, 2100, "Not Found")
    return answer(200, {"user": found})


@ROUTES.add("GET", "/priorities")
def priorities(world: World, request: Request) -> Response:
    """P1 to P4."""
    found = [{"id": f"PRIO{n}", "type": "priority", "name": f"P{n}", "summary": f"P{n}"} for n in range(1, 5)]
    return answer(200, {"priorities": found, **PAGE})


@ROUTES.add("GET", "/escalation_policies")
def policies(world: World, request: Request) -> Response:
    """The account's one policy."""
    return answer(200, {"escalation_policies": [account_of(world, request)["policy"]], **PAGE})
