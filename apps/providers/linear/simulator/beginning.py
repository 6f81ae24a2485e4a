"""The Linear workspaces at the first start, and how to connect to them."""

import hashlib
import uuid
from datetime import UTC, datetime
from typing import Any

from ...simulation.organisations import DAY, ORGANISATIONS, Organisation
from ...simulation.world import State, habits

STATES = (
    ("Backlog", "backlog"),
    ("Todo", "unstarted"),
    ("In Progress", "started"),
    ("In Review", "started"),
    ("Done", "completed"),
    ("Canceled", "canceled"),
)
LABELS = ("incident", "migration")
FIRST_NUMBER = 11


def iso(epoch: float) -> str:
    """A moment as Linear writes it."""
    return datetime.fromtimestamp(epoch, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def id_of(*words: object) -> str:
    """A UUID v4 that depends on nothing but the words."""
    return str(uuid.UUID(bytes=hashlib.sha256(repr(words).encode()).digest()[:16], version=4))


def api_key(organisation: Organisation) -> str:
    """The personal API key of an organisation."""
    return f"lin_api_simulated{organisation.key.lower()}"


def oauth_token(organisation: Organisation) -> str:
    """The token of an OAuth app that is installed there."""
    return f"lin_oauth_simulated{organisation.key.lower()}"


def team_key(organisation: Organisation) -> str:
    """What stands before the number of an issue."""
    return organisation.key[:3]


def start(epoch: float) -> State:
    """One workspace with one team for every organisation; a migration to compensate and a hotfix are in it."""
    state: State = {
        "simulation": habits(
            rights="write",
            limit_status=400,
            reset_in="ms",
            requests_left=1400,
            issue_limit=None,
            missing="error",
            upserts_links=True,
        ),
        "tokens": {},
        "workspaces": {},
    }
    for organisation in ORGANISATIONS:
        add(state, organisation, epoch)
    return state


def add(state: State, organisation: Organisation, epoch: float) -> None:
    """Puts an organisation with its workspace into the world."""
    state["tokens"][api_key(organisation)] = {"organisation": organisation.slug, "oauth": False}
    state["tokens"][oauth_token(organisation)] = {"organisation": organisation.slug, "oauth": True}
    slug, key = organisation.slug, team_key(organisation)
    states = {
        id_of(slug, name): {"id": id_of(slug, name), "name": name, "type": kind, "position": number}
        for number, (name, kind) in enumerate(STATES)
    }
    space: dict[str, Any] = {
        "id": id_of(slug),
        "name": organisation.name,
        "slug": slug,
        "url": f"https://linear.app/{slug}",
        "at": epoch - 400 * DAY,
        "team": {"id": id_of(slug, key), "key": key, "name": organisation.project_name},
        "states": states,
        "users": [_user(slug, name, admin) for name, admin in (("Rollback Portal", True), ("Technical Lead", False))],
        "labels": [{"id": id_of(slug, name), "name": name, "team": None} for name in LABELS],
        **{name: {} for name in ("issues", "comments", "attachments")},
    }
    state["workspaces"][slug] = space
    titles = (
        ("Compensate the migration of share links", "In Progress"),
        ("Share links fail after the release", "Todo"),
    )
    for number, (title, status) in enumerate(titles, start=FIRST_NUMBER):
        made = {"id": id_of(slug, number), "number": number, "title": title, "state": id_of(slug, status)}
        about: dict[str, Any] = {"description": None, "priority": 2, "labels": [], "assignee": None, "archived": None}
        space["issues"][made["id"]] = {**made, **about, "at": epoch - DAY, "changed": epoch - DAY}


def describe(state: State) -> dict[str, Any]:
    """Settings, credentials and objects; the first organisation's at the top."""
    each = {organisation.slug: described(state, organisation) for organisation in ORGANISATIONS}
    return {**each[ORGANISATIONS[0].slug], "organisations": each}


def described(state: State, organisation: Organisation) -> dict[str, Any]:
    """One organisation's settings, credentials and objects."""
    space = state["workspaces"][organisation.slug]
    issues = {f"{space['team']['key']}-{one['number']}": one["title"] for one in space["issues"].values()}
    return {
        "settings": {"team": space["team"]["key"]},
        "credentials": {"token": api_key(organisation)},
        "objects": {"issues": issues, "statuses": [name for name, _ in STATES], "team_id": space["team"]["id"]},
    }


def _user(slug: str, name: str, admin: bool) -> dict[str, Any]:
    email = f"{name.lower().replace(' ', '-')}@{slug}.example"
    return {"id": id_of(slug, name), "name": name, "email": email, "admin": admin}
