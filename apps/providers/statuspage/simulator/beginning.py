"""The status pages at the first start, and how to connect to them."""

from datetime import UTC, datetime
from typing import Any

from ...simulation.organisations import MOTION_MAVERICKS, ORGANISATIONS, Organisation
from ...simulation.world import State, habits

OPEN = "inc000000001"
NAMES = ("App", "API", "Share links")


def key(organisation: Organisation) -> str:
    """The API key of an organisation."""
    return f"statuspage-simulated-{organisation.slug}"


def page_id(organisation: Organisation) -> str:
    """The id of an organisation's page: twelve letters and digits, like Statuspage's."""
    return f"page{organisation.key.lower():x<8.8}"


def start(epoch: float) -> State:
    """A page with components for every organisation."""
    return {
        "simulation": habits(requests_a_minute=0, limit_status=420, resolve_resets=False, error_lists=False),
        "keys": {key(o): o.slug for o in ORGANISATIONS},
        "pages": {o.slug: _page(o, epoch) for o in ORGANISATIONS},
        "requests": {},
    }


def describe(state: State) -> dict[str, Any]:
    """Settings, credentials and objects; the first organisation's at the top."""
    each = {
        o.slug: {
            "settings": {"page_id": page_id(o)},
            "credentials": {"api_key": key(o)},
            "objects": {"components": {c["name"]: c["id"] for c in state["pages"][o.slug]["components"].values()}},
        }
        for o in ORGANISATIONS
    }
    return {**each[ORGANISATIONS[0].slug], "organisations": each}


def _page(organisation: Organisation, epoch: float) -> dict[str, Any]:
    ids = [f"comp{number}{organisation.key.lower():x<7.7}" for number in range(1, len(NAMES) + 1)]
    components = {
        key: {"id": key, "page_id": page_id(organisation), "name": name, "status": "operational", "position": number,
              "group": False, "showcase": True}
        for number, (key, name) in enumerate(zip(ids, NAMES, strict=True), start=1)
    }  # fmt: skip
    return {
        "id": page_id(organisation),
        "name": f"{organisation.name} Status",
        "domain": f"status.{organisation.slug}.example",
        "components": components,
        "incidents": _open_incidents(organisation, ids[0], epoch),
        "mails": 0,
    }


def _open_incidents(organisation: Organisation, component: str, epoch: float) -> dict[str, Any]:
    """What is open from before: Motion Mavericks' digests are late, and another program has marked it."""
    if organisation is not MOTION_MAVERICKS:
        return {}
    at = datetime.fromtimestamp(epoch - 3600, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    update = {
        "id": f"{OPEN}u1", "incident_id": OPEN, "status": "investigating", "body": "We are looking into it.",
        "created_at": at, "display_at": at, "deliver_notifications": True, "affected_components": None,
    }  # fmt: skip
    incident = {
        "id": OPEN, "page_id": page_id(organisation), "name": "Digests are late", "status": "investigating",
        "impact_override": "minor", "created_at": at, "updated_at": at, "monitoring_at": None, "resolved_at": None,
        "shortlink": f"https://stspg.example/{OPEN}", "metadata": {"jira": {"issue_id": "OPS-7"}},
        "component_ids": [component], "incident_updates": [update],
    }  # fmt: skip
    return {OPEN: incident}
