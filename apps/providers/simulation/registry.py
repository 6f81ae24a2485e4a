"""Which simulators there are and where each lives; they are imported on first use."""

from importlib import import_module

from .world import Simulator

BUILT_IN = {
    "vercel": "apps.providers.vercel.simulator",
    "launchdarkly": "apps.providers.launchdarkly.simulator",
    "upstash": "apps.providers.upstash.simulator",
    "slack": "apps.providers.slack.simulator",
    "pagerduty": "apps.providers.pagerduty.simulator",
    "sentry": "apps.providers.sentry.simulator",
    "prometheus": "apps.providers.prometheus.simulator",
    "posthog": "apps.providers.posthog.simulator",
    "datadog": "apps.providers.datadog.simulator",
    "alertmanager": "apps.providers.alertmanager.simulator",
    "grafana": "apps.providers.grafana.simulator",
    "site": "apps.providers.site.simulator",
    "http": "apps.providers.simulation.flag_api",
    "convex": "apps.providers.convex.simulator",
    "stripe": "apps.providers.stripe.simulator",
    "resend": "apps.providers.resend.simulator",
    "neon": "apps.providers.neon.simulator",
    "statuspage": "apps.providers.statuspage.simulator",
    "github": "apps.providers.github.simulator",
    "cachet": "apps.providers.cachet.simulator",
    "supabase": "apps.providers.supabase.simulator",
    "clerk": "apps.providers.clerk.simulator",
    "mux": "apps.providers.mux.simulator",
    "lighthouse": "apps.providers.lighthouse.simulator",
    "linear": "apps.providers.linear.simulator",
}


def simulators() -> dict[str, Simulator]:
    """Every simulator by slug, in the order they are announced."""
    return {slug: import_module(path).SIMULATOR for slug, path in BUILT_IN.items()}
