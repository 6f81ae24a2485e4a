"""What a person sees first at the simulators' address, and the world described for `POST /connections`."""

from html import escape
from typing import Any

from .organisations import ORGANISATIONS
from .world import World

STYLE = (
    "<style>body{font:16px/1.5 system-ui,sans-serif;max-width:44rem;margin:2rem auto;padding:0 1rem;"
    "color:#12161c;background:#f5f6f8}a{color:#12161c}code{font-size:.9em}li{margin:.25rem 0}"
    "th,td{text-align:left;padding:.25rem 1rem .25rem 0}</style>"
)


def document(title: str, body: str, *, refresh_seconds: int = 0) -> str:
    """A small HTML page around ready-made markup; `title` is escaped here."""
    refresh = f'<meta http-equiv="refresh" content="{refresh_seconds}">' if refresh_seconds else ""
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>{refresh}'
        f'<meta name="viewport" content="width=device-width,initial-scale=1">{STYLE}</head>'
        f"<body>{body}</body></html>"
    )


def html(world: World) -> str:
    """The index: the customers' sites, their Slack channels, the journal."""
    sites = "".join(f'<li><a href="/site/{o.slug}/">{escape(o.name)}: the public site</a></li>' for o in ORGANISATIONS)
    channels = "".join(
        f'<li><a href="/slack/view/{o.slug}/{name}">{escape(o.name)} #{name}</a></li>'
        for o in ORGANISATIONS
        for name in o.channels
    )
    incidents = "".join(
        f'<li><a href="/pagerduty/view/{o.slug}/incidents">{escape(o.name)}: incidents</a></li>' for o in ORGANISATIONS
    )
    slugs = ", ".join(f"<code>/{slug}/</code>" for slug in world.simulators)
    return document(
        "Provider simulators",
        "<h1>Provider simulators</h1>"
        f"<p>They stand in for {slugs}. Nothing here reaches the real services.</p>"
        f"<h2>What customers see</h2><ul>{sites}</ul><h2>Slack channels</h2><ul>{channels}</ul>"
        f"<h2>PagerDuty</h2><ul>{incidents}</ul>"
        '<h2>For tests</h2><ul><li><a href="/_control/journal">The journal of every change asked for</a></li>'
        '<li><a href="/_control/describe">The starting world as JSON</a></li></ul>',
    )


def described(world: World, address: str) -> dict[str, Any]:
    """`{slug: {base_url, settings, credentials, objects}}` with the keys `POST /connections` takes."""
    return {
        slug: {"base_url": f"{address}/{slug}", **simulator.describe(world.state(slug))}
        for slug, simulator in world.simulators.items()
    }
