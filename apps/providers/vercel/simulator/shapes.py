"""How Vercel words what it knows: deployments, projects, aliases as JSON."""

from typing import Any

from ...simulation import traffic
from ...simulation.world import State

Record = dict[str, Any]


def _meta(deployment: Record) -> Record:
    return {
        "githubCommitSha": deployment["commit"],
        "githubCommitRef": "main" if deployment["target"] else "feature",
        "githubCommitMessage": f"{deployment['version']}: {deployment['message']}",
        "githubCommitAuthorName": deployment["author"],
        "version": deployment["version"],
        **deployment["meta"],
    }


def _creator(deployment: Record) -> Record:
    username = deployment["author"].lower().replace(" ", "-")
    return {"uid": f"user_{username}", "username": username, "email": f"{username}@example.com"}


def _assigned_at(state: State, deployment: Record) -> int | None:
    promoted: int | None = deployment["promoted_at"]
    return promoted


def listed(state: State, deployment: Record) -> Record:
    """An item of the list of deployments: its id is called `uid`."""
    project = state["projects"][deployment["project"]]
    return {
        "uid": deployment["id"],
        "name": deployment["name"],
        "projectId": deployment["project"],
        "url": deployment["url"],
        "created": deployment["created"],
        "createdAt": deployment["created"],
        "buildingAt": deployment["created"] + 1000,
        "ready": deployment["ready"],
        "state": deployment["state"],
        "readyState": deployment["state"],
        "readySubstate": deployment["substate"],
        "target": deployment["target"],
        "type": "LAMBDAS",
        "source": "git",
        "isRollbackCandidate": is_candidate(project, deployment),
        "aliasAssigned": _assigned_at(state, deployment),
        "aliasError": None,
        "inspectorUrl": f"https://vercel.example/{project['name']}/{deployment['id'].removeprefix('dpl_')}",
        "creator": _creator(deployment),
        "meta": _meta(deployment),
    }


def single(state: State, deployment: Record) -> Record:
    """One deployment by itself: its id is called `id`, and owner and project are named."""
    team = state["teams"][deployment["team"]]
    item = listed(state, deployment)
    del item["uid"], item["isRollbackCandidate"]
    project = state["projects"][deployment["project"]]
    here = aliases_of(project, deployment["id"])
    return {
        **item,
        "id": deployment["id"],
        "version": 2,
        "ownerId": team["id"],
        "team": {"id": team["id"], "name": team["name"], "slug": team["slug"]},
        "project": {"id": project["id"], "name": project["name"], "framework": "nextjs"},
        "alias": here,
        "automaticAliases": [],
        "userAliases": here,
        "aliasAssigned": bool(deployment["promoted_at"]),
        "aliasAssignedAt": deployment["promoted_at"],
        "autoAssignCustomDomains": deployment["substate"] != "STAGED",
        "status": deployment["state"],
        "readyStateReason": None,
        "errorMessage": 'Command "npm run build" exited with 1' if deployment["state"] == "ERROR" else None,
        "gitSource": {"type": "github", "ref": "main", "sha": deployment["commit"]},
        "regions": ["syd1"],
        "plan": state["simulation"]["plan"],
        "public": False,
        "env": [],
        "build": {"env": []},
        "builds": [],
        "routes": [],
        "functions": None,
    }


def is_candidate(project: Record, deployment: Record) -> bool:
    """Whether a rollback to it is offered: ready, in production before, and not live now."""
    return (
        deployment["state"] == "READY"
        and deployment["target"] == "production"
        and deployment["substate"] == "PROMOTED"
        and not deployment["removed"]
        and traffic.converged(project) != deployment["id"]
    )


def aliases_of(project: Record, deployment: str) -> list[str]:
    """Every address of the project that points to a deployment."""
    both = {**project["aliases"], **project["others"]}
    return [alias for alias, record in both.items() if record["deployment"] == deployment]


