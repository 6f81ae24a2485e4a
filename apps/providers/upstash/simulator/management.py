"""The developer API: databases and their backups, for accounts of Upstash's own (HTTP Basic, e-mail and key)."""

import base64
from typing import Any

from ...simulation.messages import Refused, Request, Response, answer
from ...simulation.routing import Routes
from ...simulation.world import World

ROUTES = Routes()
PREFIX = "/v2/"


def account_of(request: Request) -> str:
    """The e-mail and key of a call, or an empty text."""
    scheme, _, sent = request.headers.get("authorization", "").partition(" ")
    try:
        return base64.b64decode(sent, validate=True).decode() if scheme == "Basic" else ""
    except ValueError:
        return ""


def guard(world: World, request: Request) -> Response | None:
    """401 for a wrong account."""
    known = account_of(request) in world.state("upstash")["accounts"]
    return None if known else answer(401, {"error": "Unauthorized"})


@ROUTES.add("GET", "/v2/redis/databases")
def databases(world: World, request: Request) -> Response:
    """The account's databases."""
    organisation = world.state("upstash")["accounts"][account_of(request)]
    return answer(200, [_shown(world, organisation, hide=False)])


@ROUTES.add("GET", "/v2/redis/database/{database}")
def database(world: World, request: Request, database: str) -> Response:
    """One database, its credentials hidden where asked."""
    hide = request.first("credentials") == "hide"
    return answer(200, _shown(world, _organisation(world, request, database), hide=hide))


@ROUTES.add("GET", "/v2/redis/list-backup/{database}")
def list_backups(world: World, request: Request, database: str) -> Response:
    """The backups of a database."""
    organisation, now = _organisation(world, request, database), world.now()
    told = [
        {
            "database_id": database,
            "customer_id": account_of(request).partition(":")[0],
            "name": backup["name"],
            "backup_id": backup["id"],
            "creation_time": int(backup["at"]),
            "state": "completed" if backup["due"] <= now else "pending",
            "backup_size": 4096 * len(backup["keys"]),
            "daily_backup": False,
        }
        for backup in world.state("upstash")["backups"][organisation]
    ]
    return answer(200, told)


@ROUTES.add("POST", "/v2/redis/create-backup/{database}")
def create_backup(world: World, request: Request, database: str) -> Response:
    """Begin a backup; the answer is a bare "OK" without an id."""
    organisation, state = _organisation(world, request, database), world.state("upstash")
    if state["simulation"]["maintenance"]:
        raise Refused(answer(400, {"error": "database is in maintenance mode"}))
    name = request.object().get("name")
    if not isinstance(name, str) or not name:
        raise Refused(answer(400, {"error": "name is required"}))
    backups, now = state["backups"][organisation], world.now()
    keys = dict(state["databases"][organisation])
    due = now + state["simulation"]["backup_seconds"]
    backups.append({"id": f"bak-{len(backups) + 1}", "name": name, "at": now, "due": due, "keys": keys})
    request.effect("backup", organisation=organisation, name=name)
    return answer(200, "OK")


@ROUTES.add("POST", "/v2/redis/restore-backup/{database}")
def restore_backup(world: World, request: Request, database: str) -> Response:
    """Delete everything and put the keys of a backup back."""
    organisation = _organisation(world, request, database)
    backup = _backup(world, organisation, request.object().get("backup_id"))
    world.state("upstash")["databases"][organisation] = dict(backup["keys"])
    request.effect("restore", organisation=organisation, name=backup["name"])
    return answer(200, "OK")


@ROUTES.add("DELETE", "/v2/redis/delete-backup/{database}/{backup}")
def delete_backup(world: World, request: Request, database: str, backup: str) -> Response:
    """Forget a backup."""
    organisation = _organisation(world, request, database)
    world.state("upstash")["backups"][organisation].remove(_backup(world, organisation, backup))
    request.effect("backup deleted", organisation=organisation)
    return answer(200, "OK")


@ROUTES.add("POST", "/v2/redis/reset-password/{database}")
def reset_password(world: World, request: Request, database: str) -> Response:
    """Make new credentials; the tokens of before no longer open anything."""
    organisation, state = _organisation(world, request, database), world.state("upstash")
    for tokens in (state["tokens"], state["read_only_tokens"]):
        for old in [token for token, owner in tokens.items() if owner == organisation]:
            del tokens[old]
    made = f"upstash-simulated-{organisation}-{world.now_ms()}"
    state["tokens"][made] = state["read_only_tokens"][f"{made}-read-only"] = organisation
    request.effect("reset", organisation=organisation)
    return answer(200, _shown(world, organisation, hide=False))


def _backup(world: World, organisation: str, wanted: Any) -> dict[str, Any]:
    found = [one for one in world.state("upstash")["backups"][organisation] if one["id"] == wanted]
    if not found or found[0]["due"] > world.now():
        raise Refused(answer(404, {"error": "backup not found"}))
    backup: dict[str, Any] = found[0]
    return backup


def _organisation(world: World, request: Request, database: str) -> str:
    organisation: str = world.state("upstash")["accounts"][account_of(request)]
    if database != f"db-{organisation}":
        raise Refused(answer(404, {"error": "database not found"}))
    return organisation


def _shown(world: World, organisation: str, *, hide: bool) -> dict[str, Any]:
    token = next(t for t, o in world.state("upstash")["tokens"].items() if o == organisation)
    open_to_see = {} if hide else {"rest_token": token, "read_only_rest_token": f"{token}-read-only", "password": "x"}
    return {
        "database_id": f"db-{organisation}", "database_name": organisation, "region": "global",
        "endpoint": f"simulated-{organisation}", "port": 6379, "state": "active", "modifying_state": "",
        "type": "payg", "tls": True, **open_to_see,
    }  # fmt: skip
