"""The Slack workspaces at the first start, and how to connect to them."""

from typing import Any

from ...simulation.organisations import ORGANISATIONS, Organisation
from ...simulation.world import State, habits
from .linking import app_token

SCOPES = ["chat:write", "channels:read", "channels:history", "channels:join", "channels:manage", "users:read",
          "users:read.email"]  # fmt: skip

GREETING = "1700000000.000100"


def bot_token(organisation: Organisation) -> str:
    """The bot token of an organisation's workspace."""
    return f"xoxb-simulated-{organisation.slug}"


def start(epoch: float) -> State:
    """A workspace with its channels for every organisation."""
    return {
        "simulation": habits(scopes=SCOPES),
        "tokens": {bot_token(o): o.slug for o in ORGANISATIONS},
        "workspaces": {o.slug: _workspace(o, epoch) for o in ORGANISATIONS},
        "last_ts": 0.0,
    }


def describe(state: State) -> dict[str, Any]:
    """Settings, credentials and objects; the first organisation's at the top."""
    each = {organisation.slug: described(state, organisation) for organisation in ORGANISATIONS}
    return {**each[ORGANISATIONS[0].slug], "organisations": each}


def described(state: State, organisation: Organisation) -> dict[str, Any]:
    """One organisation's settings, credentials and objects."""
    workspace = state["workspaces"][organisation.slug]
    return {
        "settings": {"channel": organisation.channels[0]},
        "credentials": {
            "bot_token": bot_token(organisation),
            "signing_secret": f"simulated-signing-secret-{organisation.slug}",
        },
        "objects": {
            "team": workspace["team"]["id"],
            "app_token": app_token(organisation.slug),
            "greeting": {"channel": "general", "ts": GREETING},
            "bot_user": workspace["bot"]["user_id"],
            "channels": {channel["name"]: key for key, channel in workspace["channels"].items()},
            "views": {name: f"/slack/view/{organisation.slug}/{name}" for name in organisation.channels},
        },
    }


def add(state: State, organisation: Organisation, epoch: float) -> None:
    """Puts an organisation with a workspace of its own into the world."""
    state["tokens"][bot_token(organisation)] = organisation.slug
    state["workspaces"][organisation.slug] = _workspace(organisation, epoch)


def _workspace(organisation: Organisation, epoch: float) -> dict[str, Any]:
    key = organisation.key[:6]
    names = [*organisation.channels, "general", "random"]
    authors = sorted({release.author for release in organisation.releases})
    users = {f"U{key}{n}": _user(f"U{key}{n}", name, organisation) for n, name in enumerate(authors, start=1)}
    users[f"U{key}BOT"] = {**_user(f"U{key}BOT", "Rollback Portal", organisation), "is_bot": True}
    channels = {}
    for number, name in enumerate(names, start=1):
        channel = f"C{key}{number}"
        channels[channel] = {
            "id": channel, "name": name, "is_channel": True, "is_private": False, "is_archived": False,
            "is_general": name == "general", "is_member": name != "random",
            "created": int(epoch) - 30_000_000, "creator": f"U{key}1", "topic": "",
            "members": [*users], "messages": [_greeting(key)] if name == "general" else [],
        }  # fmt: skip
    return {
        "organisation": organisation.slug,
        "team": {"id": f"T{key}", "name": organisation.name, "domain": organisation.slug},
        "bot": {"user_id": f"U{key}BOT", "bot_id": f"B{key}", "app_id": f"A{key}"},
        "users": users,
        "channels": channels,
        "ephemeral": [],
    }


def _greeting(key: str) -> dict[str, Any]:
    """What the bot said when it came: there to be changed and answered."""
    return {
        "type": "message", "text": "The Rollback Portal is connected.", "blocks": [], "ts": GREETING,
        "user": f"U{key}BOT", "bot_id": f"B{key}", "app_id": f"A{key}", "team": f"T{key}",
        "username": "Rollback Portal",
    }  # fmt: skip


def _user(key: str, name: str, organisation: Organisation) -> dict[str, Any]:
    handle = name.lower().replace(" ", ".")
    email = f"{handle}@{organisation.slug}.example"
    return {
        "id": key, "name": handle, "real_name": name, "deleted": False, "is_bot": False,
        "team_id": f"T{organisation.key[:6]}",
        "profile": {"real_name": name, "display_name": name, "email": email},
    }  # fmt: skip
