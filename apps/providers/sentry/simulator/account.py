"""Who asks: tokens, their scopes, organizations and projects."""

from typing import Any

from ...simulation.messages import Refused, Request, Response, answer
from ...simulation.organisations import ORGANISATIONS
from ...simulation.routing import Routes
from ...simulation.world import World

ROUTES = Routes()
READING = ("org:read", "org:write", "org:admin")
RELEASING = ("project:releases", "project:write", "project:admin", "org:ci")


def guard(world: World, request: Request) -> Response | None:
    """401 for a missing or unknown token; applications show their public key instead."""
    if request.path.endswith("/envelope/"):
        return None
    if not request.headers.get("authorization"):
        return answer(401, {"detail": "Authentication credentials were not provided."})
    if request.bearer() not in world.state("sentry")["tokens"]:
        return answer(401, {"detail": "Invalid token"})
    return None


def belongs(world: World, request: Request, organization: str) -> None:
    """Refuse an organization that is not the token's own, as one that does not exist."""
    if world.state("sentry")["tokens"].get(request.bearer()) != organization:
        raise Refused(answer(404, {"detail": "The requested resource does not exist"}))


def may(world: World, *scopes: str) -> None:
    """Refuse a token that has none of these scopes."""
    if not set(scopes) & set(world.settings("sentry")["scopes"]):
        raise Refused(answer(403, {"detail": "You do not have permission to perform this action."}))


def project_of(organization: str) -> str:
    """The one project of an organization."""
    return next(o.project_name for o in ORGANISATIONS if o.slug == organization)


@ROUTES.add("GET", "/api/0/")
def index(world: World, request: Request) -> Response:
    """Who the token is, as the command line's `info` asks."""
    scopes = world.settings("sentry")["scopes"]
    return answer(200, {"version": "0", "auth": {"scopes": scopes}, "user": None})


@ROUTES.add("GET", "/api/0/organizations/")
def organizations(world: World, request: Request) -> Response:
    """The token's own organization."""
    rules = {"dateCreated": "2024-01-01T00:00:00Z", "isEarlyAdopter": False, "require2FA": False, "features": []}
    return answer(200, [{**_named(world.state("sentry")["tokens"][request.bearer()]), **rules}])


@ROUTES.add("GET", "/api/0/organizations/{organization}/")
def show(world: World, request: Request, organization: str) -> Response:
    """The organization, with the token's rights in it."""
    belongs(world, request, organization)
    may(world, *READING)
    return answer(200, {**_named(organization), "access": world.settings("sentry")["scopes"]})


@ROUTES.add("GET", "/api/0/organizations/{organization}/projects/")
def projects(world: World, request: Request, organization: str) -> Response:
    """Its projects."""
    belongs(world, request, organization)
    return answer(200, [project(organization)])


@ROUTES.add("GET", "/api/0/projects/{organization}/{name}/")
def one_project(world: World, request: Request, organization: str, name: str) -> Response:
    """One project."""
    belongs(world, request, organization)
    if name != project_of(organization):
        raise Refused(answer(404, {"detail": "The requested resource does not exist"}))
    return answer(200, {**project(organization), "organization": _named(organization)})


def project(organization: str) -> dict[str, Any]:
    """A project in short."""
    number = [o.slug for o in ORGANISATIONS].index(organization) + 1
    name = project_of(organization)
    return {"id": str(number), "slug": name, "name": name, "platform": "javascript-nextjs", "platforms": ["javascript"]}


def chosen(world: World, request: Request, organization: str) -> bool:
    """Whether the query is about our one project, by slug, id, or all of them; 403 for somebody else's."""
    own = project(organization)
    for wanted in request.query.get("project", []):
        if wanted not in (own["slug"], own["id"], "-1"):
            raise Refused(answer(403, {"detail": "You do not have permission to perform this action."}))
    return all(name in ("production", "") for name in request.query.get("environment", []))


def _named(organization: str) -> dict[str, Any]:
    number = [o.slug for o in ORGANISATIONS].index(organization) + 1
    named = next(o.name for o in ORGANISATIONS if o.slug == organization)
    return {"id": str(number), "slug": organization, "name": named, "status": {"id": "active", "name": "active"}}
