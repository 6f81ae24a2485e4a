"""The HTML of the customers' sites: the page for people and a shared page."""

from html import escape

from ..simulation.index import document
from ..simulation.world import World
from .reality import Visit, link_opens, visit

SHOWN_LINKS = 9
REFRESH_SECONDS = 3


def home(world: World, seen: Visit) -> str:
    """Which version answers at which address, and a sample of share links."""
    organisation = seen.organisation
    rows = ""
    for position, address in enumerate(organisation.addresses):
        there = visit(world, organisation.slug, position)
        if there:
            rows += f"<tr><td>{escape(address)}<td><b>{escape(there.version)}</b>"
            rows += f"<td><code>{there.deployment}</code>"
    body = (
        f'<h1 data-version="{escape(seen.version)}">{escape(organisation.name)}</h1>'
        f"<p>The public site, as a customer sees it. It is served by <b>{escape(seen.version)}</b>.</p>"
        f"<table><tr><th>Address<th>Version<th>Deployment{rows}</table>{_links(world, seen)}"
    )
    return document(f"{organisation.name}", body, refresh_seconds=REFRESH_SECONDS)


def share(seen: Visit, link: str, opens: bool) -> str:
    """A shared page, or what a client sees in its place."""
    if opens:
        text = f"<h1>Shared with you</h1><p>Link {escape(link)} opens. Served by {escape(seen.version)}.</p>"
    else:
        text = "<h1>This link cannot be opened</h1>"
        text += f"<p>Something went wrong (500). Served by {escape(seen.version)}.</p>"
    return document("Shared page", text)


def _links(world: World, seen: Visit) -> str:
    there = visit(world, seen.organisation.slug, 1)
    if len(seen.organisation.addresses) < 3 or there is None:
        return ""
    links = [f"{number:05d}" for number in range(SHOWN_LINKS)]
    open_ones = [link for link in links if link_opens(world, there, link)]
    items = "".join(
        f'<li><a href="share/{link}">Share link {link}</a> {"opens" if link in open_ones else "<b>fails</b>"}</li>'
        for link in links
    )
    summary = f"{len(open_ones)} of {SHOWN_LINKS} share links open"
    return f'<h2 data-open-links="{len(open_ones)}">{summary}</h2><ul>{items}</ul>'
