"""The Vercel world at the first start, and how to connect to it."""

from typing import Any

from ...simulation.organisations import ORGANISATIONS, Organisation, Release
from ...simulation.world import State, habits
from . import first_variables

BUILD_MS = 95_000  # from push to ready, as in a small Next.js project


def start(epoch: float) -> State:
    """Teams, projects, deployments and addresses of every organisation."""
    state: State = {
        "simulation": habits(
            propagation_seconds=6,
            edge_delay_seconds=1,
            plan="pro",
            repeat="conflict",
            job_ends=True,
            failing_aliases=[],
            flip_auto_assign=False,
            rolling_release=False,
            rights="full",
            token_days=90,
            build_seconds=5,
            redeploy_env="current",
            env_page=100,
            sensitive_in_pull="empty",
            tells_deployment_env=True,
        ),
        "teams": {},
        "tokens": {},
        "projects": {},
        "deployments": {},
        "webhooks": [],
        "events": [],
    }
    for organisation in ORGANISATIONS:
        add(state, organisation, epoch)
    return state


def token(organisation: Organisation) -> str:
    """The access token of an organisation's team; the command line takes letters, digits and `_` only."""
    return f"vercel_simulated_{organisation.slug.replace('-', '_')}"


def describe(state: State) -> dict[str, Any]:
    """Settings, credentials and objects; the first organisation's at the top."""
    each = {o.slug: described(state, o) for o in ORGANISATIONS}
    return {**each[ORGANISATIONS[0].slug], "organisations": each}


def new_deployment(
    organisation_project: dict[str, Any], release: Release, live_ms: int, *, ready: str = "READY"
) -> dict[str, Any]:
    """A deployment record of ours; `shapes` turns it into what the API says."""
    production = release.state != "PREVIEW"
    substate = {"PROMOTED": "PROMOTED", "STAGED": "STAGED"}.get(release.state)
    label = release.deployment.removeprefix("dpl_").lower()
    return {
        "id": release.deployment,
        "name": organisation_project["name"],
        "project": organisation_project["id"],
        "team": organisation_project["accountId"],
        "url": f"{organisation_project['name']}-{label}.vercel.example",
        "version": release.version,
        "commit": release.commit,
        "author": release.author,
        "message": release.message,
        "broken": release.broken,
        "target": "production" if production else None,
        "created": live_ms - BUILD_MS,
        "ready": live_ms,
        "state": "ERROR" if release.state == "ERROR" else ready,
        "substate": substate,
        "promoted_at": live_ms if substate == "PROMOTED" else None,
        "removed": False,
        "meta": {},
        "env": {},
    }


def add(state: State, organisation: Organisation, epoch: float) -> None:
    """Puts an organisation with its team, project, deployments and addresses into the world."""
    state["teams"][organisation.team] = {
        "id": organisation.team,
        "slug": organisation.slug,
        "name": organisation.name,
        "user": f"user_{organisation.key.lower()}",
    }
    state["tokens"][token(organisation)] = organisation.team
    project = _project(organisation, epoch)
    state["projects"][organisation.project] = project
    live = None
    for release in organisation.releases:
        live_ms = int((epoch - release.age) * 1000)
        deployment = new_deployment(project, release, live_ms)
        deployment["env"] = first_variables.of_deployment(project, release)
        state["deployments"][release.deployment] = deployment
        if release.state == "PROMOTED":
            live = (release.deployment, live_ms)
    for number, address in enumerate(organisation.addresses, start=1):
        project["aliases"][address] = {
            "uid": f"als_{organisation.key.lower()}{number}",
            "deployment": live[0] if live else None,
            "before": None,
            "moved_at": live[1] if live else 0,
        }


def _project(organisation: Organisation, epoch: float) -> dict[str, Any]:
    created = int((epoch - 400 * 86400) * 1000)
    return {
        "id": organisation.project,
        "name": organisation.project_name,
        "accountId": organisation.team,
        "createdAt": created,
        "aliases": {},
        "others": {},
        "job": None,
        "pinned": False,
        "rollbackDescription": None,
        "autoAssignCustomDomains": True,
        "paused": False,
        "env": first_variables.of_project(organisation, created, epoch),
        "routes": [],
    }


def described(state: State, organisation: Organisation) -> dict[str, Any]:
    """One organisation's settings, credentials and objects."""
    project = state["projects"][organisation.project]
    fields = (
        "id",
        "version",
        "commit",
        "author",
        "message",
        "state",
        "substate",
        "target",
        "promoted_at",
        "url",
    )
    deployments = [
        {**{name: d[name] for name in fields}, "broken": d["broken"]}
        for d in state["deployments"].values()
        if d["project"] == organisation.project
    ]
    return {
        "settings": {"project_id": organisation.project, "team_id": organisation.team},
        "credentials": {"token": token(organisation)},
        "objects": {
            "project": {"id": project["id"], "name": project["name"]},
            "deployments": deployments,
            "aliases": {alias: record["deployment"] for alias, record in project["aliases"].items()},
        },
    }
