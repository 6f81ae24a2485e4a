"""Webhook subscriptions, version 3: kept, with a secret that is told once. Nothing is delivered by itself."""

import hashlib
from typing import Any

from ...simulation.messages import Request, Response, answer, empty
from ...simulation.routing import Routes
from ...simulation.world import World
from .account import Refused, account_of

ROUTES = Routes()
WANTED = ("delivery_method", "events", "filter")


@ROUTES.add("GET", "/webhook_subscriptions")
def index(world: World, request: Request) -> Response:
    """Every subscription of the account."""
    found = [_shown(each) for each in _kept(world, request).values()]
    return answer(200, {"webhook_subscriptions": found, "limit": 25, "offset": 0, "more": False, "total": None})


@ROUTES.add("POST", "/webhook_subscriptions")
def create(world: World, request: Request) -> Response:
    """Makes one; only this answer holds the secret."""
    wanted = request.object().get("webhook_subscription") or {}
    if missing := [name for name in WANTED if not wanted.get(name)]:
        raise Refused(400, 2001, "Invalid Input Provided", *(f"{name} is required." for name in missing))
    kept = _kept(world, request)
    name = f"PWEBHOOK{len(kept) + 1}"
    secret = hashlib.sha256(f"{name}{world.now_ms()}".encode()).hexdigest()
    kept[name] = {**wanted, "id": name, "type": "webhook_subscription", "active": True, "secret": secret}
    request.effect("subscribe", subscription=name)
    told = _shown(kept[name])
    return answer(
        200, {"webhook_subscription": {**told, "delivery_method": {**told["delivery_method"], "secret": secret}}}
    )


@ROUTES.add("GET", "/webhook_subscriptions/{name}")
def show(world: World, request: Request, name: str) -> Response:
    """One subscription, without its secret."""
    return answer(200, {"webhook_subscription": _shown(_one(world, request, name))})


@ROUTES.add("DELETE", "/webhook_subscriptions/{name}")
def delete(world: World, request: Request, name: str) -> Response:
    """Ends one."""
    _one(world, request, name)
    del _kept(world, request)[name]
    request.effect("unsubscribe", subscription=name)
    return empty(204)


@ROUTES.add("POST", "/webhook_subscriptions/{name}/enable")
def enable(world: World, request: Request, name: str) -> Response:
    """Starts one again that failed too often."""
    record = _one(world, request, name)
    record["active"] = True
    request.effect("enable_subscription", subscription=name)
    return answer(200, {"webhook_subscription": _shown(record)})


@ROUTES.add("POST", "/webhook_subscriptions/{name}/ping")
def ping(world: World, request: Request, name: str) -> Response:
    """Accepts that a test event be sent."""
    _one(world, request, name)
    request.effect("ping_subscription", subscription=name)
    return empty(202)


def _kept(world: World, request: Request) -> dict[str, Any]:
    kept: dict[str, Any] = account_of(world, request).setdefault("subscriptions", {})
    return kept


def _one(world: World, request: Request, name: str) -> dict[str, Any]:
    found: dict[str, Any] | None = _kept(world, request).get(name)
    if found is None:
        raise Refused(404, 2100, "Not Found")
    return found


def _shown(record: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name != "secret"}
