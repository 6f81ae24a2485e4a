"""The Cachets at the first start, and how to connect to them."""

from typing import Any

from ...simulation.organisations import MOTION_MAVERICKS, ORGANISATIONS, Organisation
from ...simulation.world import State, habits

NAMES = ("App", "API", "Share links")
ABILITIES = ["incidents.manage", "incident-updates.manage", "components.manage"]


def token(organisation: Organisation) -> str:
    """The API token of an organisation: Sanctum's number, a bar and the secret."""
    return f"1|cachet-simulated-{organisation.slug}"


def start(epoch: float) -> State:
    """A page with components for every organisation; Motion Mavericks has an incident that is open."""
    return {
        "simulation": habits(abilities=ABILITIES, subscribers=True),
        "tokens": {token(o): o.slug for o in ORGANISATIONS},
        "pages": {o.slug: _page(o, epoch) for o in ORGANISATIONS},
    }


def describe(state: State) -> dict[str, Any]:
    """Settings, credentials and objects; the first organisation's at the top."""
    each = {
        o.slug: {
            "settings": {},
            "credentials": {"token": token(o)},
            "objects": {"components": {c["name"]: c["id"] for c in state["pages"][o.slug]["components"].values()}},
        }
        for o in ORGANISATIONS
    }
    return {**each[ORGANISATIONS[0].slug], "organisations": each}


def _page(organisation: Organisation, epoch: float) -> dict[str, Any]:
    components = {
        str(number): {"id": number, "name": name, "description": "", "status": 1, "order": number, "enabled": True}
        for number, name in enumerate(NAMES, start=1)
    }
    incidents: dict[str, Any] = {}
    if organisation is MOTION_MAVERICKS:
        incidents["1"] = {
            "id": 1, "guid": "6f1c9a52-0001-4c1e-9d3a-0c5a8f7b2e11", "name": "Digests are late", "status": 1,
            "message": "We are looking into it.", "visible": True, "stickied": False, "notifications": True,
            "at": epoch - 3600, "components": {"1": 2}, "meta": {}, "updates": [],
        }  # fmt: skip
    return {"organisation": organisation.slug, "components": components, "incidents": incidents, "mails": 0}
