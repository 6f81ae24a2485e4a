"""Who asks the GitHub simulator, which repository is meant, and how it refuses and numbers its pages."""

import time
from datetime import UTC, datetime
from typing import Any

from ...simulation import messages
from ...simulation.messages import Request, Response, answer
from ...simulation.world import World

Repository = dict[str, Any]
HOUR = 3600
DOCUMENTATION = "https://docs.github.com/rest"


class Refused(messages.Refused):
    """A refusal in GitHub's shape."""

    def __init__(self, status: int, message: str, errors: list[Any] | None = None, **headers: str) -> None:
        super().__init__(refuse_with(status, message, errors, **headers))


def refuse_with(status: int, message: str, errors: list[Any] | None = None, **headers: str) -> Response:
    """An error in GitHub's shape; `status` stands in it as a text."""
    body: dict[str, Any] = {"message": message, "documentation_url": DOCUMENTATION, "status": str(status)}
    return answer(status, {**body, "errors": errors} if errors else body, **headers)


def guard(world: World, request: Request) -> Response | None:
    """Refuses a missing or unknown token, one without single sign-on, and an exhausted limit."""
    habits = world.settings("github")
    if request.path in ("/", "/meta"):
        return None
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() not in ("bearer", "token") or token not in world.state("github")["tokens"]:
        return refuse_with(401, "Bad credentials" if token else "Requires authentication")
    if habits["requests_left"] <= 0:
        return refuse_with(403, "API rate limit exceeded for user ID 1.")
    if habits["sso"] and request.path.startswith("/repos/"):
        message = "Resource protected by organization SAML enforcement. You must grant your token access."
        return refuse_with(403, message, x_github_sso="required; url=https://github.com/orgs/sso?authorization=1")
    return None


def finish(world: World, request: Request, response: Response) -> Response:
    """Puts the rate window, the token's end and its scopes on an answer."""
    habits = world.settings("github")
    left = 0 if response.status == 429 or habits["requests_left"] <= 0 else habits["requests_left"]
    if "retry-after" in response.headers:
        left = habits["requests_left"]  # a secondary limit leaves the primary one as it is
    window = {"limit": 5000, "remaining": left, "used": 5000 - left, "reset": int(time.time()) // HOUR * HOUR + HOUR}
    resource = "graphql" if request.path == "/graphql" else "core"
    version = request.headers.get("x-github-api-version", "2022-11-28")
    told = {f"x-ratelimit-{name}": str(value) for name, value in window.items()}
    told |= {"x-ratelimit-resource": resource, "x-github-api-version-selected": version}
    told["x-github-media-type"] = "github.v3; format=json"
    if habits["signs_in_with"] == "classic":
        told["x-oauth-scopes"] = "repo, workflow" if habits["rights"] != "read" else "read:org"
    if habits["expires_in_days"] is not None:
        ends = datetime.fromtimestamp(world.now() + habits["expires_in_days"] * 24 * HOUR, UTC)
        told["github-authentication-token-expiration"] = f"{ends:%Y-%m-%d %H:%M:%S} UTC"
    response.headers = {**told, **response.headers}
    return response


def repository_of(world: World, request: Request, owner: str, repo: str, right: str = "") -> Repository:
    """The repository, if the token's organisation owns it and the token has the right: write or admin.

    Raises `Refused`: 404 for what the token may not see.
    """
    token = request.headers.get("authorization", "").partition(" ")[2]
    holder = world.state("github")["tokens"][token]["organisation"]
    found: Repository | None = world.state("github")["repositories"].get(f"{owner}/{repo}".lower())
    if found is None or found["organisation"] != holder:
        raise Refused(404, "Not Found")
    rank = ("read", "write", "admin")
    if right and rank.index(world.settings("github")["rights"]) < rank.index(right):
        wanted = "administration=write" if right == "admin" else "contents=write"
        message = "Resource not accessible by personal access token"
        raise Refused(403, message, x_accepted_github_permissions=wanted)
    return found


def app_of(world: World, request: Request) -> int | None:
    """The id of the GitHub App whose token was sent."""
    token = request.headers.get("authorization", "").partition(" ")[2]
    app: int | None = world.state("github")["tokens"][token].get("app_id")
    return app


def paged(request: Request, items: list[Any], key: str = "") -> Response:
    """One page of a list, with the addresses of the others in `Link`."""
    size = max(1, min(request.number("per_page", 30), 100))
    page = max(1, request.number("page", 1))
    last = max(1, -(-len(items) // size))
    shown = items[(page - 1) * size : page * size]
    links = {"prev": page - 1, "first": 1} if page > 1 else {}
    links |= {"next": page + 1, "last": last} if page < last else {}
    kept = "".join(f"&{name}={values[0]}" for name, values in request.query.items() if name not in ("page", "per_page"))
    address = f"{request.address}{request.path}?per_page={size}{kept}"
    body = {"total_count": len(items), key: shown} if key else shown
    extra = {"link": ", ".join(f'<{address}&page={number}>; rel="{rel}"' for rel, number in links.items())}
    return answer(200, body, **(extra if links else {}))


def stamp(epoch: float | None) -> str | None:
    """A moment as GitHub writes it."""
    return None if epoch is None else datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
