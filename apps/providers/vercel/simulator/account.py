"""Who am I, and which teams: what the command line asks before anything else."""

from typing import Any

from ...simulation.messages import Request, Response, answer
from ...simulation.routing import Routes
from ...simulation.world import World
from .access import refuse_with, team_of

ROUTES = Routes()
DAY_MS = 86_400_000
ROLES = {"full": "MEMBER", "deploy": "CONTRIBUTOR", "read": "VIEWER"}


@ROUTES.add("GET", "/user", "/www/user")
def user(world: World, request: Request) -> Response:
    """The person behind the token."""
    team = team_of(world, request)
    return answer(
        200,
        {
            "user": {
                "id": team["user"],
                "uid": team["user"],
                "email": f"deploys@{team['slug']}.example",
                "username": team["slug"],
                "name": f"{team['name']} deploys",
                "version": "northstar",
                "defaultTeamId": team["id"],
                "avatar": None,
                "billing": None,
                "softBlock": None,
                "createdAt": 0,
                "hasTrialAvailable": False,
                "resourceConfig": {},
                "stagingPrefix": team["slug"],
            }
        },
    )


@ROUTES.add("GET", "/teams")
def teams(world: World, request: Request) -> Response:
    """The one team a token reaches."""
    shown = [_team(world, team_of(world, request))]
    return answer(200, {"teams": shown, "pagination": {"count": 1, "next": None, "prev": None}})


@ROUTES.add("GET", "/teams/{name}")
def team(world: World, request: Request, name: str) -> Response:
    """A team by id or slug."""
    mine = team_of(world, request)
    if name not in (mine["id"], mine["slug"]):
        return refuse_with(403, "forbidden", "Not authorized", teamId=name)
    return answer(200, _team(world, mine))


@ROUTES.add("GET", "/user/tokens/{name}")
def token(world: World, request: Request, name: str) -> Response:
    """What the token says of itself, under the name `current`: when it ends, in milliseconds."""
    team, days = team_of(world, request), world.settings("vercel")["token_days"]
    if name != "current" or days is None:
        return refuse_with(403, "forbidden", "Not authorized")
    shown = {
        "id": "tok_simulated",
        "name": "Rollback Portal",
        "type": "token",
        "origin": "manual",
        "scopes": [{"type": "team", "teamId": team["id"], "origin": "manual", "createdAt": 0}],
        "activeAt": world.now_ms(),
        "createdAt": 0,
    }
    if days:
        shown["expiresAt"] = world.now_ms() + int(days * DAY_MS)
    return answer(200, {"token": shown})


@ROUTES.add("GET", "/teams/{name}/members")
def members(world: World, request: Request, name: str) -> Response:
    """Members of the team: the token's own user, with the role that may move production."""
    mine = team_of(world, request)
    role = ROLES[world.settings("vercel")["rights"]]
    return answer(200, {"members": [{"uid": mine["user"], "role": role}], "pagination": {"count": 1, "next": None}})


def _team(world: World, record: dict[str, Any]) -> dict[str, Any]:
    plan = world.settings("vercel")["plan"]
    role = ROLES[world.settings("vercel")["rights"]]
    return {
        "id": record["id"],
        "slug": record["slug"],
        "name": record["name"],
        "avatar": None,
        "createdAt": 0,
        "billing": {"plan": plan},
        "membership": {
            "role": role,
            "teamRoles": [role],
            "teamPermissions": ["FullProductionDeployment"] if role == "CONTRIBUTOR" else [],
            "confirmed": True,
            "uid": record["user"],
            "teamId": record["id"],
        },
        "limited": False,
    }
