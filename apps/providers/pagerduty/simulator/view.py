"""An incident as a page in the browser: its state, its notes and its log. Renews itself."""

from html import escape
from typing import Any

from ...simulation.index import document
from ...simulation.messages import Request, Response, page
from ...simulation.routing import Routes
from ...simulation.world import World

ROUTES = Routes()
REFRESH_SECONDS = 3


@ROUTES.add("GET", "/view/{name}")
def incident(world: World, request: Request, name: str) -> Response:
    """What people see when they follow an incident's `html_url`."""
    for account in world.state("pagerduty")["accounts"].values():
        if name in account["incidents"]:
            return page(_html(account["incidents"][name]))
    return page(document("No such incident", "<h1>No such incident</h1>"), 404)


@ROUTES.add("GET", "/view/{organisation}/incidents")
def index(world: World, request: Request, organisation: str) -> Response:
    """Every incident of an account, newest first."""
    account = world.state("pagerduty")["accounts"].get(organisation, {"incidents": {}})
    items = "".join(
        f'<li><a href="../{record["id"]}">{escape(record["summary"])}</a>: {record["status"]}</li>'
        for record in reversed(account["incidents"].values())
    )
    body = f"<h1>Incidents of {escape(organisation)}</h1><ul>{items}</ul>"
    return page(document("Incidents", body, refresh_seconds=REFRESH_SECONDS))


def _html(record: dict[str, Any]) -> str:
    notes = "".join(
        f"<li><b>{escape(note['user']['summary'])}</b> {note['created_at']}<br>{escape(note['content'])}</li>"
        for note in reversed(record["notes"])
    )
    updates = "".join(f"<li>{escape(update['message'])}</li>" for update in reversed(record["status_updates"]))
    log = "".join(f"<li>{entry['created_at']} {escape(entry['summary'])}</li>" for entry in reversed(record["log"]))
    body = (
        f"<h1>{escape(record['summary'])}</h1><p>Simulated PagerDuty incident: <b>{record['status']}</b>.</p>"
        f"<h2>Notes</h2><ul>{notes or '<li>None yet</li>'}</ul>"
        f"<h2>Status updates</h2><ul>{updates or '<li>None yet</li>'}</ul><h2>Log</h2><ul>{log}</ul>"
    )
    return document(record["summary"], body, refresh_seconds=REFRESH_SECONDS)
