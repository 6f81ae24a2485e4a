"""Ask Alertmanager whether it answers, and whether what it sends would be believed. Changes nothing."""

from __future__ import annotations

from apps.providers.base import Access, Finding, ProviderError
from apps.providers.calling import Api, credential
from apps.providers.endings import dig, quoted

API = Api(
    "Alertmanager",
    "",
    lambda access: (
        {"Authorization": f"Bearer {credential(access, 'token', 'Alertmanager')}"}
        if access.credentials.get("token")
        else {}
    ),
)
UNBELIEVED = (
    "Without a webhook secret nothing that Alertmanager sends is believed. Enter one, and give it to its receiver."
)


def findings(access: Access) -> list[Finding]:
    """Return one sentence for each thing that was looked at. Raises nothing."""
    found = [] if access.credentials.get("webhook_secret") else [Finding("warning", UNBELIEVED, "webhook-secret")]
    if not access.base_url:
        text = "No address is given, so whether Alertmanager answers is not known. It can send its alerts all the same."
        return [*found, Finding("warning", text, "address")]
    try:
        return [*found, _status(access)]
    except ProviderError as error:
        return [*found, Finding("error", str(error), "address")]


def _status(access: Access) -> Finding:
    answer = API.read(access, "/api/v2/status")
    if not answer.ok:
        raise API.unreadable(access, answer, "The status of Alertmanager")
    body = answer.json()
    version, cluster = dig(body, "versionInfo", "version"), dig(body, "cluster", "status")
    if not version:
        raise ProviderError("What answers at this address is not an Alertmanager: it does not tell its version.")
    if cluster not in ("ready", "disabled", None):
        text = f"Alertmanager {quoted(version)} answers, but its cluster is “{quoted(cluster)}”."
        return Finding("warning", text, "cluster")
    return Finding("ok", f"Alertmanager {quoted(version)} answers.", "address")
