"""The rules all Slack methods share: where arguments stand, who calls, which channel is meant, how errors
look.
"""

import json
from collections.abc import Callable
from typing import Any

from ...simulation.messages import Refused, Request, answer
from ...simulation.world import World

Workspace = dict[str, Any]
Fields = dict[str, Any]
Method = Callable[[World, Request, Workspace, Fields], dict[str, Any]]
METHODS: dict[str, tuple[frozenset[str], Method]] = {}
WRITING: set[str] = set()


def method(name: str, *scopes: str, writes: bool = False) -> Callable[[Method], Method]:
    """Registers a method of the Web API; any one of `scopes` is enough."""

    def register(handler: Method) -> Method:
        METHODS[name] = (frozenset(scopes), handler)
        if writes:
            WRITING.add(name)
        return handler

    return register


def problem(error: str, **extra: Any) -> Refused:
    """An error of the Web API, to be raised: HTTP 200, `ok: false`."""
    return Refused(answer(200, {"ok": False, "error": error, **extra}))


def arguments(request: Request) -> Fields:
    """Query, form and JSON together; structures inside a form are JSON texts and are opened here."""
    fields: Fields = {name: values[-1] for name, values in request.query.items()}
    kind = request.headers.get("content-type", "")
    if kind.startswith("application/json"):
        fields.update(request.object())
    elif request.body:
        fields.update(request.form())
    for name in ("blocks", "attachments", "metadata"):
        if isinstance(fields.get(name), str) and fields[name]:
            fields[name] = _opened(name, fields[name])
    return fields


def _opened(name: str, text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        error = "invalid_metadata_format" if name == "metadata" else f"invalid_{name}"
        raise problem(error) from None


def token_of(request: Request, fields: Fields) -> str:
    """The bot token, from the header or the field."""
    return request.bearer() or str(fields.get("token", ""))


def channel_of(workspace: Workspace, fields: Fields, *, by_name: bool = False) -> dict[str, Any]:
    """The channel named by id (or by name where Slack allows it); raises channel_not_found."""
    wanted = str(fields.get("channel", ""))
    for channel in workspace["channels"].values():
        if wanted == channel["id"] or (by_name and wanted.lstrip("#") == channel["name"]):
            found: dict[str, Any] = channel
            return found
    raise problem("channel_not_found")


def number(fields: Fields, name: str, default: int) -> int:
    """A whole number; raises invalid_arguments for anything else."""
    try:
        return int(fields.get(name) or default)
    except (TypeError, ValueError):
        raise problem("invalid_arguments") from None


def flag(fields: Fields, name: str) -> bool:
    """A yes-or-no argument, which a form sends as `1` or `true`."""
    return str(fields.get(name, "")).lower() in ("1", "true")
