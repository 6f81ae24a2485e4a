"""The Alertmanager simulator: it answers, shows the alert of each customer's site, and tells what it would send.

Settings: `cluster` ("ready"). Deed: `notification` {organisation, secret, reason?} → {headers, body}: the notification
that would go out at this moment. The alert HighErrorRate fires while more than 5 % of the last minutes' requests fail.
"""

import json
from typing import Any

from ...simulation.measuring import alert
from ...simulation.messages import Request, Response, answer
from ...simulation.organisations import ORGANISATIONS
from ...simulation.routing import Routes
from ...simulation.world import Refusal, Simulator, State, World, habits

ROUTES = Routes()


def start(epoch: float) -> State:
    """Nothing of its own."""
    return {"simulation": habits(cluster="ready")}


def describe(state: State) -> dict[str, Any]:
    """Settings, credentials and objects; the first organisation's at the top."""
    each = {
        o.slug: {
            "settings": {},
            "credentials": {"webhook_secret": f"alertmanager-simulated-{o.slug}"},
            "objects": {"alert": "HighErrorRate"},
        }
        for o in ORGANISATIONS
    }
    return {**each[ORGANISATIONS[0].slug], "organisations": each}


def refuse(refusal: Refusal) -> Response:
    """A plain sentence in JSON."""
    extra = {"retry_after": refusal.retry_after} if refusal.retry_after else {}
    return answer(refusal.status, refusal.message, **extra)


@ROUTES.add("GET", "/api/v2/status")
def status(world: World, request: Request) -> Response:
    """Version and cluster."""
    cluster = {"name": "simulated", "status": world.settings("alertmanager")["cluster"], "peers": []}
    return answer(200, {"cluster": cluster, "versionInfo": {"version": "0.28.1"}, "config": {"original": ""}})


@ROUTES.add("GET", "/-/healthy")
@ROUTES.add("GET", "/-/ready")
def healthy(world: World, request: Request) -> Response:
    """It is there."""
    return Response(200, b"OK", {"content-type": "text/plain"})


@ROUTES.add("GET", "/api/v2/alerts")
def alerts(world: World, request: Request) -> Response:
    """Every alert that fires."""
    found = [one for o in ORGANISATIONS if (one := alert(world, o.slug))["status"] == "firing"]
    return answer(200, [{**one, "status": {"state": "active", "silencedBy": [], "inhibitedBy": []}} for one in found])


def notification(world: World, order: dict[str, Any]) -> dict[str, Any]:
    """Deed: what would be sent now, with the headers of its receiver."""
    one = alert(world, order["organisation"])
    labels = {"alertname": one["labels"]["alertname"]}
    body = {
        "version": "4",
        "groupKey": f'{{}}:{{alertname="{labels["alertname"]}"}}',
        "truncatedAlerts": 0,
        "status": one["status"],
        "receiver": "rollback-portal",
        "groupLabels": labels,
        "commonLabels": one["labels"],
        "commonAnnotations": one["annotations"],
        "externalURL": "http://alertmanager.example:9093",
        "notification_reason": order.get("reason", "first notification"),
        "alerts": [one],
    }
    headers = {"Authorization": f"Bearer {order['secret']}", "Content-Type": "application/json"}
    return {"headers": headers, "body": json.dumps(body)}


SIMULATOR = Simulator("alertmanager", ROUTES, start, describe, refuse, controls={"notification": notification})
