"""Ask Prometheus whether it answers, and whether the metrics that the checks read are there. Changes nothing."""

from __future__ import annotations

from apps.providers.base import Access, Finding, ProviderError
from apps.providers.endings import dig, quoted
from apps.providers.prometheus import expressions
from apps.providers.prometheus.measuring import EVERY
from apps.providers.prometheus.wire import API, ask

LOOKING = {"window_minutes": 5}


def findings(access: Access) -> list[Finding]:
    """Return one sentence for each thing that was looked at. Raises nothing."""
    try:
        ask(access, "vector(1)", "An expression")
        return [Finding("ok", f"Prometheus{_version(access)} answers.", "sign-in"), *_metrics(access)]
    except ProviderError as error:
        return [Finding("error", str(error), "sign-in")]


def _version(access: Access) -> str:
    """Return which version it is, where it says so; what stands before it may not let that page through."""
    answer = API.read(access, "/api/v1/status/buildinfo")
    try:
        version = dig(answer.json(), "data", "version") if answer.ok else ""
    except ProviderError:
        return ""
    return f" {quoted(version)}" if version else ""


def _metrics(access: Access) -> list[Finding]:
    looked = (
        ("error_rate", expressions.requests(access, LOOKING, EVERY), "requests with a status"),
        ("latency_p95", expressions.observed(access, LOOKING), "durations of requests"),
    )
    found = []
    for check, expression, what in looked:
        if ask(access, expression, f"The number of {what}").value is None:
            text = f"Prometheus has no {what} of the last 5 minutes, so “{check}” is unknown. Look at the settings."
            found.append(Finding("warning", text, check))
        else:
            found.append(Finding("ok", f"There are {what}.", check))
    return found
