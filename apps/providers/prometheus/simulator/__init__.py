"""The Prometheus simulator: counters and a histogram of each customer's requests, behind a small PromQL.

A bearer token says whose series are shown; without one they are those of the first organisation. Settings: `warnings`
([]: texts that stand in every answer), `status_label` ("code"), `scrape_seconds` (15). The figures follow
`simulation.measuring`: what hosting serves, and the site's deeds `rise`, `fall`, `silence`.
"""

from typing import Any

from ...simulation.messages import Request, Response, answer
from ...simulation.organisations import ORGANISATIONS, Organisation
from ...simulation.world import Refusal, Simulator, State, World, habits
from .lists import ROUTES


def token(organisation: Organisation) -> str:
    """The token by which the proxy before Prometheus knows a customer."""
    return f"prometheus-simulated-{organisation.slug}"


def start(epoch: float) -> State:
    """Whose token is whose; every figure is derived."""
    return {
        "simulation": habits(warnings=[], status_label="code", scrape_seconds=15),
        "tokens": {token(o): o.slug for o in ORGANISATIONS},
    }


def describe(state: State) -> dict[str, Any]:
    """Settings, credentials and objects; the first organisation's at the top."""
    each = {
        o.slug: {
            "settings": {"selector": f'service="{o.project_name}"'},
            "credentials": {"token": token(o)},
            "objects": {"metrics": ["http_requests_total", "http_request_duration_seconds"]},
        }
        for o in ORGANISATIONS
    }
    return {**each[ORGANISATIONS[0].slug], "organisations": each}


def refuse(refusal: Refusal) -> Response:
    """An error in Prometheus' shape."""
    extra = {"retry_after": refusal.retry_after} if refusal.retry_after else {}
    kind = {400: "bad_data", 422: "execution", 503: "timeout"}.get(refusal.status, "internal")
    return answer(refusal.status, {"status": "error", "errorType": kind, "error": refusal.message}, **extra)


def guard(world: World, request: Request) -> Response | None:
    """401 by the proxy for a token that nobody has."""
    if request.headers.get("authorization") and request.bearer() not in world.state("prometheus")["tokens"]:
        return Response(401, b"Unauthorized", {"content-type": "text/plain"})
    return None


SIMULATOR = Simulator(slug="prometheus", routes=ROUTES, start=start, describe=describe, refuse=refuse, guard=guard)
