"""A channel as a page in the browser, so that a person can see what the portal has said. Renews itself."""

import re
from datetime import UTC, datetime
from html import escape
from typing import Any

from ...simulation.index import document
from ...simulation.messages import Request, Response, page
from ...simulation.organisations import ORGANISATIONS
from ...simulation.routing import Routes
from ...simulation.world import World

ROUTES = Routes()
REFRESH_SECONDS = 3
LINK = re.compile(r"&lt;(https?://[^|&\s]+(?:&amp;[^|&\s]+)*)(?:\|([^&]+))?&gt;")
BOLD = re.compile(r"(?<!\w)\*([^*\n]+)\*(?!\w)")


@ROUTES.add("GET", "/view/{organisation}/{channel}")
def channel(world: World, request: Request, organisation: str, channel: str) -> Response:
    """The messages of a channel, newest first."""
    workspace = world.state("slack")["workspaces"].get(organisation, {"channels": {}})
    for record in workspace["channels"].values():
        if channel in (record["id"], record["name"]):
            return page(_html(workspace, record))
    return page(document("No such channel", "<h1>No such channel</h1>"), 404)


@ROUTES.add("GET", "/view/{channel}")
def first_channel(world: World, request: Request, channel: str) -> Response:
    """The first organisation's channel of that name or id."""
    for organisation in ORGANISATIONS:
        for record in world.state("slack")["workspaces"][organisation.slug]["channels"].values():
            if channel in (record["id"], record["name"]):
                return page(_html(world.state("slack")["workspaces"][organisation.slug], record))
    return page(document("No such channel", "<h1>No such channel</h1>"), 404)


def _html(workspace: dict[str, Any], record: dict[str, Any]) -> str:
    rows = "".join(_message(workspace, message) for message in reversed(record["messages"]))
    title = f"#{record['name']} · {workspace['team']['name']}"
    empty = "<p>Nothing has been said here yet.</p>"
    body = f"<h1>{escape(title)}</h1><p>Simulated Slack channel. Newest first.</p>{rows or empty}"
    return document(title, body, refresh_seconds=REFRESH_SECONDS)


def _message(workspace: dict[str, Any], message: dict[str, Any]) -> str:
    name = workspace["users"].get(message["user"], {"real_name": message["user"]})["real_name"]
    at = datetime.fromtimestamp(float(message["ts"]), UTC).strftime("%H:%M:%S UTC")
    parts = "".join(_block(block) for block in message["blocks"]) or f"<p>{_mrkdwn(message['text'])}</p>"
    edited = " (edited)" if message.get("edited") else ""
    ts = escape(message["ts"])
    return (
        f'<article id="{ts}" data-ts="{ts}"><p><b>{escape(name)}</b> <small>{at}{edited}</small></p>'
        f"{parts}</article><hr>"
    )


def _block(block: dict[str, Any]) -> str:
    kind = block.get("type")
    if kind == "divider":
        return "<hr>"
    if kind == "header":
        return f"<h3>{_text(block.get('text'))}</h3>"
    if kind == "actions":
        return "<p>" + " ".join(_button(element) for element in block.get("elements", [])) + "</p>"
    if kind == "context":
        return "<p><small>" + " · ".join(_text(element) for element in block.get("elements", [])) + "</small></p>"
    fields = "".join(f"<li>{_text(field)}</li>" for field in block.get("fields") or [])
    return f"<p>{_text(block.get('text'))}</p>" + (f"<ul>{fields}</ul>" if fields else "")


def _button(element: dict[str, Any]) -> str:
    label = _text(element.get("text"))
    url = str(element.get("url", ""))
    if url.startswith(("http://", "https://")):
        return f'<a href="{escape(url)}">[{label}]</a>'
    return f"<button disabled>{label}</button>"


def _text(text: Any) -> str:
    if isinstance(text, dict):
        text = text.get("text", "")
    return _mrkdwn(str(text or ""))


def _mrkdwn(text: str) -> str:
    safe = escape(text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))
    linked = LINK.sub(lambda m: f'<a href="{m[1]}">{m[2] or m[1]}</a>', safe)
    return BOLD.sub(r"<b>\1</b>", linked).replace("\n", "<br>")
