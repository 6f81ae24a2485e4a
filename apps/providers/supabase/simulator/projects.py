"""Projects, their organisation and add-ons, their health, pausing and waking."""

from datetime import UTC, datetime
from typing import Any

from ...simulation.messages import Request, Response, answer, empty
from ...simulation.routing import Routes
from ...simulation.world import World
from .account import project_of, refused, slug_of
from .restoring import Project, settle, status

ROUTES = Routes()
SERVICES = ("auth", "db", "db_postgres_user", "pooler", "realtime", "rest", "storage", "pg_bouncer")


@ROUTES.add("GET", "/v1/projects")
def index(world: World, request: Request) -> Response:
    """The projects of the token's organisation."""
    slug = slug_of(world, request)
    projects = world.state("supabase")["projects"].values()
    found = [project for project in projects if project["organisation"] == slug]
    for project in found:
        settle(project, world.now_ms())
    return answer(200, [_shown(world, project) for project in found])


@ROUTES.add("GET", "/v1/projects/{ref}")
def show(world: World, request: Request, ref: str) -> Response:
    """One project with its status."""
    return answer(200, _shown(world, project_of(world, request, ref)))


@ROUTES.add("GET", "/v1/projects/{ref}/health")
def health(world: World, request: Request, ref: str) -> Response:
    """How the asked services are; `services` must be given."""
    project = project_of(world, request, ref)
    asked = [name for value in request.query.get("services", []) for name in value.split(",")]
    if not asked or not set(asked) <= set(SERVICES):
        raise refused(400, f"services must be some of {', '.join(SERVICES)}")
    return answer(200, [_service(world, project, name) for name in asked])


@ROUTES.add("GET", "/v1/organizations")
def organisations(world: World, request: Request) -> Response:
    """The one organisation of the token."""
    slug = slug_of(world, request)
    return answer(200, [{"id": slug, "slug": slug, "name": slug}])


@ROUTES.add("GET", "/v1/organizations/{slug}")
def organisation(world: World, request: Request, slug: str) -> Response:
    """The organisation with its plan."""
    if slug != slug_of(world, request):
        raise refused(403, "Forbidden resource")
    plan = world.settings("supabase")["plan"]
    shown = {"id": slug, "slug": slug, "name": slug, "plan": plan}
    return answer(200, {**shown, "opt_in_tags": [], "allowed_release_channels": ["ga"]})


@ROUTES.add("GET", "/v1/projects/{ref}/billing/addons")
def addons(world: World, request: Request, ref: str) -> Response:
    """The add-ons that were bought."""
    project_of(world, request, ref)
    habits = world.settings("supabase")
    variant = {
        "id": f"pitr_{habits['window_days']}", "name": f"{habits['window_days']} days",
        "price": {"description": "", "type": "usage", "interval": "hourly", "amount": 0.137},
    }  # fmt: skip
    selected = [{"type": "pitr", "variant": variant}] if habits["pitr"] else []
    return answer(200, {"selected_addons": selected, "available_addons": []})


@ROUTES.add("POST", "/v1/projects/{ref}/database/query/read-only", mutates=False)
def query(world: World, request: Request, ref: str) -> Response:
    """Answers 201 with rows; of all SQL only the question since when Postgres runs is understood."""
    project = project_of(world, request, ref)
    if "pg_postmaster_start_time" not in str(request.object().get("query")):
        raise refused(500, "Failed to run sql query: this simulator knows one query only")
    if status(world, project) != "ACTIVE_HEALTHY":
        raise refused(500, "Failed to run sql query: connection refused")
    job = project["restore"]
    since = job["ends"] if job and job["done"] else project["created"]
    return answer(201, [{"started": since // 1000}])


@ROUTES.add("GET", "/v1/projects/{ref}/branches")
def branches(world: World, request: Request, ref: str) -> Response:
    """No preview branches."""
    project_of(world, request, ref)
    return answer(200, [])


@ROUTES.add("GET", "/v1/projects/{ref}/api-keys")
def keys(world: World, request: Request, ref: str) -> Response:
    """The keys of the project's own API, which open nothing here."""
    project_of(world, request, ref)
    shown = [{"name": name, "type": "legacy", "api_key": f"simulated-{name}"} for name in ("anon", "service_role")]
    return answer(200, shown)


@ROUTES.add("GET", "/v1/projects/{ref}/restore")
def versions(world: World, request: Request, ref: str) -> Response:
    """With which version of Postgres a paused project can be woken."""
    project_of(world, request, ref)
    one = {"version": "17.4.1.054", "release_channel": "ga", "postgres_engine": "17"}
    return answer(200, {"available_versions": [one]})


@ROUTES.add("POST", "/v1/projects/{ref}/pause")
def pause(world: World, request: Request, ref: str) -> Response:
    """Pauses a project."""
    project_of(world, request, ref)["status"] = "INACTIVE"
    request.effect("pause", project=ref)
    return empty(200)


@ROUTES.add("POST", "/v1/projects/{ref}/restore")
def wake(world: World, request: Request, ref: str) -> Response:
    """Wakes a paused project, which Supabase calls to restore it too."""
    project_of(world, request, ref)["status"] = "ACTIVE_HEALTHY"
    request.effect("wake", project=ref)
    return empty(200)


def _shown(world: World, project: Project) -> dict[str, Any]:
    made = datetime.fromtimestamp(project["created"] / 1000, UTC).isoformat()
    return {
        "id": project["ref"], "ref": project["ref"], "organization_id": project["organisation"],
        "organization_slug": project["organisation"], "name": project["name"], "region": "eu-central-1",
        "created_at": made, "status": status(world, project),
        "database": {"host": f"db.{project['ref']}.supabase.example", "version": "17.4.1.054",
                     "postgres_engine": "17", "release_channel": "ga"},
    }  # fmt: skip


def _service(world: World, project: Project, name: str) -> dict[str, Any]:
    now = status(world, project)
    if now in ("COMING_UP", "RESTARTING"):
        return {"name": name, "healthy": False, "status": "COMING_UP"}
    if now != "ACTIVE_HEALTHY" or name in world.settings("supabase")["unhealthy"]:
        return {"name": name, "healthy": False, "status": "UNHEALTHY", "error": "connection refused"}
    return {"name": name, "healthy": True, "status": "ACTIVE_HEALTHY"}
