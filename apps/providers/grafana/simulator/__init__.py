"""The Grafana simulator: it answers, and tells what its contact point would send, signed.

Settings: `database` ("ok"). Deed: `notification` {organisation, secret, stamped?} → {headers, body}: the notification
that would go out at this moment, `stamped` with a time. The alert HighErrorRate fires while more than 5 % of the last
minutes' requests fail.
"""

import hashlib
import hmac
import json
import time
from typing import Any

from ...simulation.measuring import alert
from ...simulation.messages import Request, Response, answer
from ...simulation.organisations import ORGANISATIONS
from ...simulation.routing import Routes
from ...simulation.world import Refusal, Simulator, State, World, habits

ROUTES = Routes()


def start(epoch: float) -> State:
    """Nothing of its own."""
    return {"simulation": habits(database="ok")}


def describe(state: State) -> dict[str, Any]:
    """Settings, credentials and objects; the first organisation's at the top."""
    each = {
        o.slug: {
            "settings": {},
            "credentials": {"webhook_secret": f"grafana-simulated-{o.slug}"},
            "objects": {"alert": "HighErrorRate"},
        }
        for o in ORGANISATIONS
    }
    return {**each[ORGANISATIONS[0].slug], "organisations": each}


def refuse(refusal: Refusal) -> Response:
    """An error in Grafana's shape."""
    extra = {"retry_after": refusal.retry_after} if refusal.retry_after else {}
    return answer(refusal.status, {"message": refusal.message, "traceID": ""}, **extra)


@ROUTES.add("GET", "/api/health")
def health(world: World, request: Request) -> Response:
    """Version and database."""
    state = world.settings("grafana")["database"]
    return answer(200 if state == "ok" else 503, {"commit": "simulated", "database": state, "version": "12.1.0"})


def notification(world: World, order: dict[str, Any]) -> dict[str, Any]:
    """Deed: what would be sent now, with its signature."""
    body = json.dumps(_told(world, order["organisation"]))
    stamp = f"{int(time.time())}" if order.get("stamped") else ""
    signed = f"{stamp}:{body}" if stamp else body
    signature = hmac.new(order["secret"].encode(), signed.encode(), hashlib.sha256).hexdigest()
    headers = {"X-Grafana-Alerting-Signature": signature, "Content-Type": "application/json"}
    return {"headers": {**headers, **({"X-Grafana-Alerting-Timestamp": stamp} if stamp else {})}, "body": body}


def _told(world: World, slug: str) -> dict[str, Any]:
    one = alert(world, slug)
    name, address = one["labels"]["alertname"], "https://grafana.example"
    extra = {"silenceURL": f"{address}/silence", "dashboardURL": "", "panelURL": "", "values": {"A": 12.1}}
    return {
        "receiver": "rollback-portal",
        "status": one["status"],
        "alerts": [{**one, **extra, "valueString": "[ var='A' value=12.1 ]"}],
        "groupLabels": {"alertname": name},
        "commonLabels": one["labels"],
        "commonAnnotations": one["annotations"],
        "externalURL": f"{address}/",
        "version": "1",
        "groupKey": f'{{}}:{{alertname="{name}"}}',
        "truncatedAlerts": 0,
        "orgId": 1,
        "title": f"[{one['status'].upper()}:1] {name}",
        "state": "alerting" if one["status"] == "firing" else "ok",
        "message": one["annotations"]["summary"],
    }


SIMULATOR = Simulator("grafana", ROUTES, start, describe, refuse, controls={"notification": notification})
