"""Read the steps of a playbook: actions, checks, what people do and where they agree, with the losses they name."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from apps.playbooks import parsing_approvals
from apps.playbooks.choices import OnFailure
from apps.playbooks.definition import (
    CHECK_WITHIN_SECONDS,
    CONNECTION_ROLES,
    MESSAGE_ROLES,
    ActionStep,
    Check,
    CheckStep,
    GateStep,
    HumanStep,
    Loss,
    Step,
)
from apps.playbooks.fields import LONGEST_TEXT, Fields, Reading, text_of
from apps.playbooks.nodes import Node

USE = re.compile(r"([a-z_]{1,40})\.([a-z][a-z0-9_]{0,59})")
KINDS = ("use", "check", "human")
PLACES = ("path", "url", "use")  # what a check asks, one of them
LONGEST_STEP_SECONDS = 24 * 60 * 60
HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
MOST_PARAMETERS = 50


def steps(fields: Fields) -> tuple[Step, ...]:
    """Return the steps in their order; a playbook needs at least one."""
    nodes = fields.entries("steps", required=True)
    empty = fields.found.get("steps")
    if empty is not None and empty.value == []:
        fields.reading.report(empty, "A playbook needs at least one step.")
    return tuple(_step(node, at, fields.reading) for at, node in enumerate(nodes, start=1))


def losses(fields: Fields) -> tuple[Loss, ...]:
    """Return the losses a mapping names: each a sentence, or `{name, text}`."""
    return tuple(_loss(node, fields.reading) for node in fields.entries("losses"))


def _loss(node: Node, reading: Reading) -> Loss:
    if not isinstance(node.value, dict):
        text = text_of(node, reading, "losses", longest=LONGEST_TEXT, template=True)
        return Loss(name=name_from(text), text=text)
    fields = Fields(node, reading, "A loss")
    text = fields.text("text", required=True, longest=LONGEST_TEXT, template=True)
    loss = Loss(name=fields.slug("name") or name_from(text), text=text)
    fields.finish()
    return loss


def name_from(text: str) -> str:
    """Return a slug made of a sentence, for what has no name of its own."""
    return re.sub(r"[^a-z0-9]+", "-", text[:200].lower()).strip("-")[:60].strip("-") or "unnamed"


def _step(node: Node, position: int, reading: Reading) -> Step:
    fields = Fields(node, reading, f"Step {position}")
    kinds = [kind for kind in KINDS if kind in fields.found]
    is_gate = not kinds and fields.found.get("approvals") is not None
    if fields.is_mapping and len(kinds) != 1 and not is_gate:
        message = f"Step {position} needs exactly one of “use”, “check” or “human”, or “approvals” alone."
        reading.report(node, message)
    read = {"use": _action, "check": _check_step, "human": _human}[kinds[0]] if kinds else _gate if is_gate else _human
    step = read(fields, _common(fields, kinds))
    fields.finish(also=(*KINDS, "with") if len(kinds) != 1 and not is_gate else ())
    return step


def _gate(fields: Fields, common: dict[str, Any]) -> Step:
    return GateStep(**common)


def _common(fields: Fields, kinds: list[str]) -> dict[str, Any]:
    use = fields.found.get("use")
    tells = use is not None and str(use.value).partition(".")[0] in MESSAGE_ROLES and "use" in kinds
    return {
        "name": fields.text("name", required=True),
        "on_failure": fields.choice("on_failure", OnFailure, OnFailure.CONTINUE if tells else OnFailure.HALT),
        "usual_seconds": fields.whole("usual_seconds", 0, LONGEST_STEP_SECONDS),
        "gives_up_seconds": fields.whole("gives_up_seconds", 1, LONGEST_STEP_SECONDS),
        "losses": losses(fields),
        "approvals": parsing_approvals.of_step(fields),
        "line": fields.node.line,
    }


def _action(fields: Fields, common: dict[str, Any]) -> Step:
    role, action = _use(fields, "<connection role>.<action>, for example hosting.rollback")
    return ActionStep(**common, role=role, action=action, parameters=_parameters(fields))


def _use(fields: Fields, form: str) -> tuple[str, str]:
    """Return the role and what is used of it; both empty where `use` is not of the `form` that is said."""
    use = fields.get("use", required=True)
    found = USE.fullmatch(use.value) if use is not None and isinstance(use.value, str) else None
    if use is not None and found is None:
        fields.reading.report(use, f"“use” must be {form}.")
    elif use is not None and found is not None and found[1] not in CONNECTION_ROLES:
        known = ", ".join(CONNECTION_ROLES)
        fields.reading.report(use, f"“{found[1]}” is not a connection role. Known are: {known}.")
    return (found[1], found[2]) if found else ("", "")


def _parameters(fields: Fields) -> dict[str, Any]:
    node = fields.get("with")
    if node is None:
        return {}
    if not isinstance(node.value, dict) or len(node.value) > MOST_PARAMETERS:
        fields.reading.report(node, f"“with” must be a mapping of at most {MOST_PARAMETERS} parameters.")
        return {}
    fields.reading.check_template(node)
    return dict(node.plain())


def _check_step(fields: Fields, common: dict[str, Any]) -> Step:
    node = fields.get("check", required=True)
    return CheckStep(**common, check=_check(node, fields.reading) if node is not None else Check())


def _check(node: Node, reading: Reading) -> Check:
    fields = Fields(node, reading, "A check")
    within = fields.whole("within_seconds", 1, LONGEST_STEP_SECONDS) or CHECK_WITHIN_SECONDS
    check = _asked(fields, within) if "use" in fields.found else _looked_at(fields, within)
    fields.finish()
    if fields.is_mapping and sum(place in fields.found for place in PLACES) != 1:
        reading.report(node, "A check needs exactly one of “path” or “url” (an address) or “use” (a provider's check).")
    return check


def _asked(fields: Fields, within: int) -> Check:
    role, name = _use(fields, "<connection role>.<check>, for example metrics.error_rate")
    return Check(within_seconds=within, role=role, name=name, parameters=_parameters(fields))


def _looked_at(fields: Fields, within: int) -> Check:
    return Check(
        path=_path(fields),
        url=_url(fields),
        method=_method(fields),
        status=fields.whole("status", 100, 599),
        contains=fields.text("contains", longest=LONGEST_TEXT, template=True),
        header=_header(fields),
        json=_json(fields),
        within_seconds=within,
    )


def _path(fields: Fields) -> str:
    path = fields.text("path", longest=2_000, template=True)
    if path and (not path.startswith("/") or path.startswith("//") or "\\" in path or any(c.isspace() for c in path)):
        fields.reading.report(fields.found["path"], "“path” must begin with one / and hold no spaces.")
    return path


def _url(fields: Fields) -> str:
    url = fields.text("url", longest=2_000, template=True)
    if url and not _is_web_address(url):
        message = "“url” must be a whole address that begins with https:// or http://, without a password."
        fields.reading.report(fields.found["url"], message)
    return url


def _is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    plain = not any(character.isspace() or character == "\\" for character in url)
    return plain and parts.scheme in ("http", "https") and bool(parts.netloc) and "@" not in parts.netloc


def _method(fields: Fields) -> str:
    method = fields.text("method")
    if method and method not in ("GET", "HEAD"):
        fields.reading.report(fields.found["method"], "A check only looks: “method” must be GET or HEAD.")
    return method or "GET"


def _header(fields: Fields) -> dict[str, str]:
    node = fields.get("header")
    if node is None:
        return {}
    if not isinstance(node.value, dict) or len(node.value) > MOST_PARAMETERS:
        fields.reading.report(node, "“header” must be a mapping of header names to the values they must have.")
        return {}
    for name, child in node.value.items():
        if not HEADER_NAME.fullmatch(name):
            fields.reading.report(child, f"“{name[:60]}” is not a header name.")
    return {
        name: text_of(child, fields.reading, name, longest=2_000, template=True) for name, child in node.value.items()
    }


def _json(fields: Fields) -> dict[str, Any] | None:
    node = fields.get("json")
    if node is None:
        return None
    if not isinstance(node.value, dict):
        fields.reading.report(node, "“json” must be a mapping of members the answer must contain.")
        return None
    fields.reading.check_template(node)
    return dict(node.plain())


def _human(fields: Fields, common: dict[str, Any]) -> Step:
    stated = "human" in fields.found
    instructions = fields.text("human", required=True, longest=LONGEST_TEXT, template=True) if stated else ""
    return HumanStep(**common, instructions=instructions, evidence=fields.yes("evidence"))
