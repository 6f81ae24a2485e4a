"""Who the bot is and who is in the workspace."""

from typing import Any

from ...simulation.messages import Request
from ...simulation.world import World
from .workspace import Fields, Workspace, method, problem


@method("auth.test")
def test(world: World, request: Request, workspace: Workspace, fields: Fields) -> dict[str, Any]:
    """Whose token this is."""
    bot, team = workspace["bot"], workspace["team"]
    return {
        "url": f"https://{team['domain']}.slack.example/",
        "team": team["name"],
        "team_id": team["id"],
        "user": "rollback.portal",
        "user_id": bot["user_id"],
        "bot_id": bot["bot_id"],
        "is_enterprise_install": False,
    }


@method("team.info")
def team(world: World, request: Request, workspace: Workspace, fields: Fields) -> dict[str, Any]:
    """The workspace."""
    return {"team": workspace["team"]}


@method("users.info", "users:read")
def info(world: World, request: Request, workspace: Workspace, fields: Fields) -> dict[str, Any]:
    """One person."""
    user = workspace["users"].get(fields.get("user"))
    if user is None:
        raise problem("user_not_found")
    return {"user": user}


@method("users.list", "users:read")
def index(world: World, request: Request, workspace: Workspace, fields: Fields) -> dict[str, Any]:
    """Everybody."""
    return {"members": list(workspace["users"].values()), "response_metadata": {"next_cursor": ""}}


@method("users.lookupByEmail", "users:read.email")
def by_email(world: World, request: Request, workspace: Workspace, fields: Fields) -> dict[str, Any]:
    """The person with an address."""
    for user in workspace["users"].values():
        if user["profile"]["email"] == fields.get("email"):
            return {"user": user}
    raise problem("users_not_found")
