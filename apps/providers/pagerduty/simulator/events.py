"""Events API v2: accepted at once, visible later."""

import hashlib
from typing import Any

from ...simulation.messages import Request, Response, answer
from ...simulation.routing import Routes
from ...simulation.world import World

ROUTES = Routes()
ACTIONS = ("trigger", "acknowledge", "resolve")
SEVERITIES = ("critical", "error", "warning", "info")


@ROUTES.add("POST", "/v2/enqueue")
def enqueue(world: World, request: Request) -> Response:
    """202 for any well-formed event, whether or not it will match anything."""
    body = request.object()
    state = world.state("pagerduty")
    if problems := _problems(state, body):
        return _invalid(problems)
    unnamed = f"{world.now_ms()}{request.digest}{len(state['pending'])}".encode()
    dedup = str(body.get("dedup_key") or hashlib.sha256(unnamed).hexdigest()[:32])
    state["pending"].append(
        {
            "routing_key": body["routing_key"],
            "action": body["event_action"],
            "dedup_key": dedup,
            "summary": (body.get("payload") or {}).get("summary", ""),
            "appears_at": world.now() + state["simulation"]["event_delay_seconds"],
        }
    )
    request.effect("event", action=body["event_action"], dedup_key=dedup)
    return answer(202, {"status": "success", "message": "Event processed", "dedup_key": dedup})


@ROUTES.add("POST", "/v2/change/enqueue")
def change(world: World, request: Request) -> Response:
    """A change event: kept, and nobody is paged."""
    body = request.object()
    state = world.state("pagerduty")
    if body.get("routing_key") not in state["routing"] or not (body.get("payload") or {}).get("summary"):
        return _invalid(["'routing_key' and 'payload.summary' are required"])
    state["changes"].append({"summary": body["payload"]["summary"], "at": world.now()})
    request.effect("change_event", summary=body["payload"]["summary"])
    return answer(202, {"status": "success", "message": "Change event processed"})


def _problems(state: dict[str, Any], body: dict[str, Any]) -> list[str]:
    problems = []
    if body.get("routing_key") not in state["routing"]:
        problems.append("'routing_key' is invalid")
    if body.get("event_action") not in ACTIONS:
        problems.append("'event_action' must be one of trigger, acknowledge, resolve")
    if len(str(body.get("dedup_key") or "")) > 255:
        problems.append("'dedup_key' is longer than 255 characters")
    if body.get("event_action") == "trigger":
        payload = body.get("payload")
        problems += _payload_problems(payload if isinstance(payload, dict) else {})
    elif not body.get("dedup_key"):
        problems.append("'dedup_key' is missing or blank")
    return problems


def _payload_problems(payload: dict[str, Any]) -> list[str]:
    missing = [name for name in ("summary", "source") if not payload.get(name)]
    problems = [f"'payload.{name}' is missing or blank" for name in missing]
    if payload.get("severity") not in SEVERITIES:
        problems.append("'payload.severity' is invalid (must be one of: critical, error, warning, info)")
    if len(str(payload.get("summary") or "")) > 1024:
        problems.append("'payload.summary' is longer than 1024 characters")
    return problems


def _invalid(problems: list[str]) -> Response:
    return answer(400, {"status": "invalid event", "message": "Event object is invalid", "errors": problems})
