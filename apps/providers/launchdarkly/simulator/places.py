"""What flags belong to: the caller, its token, projects and their environments."""

from ...simulation.messages import Request, Response, answer
from ...simulation.routing import Routes
from ...simulation.world import World
from . import shapes
from .account import account_of, account_slug, refused
from .beginning import ENVIRONMENTS

ROUTES = Routes()


@ROUTES.add("GET", "/api/v2/caller-identity")
def identity(world: World, request: Request) -> Response:
    """Whose token it is."""
    slug = account_slug(world, request) or ""
    told = {"accountId": slug, "tokenName": "rollback portal", "tokenKind": "auth", "authKind": "token"}
    return answer(200, {**told, "tokenId": f"token-{slug}", "serviceToken": True})


@ROUTES.add("GET", "/api/v2/tokens/{token}")
def token(world: World, request: Request, token: str) -> Response:
    """One token, its own; what it may do stands in its role."""
    slug = account_slug(world, request) or ""
    if token != f"token-{slug}":
        raise refused(404, "Unknown token")
    return answer(200, shapes.token(slug, world.settings("launchdarkly").get("role", "writer")))


@ROUTES.add("GET", "/api/v2/projects")
def projects(world: World, request: Request) -> Response:
    """The account's one project."""
    key = world.state("launchdarkly")["accounts"][account_slug(world, request)]["project"]
    links = {"self": shapes.link(request.path)}
    return answer(200, {"items": [shapes.project(key)], "totalCount": 1, "_links": links})


@ROUTES.add("GET", "/api/v2/projects/{project}")
def project(world: World, request: Request, project: str) -> Response:
    """The project."""
    account_of(world, request, project)
    return answer(200, shapes.project(project))


@ROUTES.add("GET", "/api/v2/projects/{project}/environments")
def environments(world: World, request: Request, project: str) -> Response:
    """Its environments."""
    account_of(world, request, project)
    items = [shapes.environment(world, project, key) for key in ENVIRONMENTS]
    links = {"self": shapes.link(request.path)}
    return answer(200, {"items": items, "totalCount": len(items), "_links": links})


@ROUTES.add("GET", "/api/v2/projects/{project}/environments/{environment}")
def environment(world: World, request: Request, project: str, environment: str) -> Response:
    """One environment."""
    account_of(world, request, project)
    if environment not in ENVIRONMENTS:
        raise refused(404, f"Unknown environment key {environment}")
    return answer(200, shapes.environment(world, project, environment))
