"""Ask Grafana whether it answers, and whether what it sends would be believed. Changes nothing."""

from __future__ import annotations

from apps.providers.base import Access, Finding, ProviderError
from apps.providers.calling import Api
from apps.providers.endings import dig, quoted

API = Api("Grafana", "", lambda access: {})  # its health page is open to everybody
UNBELIEVED = (
    "Without a webhook secret nothing that Grafana sends is believed. Enter one, and give it to its contact point."
)


def findings(access: Access) -> list[Finding]:
    """Return one sentence for each thing that was looked at. Raises nothing."""
    found = [] if access.credentials.get("webhook_secret") else [Finding("warning", UNBELIEVED, "webhook-secret")]
    if not access.base_url:
        text = "No address is given, so whether Grafana answers is not known. It can send its alerts all the same."
        return [*found, Finding("warning", text, "address")]
    try:
        return [*found, _health(access)]
    except ProviderError as error:
        return [*found, Finding("error", str(error), "address")]


def _health(access: Access) -> Finding:
    answer = API.read(access, "/api/health")
    if not answer.ok and answer.status != 503:  # which is what it answers while its database fails
        raise API.unreadable(access, answer, "The health of Grafana")
    body = answer.json()
    if not dig(body, "database"):
        raise ProviderError("What answers at this address is not a Grafana: it does not tell its health.")
    version = f" {quoted(dig(body, 'version'))}" if dig(body, "version") else ""
    if dig(body, "database") != "ok":
        text = f"Grafana{version} answers, but its database is “{quoted(dig(body, 'database'))}”."
        return Finding("warning", text, "database")
    return Finding("ok", f"Grafana{version} answers.", "address")
