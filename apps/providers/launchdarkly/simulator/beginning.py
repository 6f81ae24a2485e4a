"""The LaunchDarkly projects at the first start, and how to connect to them."""

from typing import Any

from ...simulation.organisations import ORGANISATIONS, Organisation
from ...simulation.world import State, habits

ENVIRONMENTS = ("production", "staging")


def start(epoch: float) -> State:
    """A project with its flags for every organisation, called like the hosting project."""
    projects = {o.slug: _project(o, int((epoch - o.releases[-1].age) * 1000)) for o in ORGANISATIONS}
    return {
        "simulation": habits(
            requires_approval=False, conflicts=0, version_on_no_change=False, approval_tags=[], role="writer"
        ),
        "tokens": {token(o): o.slug for o in ORGANISATIONS},
        "accounts": projects,
        "audit": [],
        "requests": {},
    }


def token(organisation: Organisation) -> str:
    """The access token of an organisation."""
    return f"api-simulated-{organisation.slug}"


def describe(state: State) -> dict[str, Any]:
    """Settings, credentials and objects; the first organisation's at the top."""
    each = {organisation.slug: described(state, organisation) for organisation in ORGANISATIONS}
    return {**each[ORGANISATIONS[0].slug], "organisations": each}


def described(state: State, organisation: Organisation) -> dict[str, Any]:
    """One organisation's settings, credentials and flags."""
    flags = state["accounts"][organisation.slug]["flags"]
    return {
        "settings": {"project_key": organisation.project_name, "environment_key": "production"},
        "credentials": {"token": token(organisation)},
        "objects": {"flags": {key: flag["environments"]["production"]["on"] for key, flag in flags.items()}},
    }


def add(state: State, organisation: Organisation, at_ms: int) -> None:
    """Puts an organisation with its project and flags into the world."""
    state["tokens"][token(organisation)] = organisation.slug
    state["accounts"][organisation.slug] = _project(organisation, at_ms)


def _project(organisation: Organisation, at_ms: int) -> dict[str, Any]:
    return {
        "project": organisation.project_name,
        "flags": {key: _new_flag(organisation, key, on, at_ms) for key, on in organisation.flags.items()},
    }


def _new_flag(organisation: Organisation, key: str, on: bool, at_ms: int) -> dict[str, Any]:
    def place(is_on: bool) -> dict[str, Any]:
        return {
            "on": is_on, "archived": False, "version": 7, "lastModified": at_ms, "offVariation": 1,
            "fallthrough": {"variation": 0}, "rules": [], "targets": [], "contextTargets": [],
            "prerequisites": [],
        }  # fmt: skip

    return {
        "key": key, "name": key.replace("-", " ").capitalize(), "kind": "boolean", "_version": 12,
        "project": organisation.project_name, "creationDate": at_ms - 86_400_000, "archived": False,
        "deprecated": False, "temporary": True, "tags": ["release"],
        "variations": [{"_id": f"{key}-yes", "value": True, "name": "on"},
                       {"_id": f"{key}-no", "value": False, "name": "off"}],
        "defaults": {"onVariation": 0, "offVariation": 1},
        "environments": {name: place(on if name == "production" else True) for name in ENVIRONMENTS},
    }  # fmt: skip
