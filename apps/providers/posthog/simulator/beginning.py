"""PostHog at the first start: a project for each customer, with the marks of its releases and its flags."""

from datetime import UTC, datetime
from typing import Any

from ...simulation.organisations import ORGANISATIONS, Organisation
from ...simulation.world import State, habits

FIRST_PROJECT = 41001
SCOPES = ["query:read", "annotation:read", "annotation:write", "feature_flag:read", "feature_flag:write"]


def key(organisation: Organisation) -> str:
    """The personal key of somebody in an organisation."""
    return f"phx_simulated_{organisation.slug}"


def project_token(organisation: Organisation) -> str:
    """The public token of an organisation's project."""
    return f"phc_simulated_{organisation.slug}"


def start(epoch: float) -> State:
    """A project of each organisation."""
    projects = {}
    for number, organisation in enumerate(ORGANISATIONS):
        live = [one for one in organisation.releases if one.state == "PROMOTED"]
        marks = [annotation(n, one.version, epoch - one.age) for n, one in enumerate(live, start=1)]
        projects[str(FIRST_PROJECT + number)] = {
            "slug": organisation.slug,
            "name": organisation.project_name,
            "annotations": marks,
            "flags": {name: {"id": 900 + n, "active": on} for n, (name, on) in enumerate(organisation.flags.items())},
            "captured": 0,
        }
    return {
        "simulation": habits(async_queries=False, cached=False, scopes=SCOPES, page=100),
        "keys": {key(o): str(FIRST_PROJECT + n) for n, o in enumerate(ORGANISATIONS)},
        "tokens": {project_token(o): str(FIRST_PROJECT + n) for n, o in enumerate(ORGANISATIONS)},
        "projects": projects,
    }


def describe(state: State) -> dict[str, Any]:
    """Settings, credentials and objects; the first organisation's at the top."""
    each = {
        o.slug: {
            "settings": {"project_id": state["keys"][key(o)]},
            "credentials": {"api_key": key(o)},
            "objects": {
                "project_token": project_token(o),
                "annotations": [one["content"] for one in state["projects"][state["keys"][key(o)]]["annotations"]],
                "flags": list(o.flags),
            },
        }
        for o in ORGANISATIONS
    }
    return {**each[ORGANISATIONS[0].slug], "organisations": each}


def iso(seconds: float) -> str:
    """A moment as PostHog writes it."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def annotation(number: int, content: str, at: float, **more: Any) -> dict[str, Any]:
    """An annotation as it is kept and shown."""
    return {
        "id": number,
        "content": content,
        "date_marker": iso(at),
        "creation_type": "USR",
        "dashboard_item": None,
        "dashboard_name": None,
        "insight_short_id": None,
        "insight_name": None,
        "created_by": None,
        "created_at": iso(at),
        "updated_at": iso(at),
        "deleted": False,
        "scope": "project",
        **more,
    }
