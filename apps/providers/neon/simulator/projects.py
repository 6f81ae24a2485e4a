"""Whose key it is, and the projects it sees."""

from ...simulation.messages import Request, Response, answer
from ...simulation.routing import Routes
from ...simulation.world import World
from . import shapes
from .account import project_of, refused, slug_of
from .timing import iso

ROUTES = Routes()


@ROUTES.add("GET", "/auth")
def auth(world: World, request: Request) -> Response:
    """What kind of key it is."""
    return answer(200, {"account_id": f"org-{slug_of(world, request)}", "auth_method": "api_key_org", "auth_data": "1"})


@ROUTES.add("GET", "/users/me")
def me(world: World, request: Request) -> Response:
    """The person behind the key."""
    slug, habits = slug_of(world, request), world.settings("neon")
    account = {"email": f"ops@{slug}.example", "name": slug, "login": slug, "image": "", "provider": "github"}
    billing = {
        "state": "active", "payment_source": {"type": "unknown"}, "subscription_type": habits["plan"],
        "payment_method": "none", "quota_reset_at_last": iso(world.now_ms()), "name": slug, "email": account["email"],
        "address_city": "", "address_country": "", "address_line1": "", "address_line2": "",
        "address_postal_code": "", "address_state": "",
    }  # fmt: skip
    return answer(
        200,
        {
            "active_seconds_limit": 0, "billing_account": billing, "auth_accounts": [account], "id": f"user-{slug}",
            "email": account["email"], "image": "", "login": slug, "name": slug, "last_name": "",
            "projects_limit": 10, "branches_limit": habits["branches_limit"], "max_autoscaling_limit": 8,
            "plan": habits["plan"],
        },
    )  # fmt: skip


@ROUTES.add("GET", "/users/me/organizations")
def organisations(world: World, request: Request) -> Response:
    """The one organisation of the key."""
    slug = slug_of(world, request)
    at = iso(int(world.started_at * 1000))
    one = {
        "id": f"org-{slug}", "name": slug, "handle": slug, "plan": world.settings("neon")["plan"], "created_at": at,
        "updated_at": at, "managed_by": "console",
    }  # fmt: skip
    return answer(200, {"organizations": [one]})


@ROUTES.add("GET", "/projects")
def index(world: World, request: Request) -> Response:
    """The projects of the key's organisation."""
    slug, wanted = slug_of(world, request), request.first("search")
    found = [
        shapes.listed(world, record)
        for record in world.state("neon")["projects"].values()
        if record["organisation"] == slug and wanted in f"{record['id']} {record['name']}"
    ]
    return answer(200, {"projects": found, "pagination": {"cursor": ""}, "unavailable_project_ids": []})


@ROUTES.add("GET", "/projects/shared")
def shared(world: World, request: Request) -> Response:
    """No project is shared with the key."""
    return answer(200, {"projects": [], "pagination": {"cursor": ""}, "unavailable_project_ids": []})


@ROUTES.add("GET", "/projects/{project}")
def show(world: World, request: Request, project: str) -> Response:
    """One project."""
    return answer(200, {"project": shapes.project(world, project_of(world, request, project))})


@ROUTES.add("PATCH", "/projects/{project}")
def change(world: World, request: Request, project: str) -> Response:
    """Changes the name or how long history is kept."""
    record = project_of(world, request, project)
    wanted = request.object().get("project") or {}
    if (seconds := wanted.get("history_retention_seconds")) is not None:
        if not isinstance(seconds, int) or not 0 <= seconds <= 2_592_000:
            raise refused(400, "history_retention_seconds must be between 0 and 2592000")
        world.settings("neon")["history_retention_seconds"] = seconds
    record["name"] = wanted.get("name") or record["name"]
    request.effect("update_project", project=project)
    return answer(200, {"project": shapes.project(world, record), "operations": []})
