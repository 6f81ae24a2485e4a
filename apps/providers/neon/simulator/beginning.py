"""The Neon projects at the first start, and how to connect to them."""

from typing import Any

from ...simulation.organisations import DAY, ORGANISATIONS, Organisation
from ...simulation.world import State, habits

PROJECT_AGE = 400 * DAY
TABLES = "CREATE TABLE public.projects (\n    id bigint NOT NULL,\n    name text NOT NULL\n);\n"


def start(epoch: float) -> State:
    """A project with a main branch and a staging child for every organisation."""
    return {
        "simulation": habits(
            operation_seconds=2,
            operations_end=True,
            failing_action="",
            failing_as="failed",
            plan="launch",
            history_retention_seconds=7 * DAY,
            branches_limit=10,
            snapshots_limit=10,
            rights="full",
            taken_status=409,
            restricted="",
            page=100,
        ),
        "tokens": {key(o): o.slug for o in ORGANISATIONS},
        "projects": {project_id(o): _project(o, epoch) for o in ORGANISATIONS},
    }


def key(organisation: Organisation) -> str:
    """The API key of an organisation."""
    return f"napi_simulated_{organisation.slug}"


def project_id(organisation: Organisation) -> str:
    """The project of an organisation."""
    return f"quiet-{organisation.project_name}-028834"


def main_id(organisation: Organisation) -> str:
    """The default branch of an organisation's project."""
    return f"br-main-{organisation.slug}"


def describe(state: State) -> dict[str, Any]:
    """Settings, credentials and objects; the first organisation's at the top."""
    each = {organisation.slug: _described(state, organisation) for organisation in ORGANISATIONS}
    return {**each[ORGANISATIONS[0].slug], "organisations": each}


def new_branch(name: str, *, at_ms: int, history: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    """A branch record; `shapes` turns it into what the API says. `history` is what was written, oldest first."""
    return {
        "id": "", "name": name, "parent": None, "from": None, "by_time": False, "default": False, "protected": False,
        "created": at_ms, "changed": at_ms, "reset": None, "waits_for": [], "meanwhile": "init",
        "history": history, **more,
    }  # fmt: skip


def _described(state: State, organisation: Organisation) -> dict[str, Any]:
    project = state["projects"][project_id(organisation)]
    return {
        "settings": {"project_id": project["id"], "branch_id": main_id(organisation)},
        "credentials": {"api_key": key(organisation)},
        "objects": {
            "project": {"id": project["id"], "name": project["name"], "database": project["database"]},
            "branches": {branch["id"]: branch["name"] for branch in project["branches"].values()},
        },
    }


def _project(organisation: Organisation, epoch: float) -> dict[str, Any]:
    created = int((epoch - PROJECT_AGE) * 1000)
    history = [{"at": created, "sql": TABLES}]
    for release in organisation.releases:
        if release.state == "PROMOTED":
            column = release.version.replace(".", "_")
            sql = f"ALTER TABLE public.projects ADD COLUMN {column} text;\n"
            history.append({"at": int((epoch - release.age) * 1000), "sql": sql})
    main = new_branch("main", at_ms=created, history=history, id=main_id(organisation), default=True)
    staging = new_branch(
        "staging", at_ms=created, history=history[:1], id=f"br-staging-{organisation.slug}", parent=main["id"],
        **{"from": created},
    )  # fmt: skip
    kept = new_branch("main-before-2026-audit", at_ms=created, history=history[:2], id=f"br-kept-{organisation.slug}")
    preview = new_branch(
        "preview-share-links", at_ms=int(epoch * 1000), history=history[:-1], parent=main["id"], by_time=True,
        id=f"br-preview-{organisation.slug}", **{"from": int((epoch - 3600) * 1000)},
    )  # fmt: skip
    branches = {branch["id"]: branch for branch in (main, staging, kept, preview)}
    endpoint = {
        "id": f"ep-main-{organisation.slug}",
        "branch": main["id"],
        "created": created,
        "started": created,
        "disabled": False,
    }
    return {
        "id": project_id(organisation), "name": organisation.project_name, "organisation": organisation.slug,
        "org": f"org-{organisation.slug}", "created": created, "serial": 0,
        "database": organisation.project_name.replace("-", "_"),
        "branches": branches, "operations": [], "snapshots": {},
        "endpoints": {endpoint["id"]: endpoint}, "connections_dropped": 0,
    }  # fmt: skip