def project(state: State, record: Record, now_ms: int, *, rollback_info: bool) -> Record:
    """A project; what the last alias job did is told only when asked for."""
    live = traffic.current(record)
    shown = {
        "id": record["id"],
        "name": record["name"],
        "accountId": record["accountId"],
        "createdAt": record["createdAt"],
        "updatedAt": record["createdAt"],
        "framework": "nextjs",
        "live": not record["paused"],
        "paused": record["paused"],
        "autoAssignCustomDomains": record["autoAssignCustomDomains"],
        "alias": [_project_alias(state, alias, entry) for alias, entry in record["aliases"].items()],
        "targets": {"production": single(state, state["deployments"][live])} if live else {},
        "latestDeployments": [single(state, state["deployments"][live])] if live else [],
        "env": [],
        "link": _link(state["teams"][record["accountId"]]["slug"], record),
        "deploymentExpiration": {"expirationDays": 30},
        "defaultResourceConfig": {"functionDefaultRegions": ["syd1"]},
        "resourceConfig": {"functionDefaultRegions": ["syd1"]},
        "directoryListing": False,
        "nodeVersion": "22.x",
        "lastRollbackTarget": None,
    }
    if record["rollbackDescription"]:
        shown["rollbackDescription"] = record["rollbackDescription"]
    if rollback_info:
        shown["lastAliasRequest"] = last_request(record, now_ms)
    return shown


def last_request(record: Record, now_ms: int) -> Record | None:
    """The latest rollback or promote job, or None when there never was one."""
    job = record["job"]
    if not job:
        return None
    return {
        "fromDeploymentId": job["fromDeploymentId"],
        "toDeploymentId": job["toDeploymentId"],
        "fromRollingReleaseId": None,
        "jobStatus": traffic.status(job, now_ms),
        "requestedAt": job["requestedAt"],
        "type": job["type"],
    }


def _project_alias(state: State, alias: str, entry: Record) -> Record:
    deployment = state["deployments"].get(entry["deployment"])
    return {
        "domain": alias,
        "environment": "production",
        "target": "PRODUCTION",
        "deployment": _served(state, deployment) if deployment else None,
        "redirect": None,
        "redirectStatusCode": None,
        "gitBranch": None,
        "configuredBy": "A",
    }


def _link(organisation: str, project_record: Record) -> Record:
    return {
        "type": "github",
        "org": organisation,
        "repoOwnerId": 1,
        "repo": project_record["name"],
        "repoId": 1,
        "createdAt": project_record["createdAt"],
        "updatedAt": project_record["createdAt"],
        "deployHooks": [],
        "gitCredentialId": "cred_simulated",
        "productionBranch": "main",
        "sourceless": False,
    }


def _served(state: State, deployment: Record) -> Record:
    """The deployment behind an address, as a project names it."""
    return {
        "id": deployment["id"],
        "name": deployment["name"],
        "url": deployment["url"],
        "plan": state["simulation"]["plan"],
        "private": True,
        "type": "LAMBDAS",
        "target": deployment["target"],
        "readyState": deployment["state"],
        "readySubstate": deployment["substate"],
        "createdAt": deployment["created"],
        "createdIn": "syd1",
        "creator": _creator(deployment),
        "deploymentHostname": deployment["url"].partition(".")[0],
        "meta": _meta(deployment),
        "teamId": deployment["team"],
        "userId": _creator(deployment)["uid"],
    }


def alias(state: State, project_record: Record, name: str, entry: Record) -> Record:
    """An address as the alias endpoints word it."""
    deployment = state["deployments"].get(entry["deployment"])
    return {
        "uid": entry["uid"],
        "alias": name,
        "created": entry["moved_at"],
        "createdAt": entry["moved_at"],
        "updatedAt": entry["moved_at"],
        "deletedAt": None,
        "deploymentId": entry["deployment"],
        "deployment": {"id": deployment["id"], "url": deployment["url"]} if deployment else None,
        "projectId": project_record["id"],
        "redirect": None,
        "redirectStatusCode": None,
    }
