"""What Alertmanager and Grafana tell in the same shape: a group of alerts, which of them fire, and since when.

Sources: prometheus/alertmanager notify/webhook, grafana/alerting receivers/webhook. A repeat differs in its reason
alone, so a delivery is known by what it says of its alerts: group, fingerprints, states and beginnings.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any


def group_of(told: Mapping[str, Any]) -> str | None:
    """Return the same text for every telling of the same news; None where it is told in another shape."""
    alerts, group = told.get("alerts"), told.get("groupKey")
    if not isinstance(group, str) or not isinstance(alerts, list) or not alerts:
        return None
    if not all(isinstance(one, Mapping) and one.get("fingerprint") for one in alerts):
        return None
    # `endsAt` moves on while an alert fires, so it is no news.
    each = sorted([str(one.get(name)) for name in ("fingerprint", "startsAt", "status")] for one in alerts)
    news = json.dumps([group, told.get("status"), each])
    return f"alerts:{hashlib.sha256(news.encode('utf-8', 'replace')).hexdigest()}"
