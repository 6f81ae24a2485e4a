"""What a key with full access may look at: domains and webhooks."""

from typing import Any

from ...simulation.messages import Request, Response, answer
from ...simulation.routing import Routes
from ...simulation.world import World
from .account import refused, team
from .sending import written_time

ROUTES = Routes()
RECORDS = [{"record": "SPF", "name": "send", "type": "TXT", "ttl": "Auto", "status": "verified",
            "value": "v=spf1 include:amazonses.com ~all"}]  # fmt: skip


@ROUTES.add("GET", "/domains")
def domains(world: World, request: Request) -> Response:
    """The team's sending domains."""
    return answer(200, {"object": "list", "has_more": False, "data": [_domain(world, team(world, request))]})


@ROUTES.add("GET", "/domains/{key}")
def domain(world: World, request: Request, key: str) -> Response:
    """One sending domain with its records."""
    found = _domain(world, team(world, request))
    if found["id"] != key:
        raise refused(404, "not_found", "Domain not found")
    return answer(200, {"object": "domain", **found, "records": RECORDS})


@ROUTES.add("POST", "/webhooks")
def webhook(world: World, request: Request) -> Response:
    """A webhook with a secret of its own."""
    wanted = request.object()
    if not str(wanted.get("endpoint", "")).startswith("http") or not wanted.get("events"):
        raise refused(422, "missing_required_field", "Missing `endpoint` or `events` field.")
    request.effect("webhook", endpoint=wanted["endpoint"])
    body = {"object": "webhook", "id": "4dd369bc-aa82-4ff3-97de-514ae3000ee0"}
    return answer(201, {**body, "signing_secret": "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3"})


def _domain(world: World, slug: str) -> dict[str, Any]:
    kept = world.state("resend")["domains"][slug]
    return {
        "id": kept["id"],
        "name": kept["name"],
        "status": world.settings("resend")["domain_status"],
        "created_at": written_time(kept["at"]),
        "region": "eu-west-1",
        "capabilities": {"sending": "enabled", "receiving": "disabled"},
    }
