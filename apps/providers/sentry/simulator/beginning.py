"""Sentry at the first start: an organization and a project for each customer, with the releases that went live."""

from datetime import UTC, datetime
from typing import Any

from ...simulation.organisations import ORGANISATIONS, Organisation
from ...simulation.world import State, habits
from .envelopes import public_key

SCOPES = ["org:read", "project:read", "project:releases", "event:read"]


def token(organisation: Organisation) -> str:
    """The token of the organization's internal integration."""
    return f"sntrys_simulated_{organisation.slug}"


def start(epoch: float) -> State:
    """Every release that went live, with its deploy."""
    return {
        "simulation": habits(
            dropped_percent=0, incomplete_minutes=1, traces=True, statuses=True, scopes=SCOPES, page=100
        ),
        "tokens": {token(o): o.slug for o in ORGANISATIONS},
        "releases": {o.slug: _releases(o, epoch) for o in ORGANISATIONS},
    }


def describe(state: State) -> dict[str, Any]:
    """Settings, credentials and objects; the first organisation's at the top."""
    each = {
        o.slug: {
            "settings": {"organization": o.slug, "project": o.project_name, "environment": "production"},
            "credentials": {"token": token(o)},
            "objects": {
                "releases": list(state["releases"][o.slug]),
                "public_key": public_key(o.slug),
                "project_number": str(number),
            },
        }
        for number, o in enumerate(ORGANISATIONS, start=1)
    }
    return {**each[ORGANISATIONS[0].slug], "organisations": each}


def iso(seconds: float) -> str:
    """A moment as Sentry writes it."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def release(version: str, project: str, at: float, **more: Any) -> dict[str, Any]:
    """A release as it is kept."""
    return {
        "version": version,
        "projects": [project],
        "ref": None,
        "url": None,
        "status": "open",
        "dateCreated": iso(at),
        "dateReleased": None,
        "deploys": [],
        **more,
    }


def deploy(number: int, environment: str, at: float, **more: Any) -> dict[str, Any]:
    """A deploy as it is kept and shown."""
    return {
        "id": str(number),
        "environment": environment,
        "name": None,
        "url": None,
        "dateStarted": None,
        "dateFinished": iso(at),
        **more,
    }


def _releases(organisation: Organisation, epoch: float) -> dict[str, Any]:
    kept = {}
    for number, one in enumerate(organisation.releases, start=1):
        if one.state != "PROMOTED":
            continue
        version, at = f"{organisation.project_name}@{one.version.removeprefix('v')}", epoch - one.age
        shown = {"ref": one.commit, "dateReleased": iso(at), "deploys": [deploy(number, "production", at)]}
        kept[version] = release(version, organisation.project_name, at, **shown)
    return kept
