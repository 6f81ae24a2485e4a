"""Prometheus: the share of failed requests, their p95, or the number of an expression of one's own."""

from __future__ import annotations

from collections.abc import Sequence

from apps.providers.base import Access, Call, Check, CheckResult, Field, Finding, Parameter
from apps.providers.examining import ReadsOnly, ends_in_a_check_result
from apps.providers.prometheus import checking, expressions, measuring

SELECTOR = Parameter("selector", "Labels", required=False, help='The connection\'s own when empty: service="shop".')
QUERY = Parameter("query", "Expression", help="PromQL with one number, and $window where the window stands.")
RESOLUTION_SECONDS = 60.0  # two samples at the usual scrape intervals; a slower one has no data in so short a window
CHECKS = {
    Check("error_rate", "Failed requests", (SELECTOR,), "%", RESOLUTION_SECONDS): measuring.error_rate,
    Check("latency_p95", "p95 of requests", (SELECTOR,), "ms", RESOLUTION_SECONDS): measuring.latency_p95,
    Check("value", "Expression", (QUERY,), "units", RESOLUTION_SECONDS): measuring.value,
}


class Prometheus(ReadsOnly):
    """One Prometheus, or what speaks its query language over the same API."""

    slug = "prometheus"
    name = "Prometheus"
    settings = (
        Field("requests_metric", "Counter of requests", required=False, placeholder=expressions.REQUESTS),
        Field("status_label", "Label with the status", required=False, placeholder=expressions.STATUS),
        Field("duration_metric", "Histogram of durations", required=False, placeholder=expressions.DURATION),
        Field("selector", "Labels", required=False, placeholder='service="shop",env="production"'),
        Field("username", "User name", required=False, help="For a proxy that asks for name and password."),
    )
    credentials = (
        Field("token", "Bearer token", required=False, help="For a proxy that asks for one; Prometheus has none."),
        Field("password", "Password", required=False),
    )
    checks = tuple(CHECKS)
    roles = ("metrics",)
    support = "https://prometheus.io/community/"

    def check(self, access: Access) -> list[Finding]:
        """Ask whether it answers and whether the metrics are there; change nothing."""
        return checking.findings(access)

    def check_problems(self, call: Call) -> Sequence[str]:
        """Refuse an expression that is not of the window, besides what every provider checks."""
        found = super().check_problems(call)
        if not found and expressions.WINDOW not in call.parameters.get("query", expressions.WINDOW):
            text = f"The expression says nothing of the window. Write {expressions.WINDOW} where it stands"
            return (f"{text}: sum(rate(errors_total[{expressions.WINDOW}])).",)
        return found

    @ends_in_a_check_result
    def examine(self, access: Access, call: Call) -> CheckResult:
        """Measure."""
        check = self.declared_check(call.action)
        return CHECKS[check](check, access, call.parameters)
