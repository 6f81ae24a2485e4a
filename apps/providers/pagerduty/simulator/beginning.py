"""The PagerDuty accounts at the first start, and how to connect to them."""

from typing import Any

from ...simulation.organisations import MINUTE, MOTION_MAVERICKS, ORGANISATIONS, Organisation
from ...simulation.world import State, habits
from .making import incident

ABILITIES = ["teams", "urgencies", "coordinated_responding", "status_updates"]


def api_token(organisation: Organisation) -> str:
    """The account's REST key."""
    return f"pagerduty-simulated-{organisation.slug}"


def routing_key(organisation: Organisation) -> str:
    """The integration key of the account's service: 32 characters."""
    return f"simulatedroutingkey{organisation.key.lower()}".ljust(32, "0")[:32]


def from_email(organisation: Organisation) -> str:
    """The user in whose name the portal acts."""
    return f"rollback-portal@{organisation.slug}.example"


def start(epoch: float) -> State:
    """An account with users and one service for every organisation; one open incident at Motion Mavericks."""
    state: State = {
        "simulation": habits(event_delay_seconds=0.5, repeats="refuse", abilities=ABILITIES, event_keys="shown"),
        "tokens": {api_token(o): o.slug for o in ORGANISATIONS},
        "routing": {routing_key(o): o.slug for o in ORGANISATIONS},
        "accounts": {o.slug: _account(o) for o in ORGANISATIONS},
        "pending": [],
        "open_alerts": {},
        "changes": [],
        "last_number": 410,
    }
    opened = incident(state, MOTION_MAVERICKS.slug, "Share links fail: error rate above 1 %", epoch - 8 * MINUTE)
    opened["body"] = "34 % of share links answer 500 since v2.31.0 went live."
    return state


def describe(state: State) -> dict[str, Any]:
    """Settings, credentials and objects; the first organisation's at the top."""
    each = {organisation.slug: described(state, organisation) for organisation in ORGANISATIONS}
    return {**each[ORGANISATIONS[0].slug], "organisations": each}


def described(state: State, organisation: Organisation) -> dict[str, Any]:
    """One organisation's settings, credentials and objects."""
    account = state["accounts"][organisation.slug]
    return {
        "settings": {"service_id": account["service"]["id"], "from_email": from_email(organisation)},
        "credentials": {"api_token": api_token(organisation), "routing_key": routing_key(organisation)},
        "objects": {
            "incidents": {key: i["status"] for key, i in account["incidents"].items()},
            "users": [user["email"] for user in account["users"].values()],
        },
    }


def add(state: State, organisation: Organisation) -> None:
    """Puts an organisation with an account of its own into the world."""
    state["tokens"][api_token(organisation)] = organisation.slug
    state["routing"][routing_key(organisation)] = organisation.slug
    state["accounts"][organisation.slug] = _account(organisation)


def _account(organisation: Organisation) -> dict[str, Any]:
    key = organisation.key[:6]
    roles = ("rollback-portal", "incident-commander", "reliability-partner", "technical-lead", "admin")
    users = {
        f"P{key}U{number}": {
            "id": f"P{key}U{number}",
            "type": "user",
            "name": role.replace("-", " ").capitalize(),
            "summary": role.replace("-", " ").capitalize(),
            "email": f"{role}@{organisation.slug}.example",
            "role": "admin",
        }
        for number, role in enumerate(roles, start=1)
    }
    service = {
        "id": f"P{key}S1",
        "type": "service",
        "name": organisation.project_name,
        "summary": organisation.project_name,
        "status": "active",
    }
    policy = {"id": f"P{key}E1", "type": "escalation_policy_reference", "summary": "On call"}
    return {"users": users, "service": service, "policy": policy, "incidents": {}}
