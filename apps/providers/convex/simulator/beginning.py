"""The Convex deployments at the first start, and how to connect to them."""

from typing import Any

from ...simulation.organisations import DERRIMUT, ORGANISATIONS, Organisation
from ...simulation.world import State, habits

NANOSECONDS = 1_000_000_000
SNAPSHOT = 1_772_330_400 * NANOSECONDS  # 2026-03-01 02:00 UTC, before the bad release; constant, as ids are
COPY_AGE = 300  # seconds since somebody kept a copy, at the first start
USERS = 5


def deploy_key(organisation: Organisation) -> str:
    """The key of an organisation's production deployment."""
    return f"prod:{name_of(organisation)}|simulated-{organisation.slug}-key"


def pipeline_token(organisation: Organisation) -> str:
    """The token that may start the organisation's workflows."""
    return f"github_pat_simulated_{organisation.slug}"


def name_of(organisation: Organisation) -> str:
    """What the deployment is called."""
    return f"happy-{organisation.slug}-101"


def repository(organisation: Organisation) -> str:
    """Whose workflow deploys."""
    return f"{organisation.slug}/{organisation.project_name}"


def document(name: str) -> dict[str, Any]:
    """One document of a table."""
    return {"_id": f"k17{name}", "_creationTime": 1_750_000_000_000.0, "name": name}


def start(epoch: float) -> State:
    """A deployment for every organisation, at its newest release, with an old snapshot and a fresh one."""
    return {
        "simulation": habits(
            failed_status=200, export_seconds=20, import_seconds=20, deploy_seconds=45, deploy_fails=False,
            parse_fails=False,
        ),
        "keys": {deploy_key(o): o.slug for o in ORGANISATIONS},
        "pipeline_tokens": {pipeline_token(o): o.slug for o in ORGANISATIONS},
        "deployments": {o.slug: _deployment(o, epoch) for o in ORGANISATIONS},
        "uploads": {},
    }  # fmt: skip


def describe(state: State) -> dict[str, Any]:
    """Settings, credentials and objects; those of Derrimut at the top."""
    each = {o.slug: _described(state["deployments"][o.slug], o) for o in ORGANISATIONS}
    return {**each[DERRIMUT.slug], "organisations": each}


def _described(deployment: dict[str, Any], organisation: Organisation) -> dict[str, Any]:
    return {
        "settings": {
            "deployment": name_of(organisation),
            "version_query": "version:current",
            "pipeline": f"{repository(organisation)}/deploy-convex.yml",
            "pipeline_ref": "main",
        },
        "credentials": {
            "deploy_key": deploy_key(organisation),
            "pipeline_token": pipeline_token(organisation),
        },
        "objects": {
            "functions": ["version:current", "users:getUserByClerkId", "users:count"],
            "snapshots": [deployment["exports"][0]["name"]],
            "commits": {release.version: release.commit for release in organisation.releases},
        },
    }


def _deployment(organisation: Organisation, epoch: float) -> dict[str, Any]:
    tables = {
        "users": [document(f"user{n}") for n in range(USERS)],
        "memberships": [document(f"m{n}") for n in range(3)],
    }
    return {
        "name": name_of(organisation),
        "organisation": organisation.slug,
        "repository": repository(organisation),
        "commit": organisation.releases[-1].commit,
        "known": [release.commit for release in organisation.releases],
        "tables": {name: list(rows) for name, rows in tables.items()},
        "exports": [_export(SNAPSHOT, tables), _export(int(epoch - COPY_AGE) * NANOSECONDS, tables)],
        "imports": [],
        "deploys": [],
        "broken": [],
    }


def _export(stamp: int, tables: dict[str, Any]) -> dict[str, Any]:
    taken = stamp // NANOSECONDS
    return {"name": str(stamp), "requested": taken, "due": taken, "state": "completed", "tables": tables}
