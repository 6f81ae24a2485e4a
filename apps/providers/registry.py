"""Find providers by their slug: the built-in ones, and those that other packages bring as entry points."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from importlib.metadata import entry_points

from apps.providers.base import Provider

ENTRY_POINTS = "rollback_portal.providers"
BUILT_IN = {
    "vercel": "apps.providers.vercel.provider.Vercel",
    "launchdarkly": "apps.providers.launchdarkly.provider.LaunchDarkly",
    "upstash": "apps.providers.upstash.provider.Upstash",
    "slack": "apps.providers.slack.provider.Slack",
    "pagerduty": "apps.providers.pagerduty.provider.PagerDuty",
    "http": "apps.providers.http_request.provider.HttpRequest",
    "sql": "apps.providers.sql.provider.Sql",
    "command": "apps.providers.command.provider.CommandRunner",
    "convex": "apps.providers.convex.provider.Convex",
    "stripe": "apps.providers.stripe.provider.Stripe",
    "sentry": "apps.providers.sentry.provider.Sentry",
    "prometheus": "apps.providers.prometheus.provider.Prometheus",
    "posthog": "apps.providers.posthog.provider.PostHog",
    "resend": "apps.providers.resend.provider.Resend",
    "alertmanager": "apps.providers.alertmanager.provider.Alertmanager",
    "grafana": "apps.providers.grafana.provider.Grafana",
    "datadog": "apps.providers.datadog.provider.Datadog",
    "neon": "apps.providers.neon.provider.Neon",
    "statuspage": "apps.providers.statuspage.provider.Statuspage",
    "github": "apps.providers.github.provider.GitHub",
    "cachet": "apps.providers.cachet.provider.Cachet",
    "supabase": "apps.providers.supabase.provider.Supabase",
    "clerk": "apps.providers.clerk.provider.Clerk",
    "mux": "apps.providers.mux.provider.Mux",
    "lighthouse": "apps.providers.lighthouse.provider.Lighthouse",
    "linear": "apps.providers.linear.provider.Linear",
}


class UnknownProvider(KeyError):
    """There is no provider with that slug."""


@cache
def provider(slug: str) -> Provider:
    """Return the provider called `slug`; the same object each time. Raises UnknownProvider."""
    if slug in BUILT_IN:
        module, _, name = BUILT_IN[slug].rpartition(".")
        made = getattr(import_module(module), name)()
    else:
        found = [entry for entry in entry_points(group=ENTRY_POINTS) if entry.name == slug]
        if not found:
            raise UnknownProvider(slug)
        made = found[0].load()()
    if not isinstance(made, Provider) or made.slug != slug:
        raise TypeError(f"The provider registered as {slug!r} is not a Provider with that slug.")
    return made


def providers() -> list[Provider]:
    """Return every provider, the built-in ones first, each in the order of registration."""
    others = [entry.name for entry in entry_points(group=ENTRY_POINTS) if entry.name not in BUILT_IN]
    return [provider(slug) for slug in (*BUILT_IN, *dict.fromkeys(others))]
