"""Speaks to each provider's simulator as one of its customers, with the credentials the world describes."""

from typing import Any

from apps.providers.simulation import Simulators
from tests.simulators import Answer, ask

VERCEL_TOKEN = "vercel_simulated_motion_mavericks"
LIVE, BEFORE, OLDER = "dpl_7Qm2xVtR", "dpl_4Hc9nWbK", "dpl_9Gk4hVsJ"


class Vercel:
    """Motion Mavericks at Vercel."""

    def __init__(self, simulators: Simulators, token: str = VERCEL_TOKEN) -> None:
        self.base = simulators.address("vercel")
        self.headers = {"Authorization": f"Bearer {token}"}

    def __call__(self, method: str, path: str, data: Any = None, **headers: str) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return ask(f"{self.base}{path}", method, headers={**self.headers, **named}, data=data)

    def rollback(self, deployment: str, **headers: str) -> Answer:
        return self("POST", f"/v1/projects/prj_portal/rollback/{deployment}", **headers)

    def project(self) -> dict[str, Any]:
        return self("GET", "/v9/projects/prj_portal?rollbackInfo=true").json()

    def job(self) -> dict[str, Any] | None:
        return self.project()["lastAliasRequest"]

    def live(self) -> list[str]:
        """The deployment at each production address."""
        return [alias["deployment"]["id"] for alias in self.project()["alias"]]


class LaunchDarkly:
    """Motion Mavericks at LaunchDarkly."""

    def __init__(self, simulators: Simulators) -> None:
        self.base = simulators.address("launchdarkly")
        self.headers = {"Authorization": simulators.describe()["launchdarkly"]["credentials"]["token"]}

    def __call__(self, method: str, path: str, data: Any = None, **headers: str) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return ask(f"{self.base}/api/v2{path}", method, headers={**self.headers, **named}, data=data)

    def turn(self, flag: str, kind: str, **extra: Any) -> Answer:
        body = {"environmentKey": "production", "instructions": [{"kind": kind}], **extra}
        content_type = "application/json; domain-model=launchdarkly.semanticpatch"
        return self("PATCH", f"/flags/portal/{flag}", body, Content_Type=content_type)

    def place(self, flag: str) -> dict[str, Any]:
        return self("GET", f"/flags/portal/{flag}?env=production").json()["environments"]["production"]


class PagerDuty:
    """Motion Mavericks at PagerDuty."""

    def __init__(self, simulators: Simulators) -> None:
        described = simulators.describe()["pagerduty"]
        self.base = simulators.address("pagerduty")
        self.routing_key = described["credentials"]["routing_key"]
        self.service = described["settings"]["service_id"]
        self.open_incident = next(iter(described["objects"]["incidents"]))
        self.key = described["credentials"]["api_token"]
        self.from_email = described["settings"]["from_email"]

    def __call__(self, method: str, path: str, data: Any = None, sender: str | None = None) -> Answer:
        headers = {"Authorization": f"Token token={self.key}", "From": sender or self.from_email}
        return ask(f"{self.base}{path}", method, headers=headers, data=data)

    def event(self, action: str, dedup_key: str, summary: str = "Share links fail") -> Answer:
        payload = {"summary": summary, "source": "portal", "severity": "critical"}
        body = {
            "routing_key": self.routing_key,
            "event_action": action,
            "dedup_key": dedup_key,
            "payload": payload,
        }
        return ask(f"{self.base}/v2/enqueue", "POST", data=body)

    def incidents(self, query: str = "") -> list[dict[str, Any]]:
        return self("GET", f"/incidents?{query}").json()["incidents"]


def site(simulators: Simulators, path: str) -> Answer:
    """A visit to Motion Mavericks' public site."""
    return ask(f"{simulators.address('site')}/motion-mavericks{path}")
