"""Write the expressions of the checks, from the names that an installation's metrics have."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from apps.providers.base import Access, ProviderError
from apps.providers.endings import quoted

NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
MATCHERS = re.compile(r'\s*(?:[a-zA-Z_]\w*\s*(?:=~|!~|!=|=)\s*"(?:[^"\\]|\\.)*"\s*(?:,\s*|$))*')
WINDOW = "$window"
REQUESTS, STATUS, DURATION = "http_requests_total", "code", "http_request_duration_seconds_bucket"


def window(given: Mapping[str, Any]) -> str:
    """Return the window as Prometheus writes it."""
    return f"{round(float(given['window_minutes']) * 60)}s"


def requests(access: Access, given: Mapping[str, Any], status: str) -> str:
    """Return how many requests had a status that fits the pattern; without the status label there are none."""
    label = _name(access, "status_label", STATUS)
    series = f"{_name(access, 'requests_metric', REQUESTS)}{{{_selected(access, given)}{label}=~{status}}}"
    return f"sum(increase({series}[{window(given)}]))"


def quantile(access: Access, given: Mapping[str, Any], share: float) -> str:
    """Return the quantile of the durations, in seconds or milliseconds as the metric counts them."""
    series = f"{_name(access, 'duration_metric', DURATION)}{{{_selected(access, given).rstrip(',')}}}"
    return f"histogram_quantile({share:g}, sum by (le) (rate({series}[{window(given)}])))"


def observed(access: Access, given: Mapping[str, Any]) -> str:
    """Return how many durations were observed."""
    metric = _name(access, "duration_metric", DURATION).removesuffix("_bucket")
    return f"sum(increase({metric}_count{{{_selected(access, given).rstrip(',')}}}[{window(given)}]))"


def to_milliseconds(access: Access) -> float:
    """Return what a duration must be multiplied with; the metric's name says in what it counts."""
    metric = _name(access, "duration_metric", DURATION)
    return 1.0 if "milliseconds" in metric or "_ms" in metric else 1000.0


def _selected(access: Access, given: Mapping[str, Any]) -> str:
    """Return the matchers of the check or the connection, with a comma behind, or an empty text."""
    matchers = (given.get("selector") or access.settings.get("selector") or "").strip().rstrip(",")
    if not MATCHERS.fullmatch(matchers):
        text = f"“{quoted(matchers)}” cannot select series. Write labels with their values"
        raise ProviderError(f'{text}, such as service="shop",env="production".')
    return f"{matchers}," if matchers else ""


def _name(access: Access, setting: str, default: str) -> str:
    name = access.settings.get(setting) or default
    if not NAME.fullmatch(name):
        raise ProviderError(f"“{quoted(name)}” cannot be a name in Prometheus: use letters, digits and “_”.")
    return name
