"""Webhooks of a team: registered here, and what they would get, signed as Vercel signs it.

Nothing is sent by itself: the deed `deliveries` hands out what happened since the webhook was made, the newest first,
since Vercel keeps no order.
"""

import hashlib
import hmac
import json
from typing import Any

from ...simulation.messages import Request, Response, answer, empty
from ...simulation.routing import Routes
from ...simulation.world import World
from .access import Refused, team_of

ROUTES = Routes()
Record = dict[str, Any]


@ROUTES.add("GET", "/webhooks")
def index(world: World, request: Request) -> Response:
    """The team's webhooks, of one project where asked; their secrets are told only once."""
    team, wanted = team_of(world, request), request.first("projectId")
    hooks = [hook for hook in world.state("vercel")["webhooks"] if hook["ownerId"] == team["id"]]
    return answer(200, [_shown(hook) for hook in hooks if not wanted or wanted in (hook["projectIds"] or [wanted])])


@ROUTES.add("POST", "/webhooks")
def create(world: World, request: Request) -> Response:
    """A new webhook with its secret; a Hobby account has none."""
    if world.settings("vercel")["plan"] == "hobby":
        raise Refused(402, "payment_required", "Webhooks are available on the Pro and Enterprise plans.")
    body, state, team = request.object(), world.state("vercel"), team_of(world, request)
    if not str(body.get("url", "")).startswith("http") or not body.get("events"):
        raise Refused(400, "bad_request", "Invalid request: `url` and `events` are needed.")
    number = len(state["webhooks"]) + 1
    hook = {
        "id": f"account_hook_{team['id']}{number}",
        "url": body["url"],
        "events": list(body["events"]),
        "ownerId": team["id"],
        "projectIds": body.get("projectIds"),
        "createdAt": world.now_ms(),
        "updatedAt": world.now_ms(),
        "secret": hashlib.sha256(f"{team['id']}{number}".encode()).hexdigest()[:32],
    }
    state["webhooks"].append(hook)
    request.effect("create_webhook", webhook=hook["id"])
    return answer(200, {**_shown(hook), "secret": hook["secret"]})


@ROUTES.add("GET", "/webhooks/{name}")
def show(world: World, request: Request, name: str) -> Response:
    """One webhook without its secret."""
    return answer(200, _shown(_find(world, request, name)))


@ROUTES.add("DELETE", "/webhooks/{name}")
def delete(world: World, request: Request, name: str) -> Response:
    """Takes a webhook away."""
    world.state("vercel")["webhooks"].remove(_find(world, request, name))
    request.effect("delete_webhook", webhook=name)
    return empty(204)


def happened(world: World, kind: str, project: Record, **payload: Any) -> None:
    """Keeps an event for every webhook that wants it; a rollback is told when it is accepted, not when it is done."""
    state = world.state("vercel")
    event = {
        "id": f"evt_{len(state['events']) + 1:06d}",
        "type": kind,
        "createdAt": world.now_ms(),
        "region": "sfo1",
        "payload": {
            "team": {"id": project["accountId"]},
            "user": {"id": state["teams"][project["accountId"]]["user"]},
            "project": {"id": project["id"]},
            "plan": state["simulation"]["plan"],
            **payload,
        },
    }
    state["events"].append(event)


def deliveries(world: World, order: dict[str, Any]) -> list[dict[str, Any]]:
    """Deed: what a webhook gets, the newest first, each with its signed headers."""
    hook = next(one for one in world.state("vercel")["webhooks"] if one["id"] == order["webhook"])
    fitting = [event for event in world.state("vercel")["events"] if _concerns(hook, event)]
    return [_signed(hook, event) for event in reversed(fitting)]


def _concerns(hook: Record, event: Record) -> bool:
    payload = event["payload"]
    return (
        event["type"] in hook["events"]
        and event["createdAt"] >= hook["createdAt"]
        and payload["team"]["id"] == hook["ownerId"]
        and (not hook["projectIds"] or payload["project"]["id"] in hook["projectIds"])
    )


def _signed(hook: Record, event: Record) -> dict[str, Any]:
    body = json.dumps(event, separators=(",", ":"))
    signature = hmac.new(hook["secret"].encode(), body.encode(), "sha1").hexdigest()
    return {"headers": {"x-vercel-signature": signature, "content-type": "application/json"}, "body": body}


def _find(world: World, request: Request, name: str) -> Record:
    team = team_of(world, request)
    for hook in world.state("vercel")["webhooks"]:
        if hook["id"] == name and hook["ownerId"] == team["id"]:
            found: Record = hook
            return found
    raise Refused(404, "not_found", "The webhook was not found.")


def _shown(hook: Record) -> Record:
    return {name: value for name, value in hook.items() if name != "secret" and value is not None}
