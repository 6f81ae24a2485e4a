"""Read what concerns people: what they fill in, what they are told and what they tick."""

from __future__ import annotations

import re

from apps.playbooks.choices import Audience, InputKind
from apps.playbooks.definition import Checklist, ChecklistItem, Input, Message
from apps.playbooks.fields import LONGEST_TEXT, Fields, Reading, text_of
from apps.playbooks.nodes import Node
from apps.playbooks.parsing_steps import name_from

INPUT_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
LONGEST_ITEM = 500
WHENS = ("before", "during", "after")


def inputs(fields: Fields) -> tuple[Input, ...]:
    """Return what the proposer fills in, in the order of the text."""
    node = fields.get("inputs")
    if node is None:
        return ()
    if not isinstance(node.value, dict) or len(node.value) > 50:
        fields.reading.report(node, "“inputs” must be a mapping of at most 50 names to what is asked.")
        return ()
    return tuple(_input(name, child, fields.reading) for name, child in node.value.items())


def _input(name: str, node: Node, reading: Reading) -> Input:
    fields = Fields(node, reading, f"Input “{name[:40]}”")
    if not INPUT_NAME.fullmatch(name):
        reading.report(node, "An input's name must be small letters, digits and underscores, at most 40 characters.")
    kind = fields.choice("kind", InputKind, InputKind.TEXT)
    choices = fields.texts("choices", longest=200)
    entry = Input(
        name=name,
        title=fields.text("title") or name,
        kind=kind,
        required=fields.yes("required"),
        default=_default(fields, kind, choices),
        choices=tuple(dict.fromkeys(choices)),
    )
    if (kind is InputKind.CHOICE) != bool(choices):
        reading.report(node, "“choices” must be given for kind choice, and only for it.")
    fields.finish()
    return entry


def _default(fields: Fields, kind: InputKind, choices: tuple[str, ...]) -> str | tuple[str, ...] | None:
    node = fields.get("default")
    if node is None:
        return None
    if kind is InputKind.LIST:
        return fields.texts("default", longest=2_000)
    text = text_of(node, fields.reading, "default", longest=LONGEST_TEXT)
    if kind is InputKind.CHOICE and text not in choices:
        fields.reading.report(node, "“default” must be one of the choices.")
    return text


def messages(fields: Fields) -> tuple[Message, ...]:
    """Return the message templates; their names are used once."""
    found: dict[str, Message] = {}
    for node in fields.entries("messages"):
        message = _message(node, fields.reading)
        if message.name in found and message.name:
            fields.reading.report(node, f"There is already a message called “{message.name}”.")
        found[message.name] = message
    return tuple(found.values())


def _message(node: Node, reading: Reading) -> Message:
    fields = Fields(node, reading, "A message")
    message = Message(
        name=fields.text("name", required=True),
        audience=fields.choice("audience", Audience, Audience.INTERNAL),
        text=fields.text("text", required=True, longest=LONGEST_TEXT, template=True),
        channel=fields.text("channel"),
        subject=fields.text("subject", template=True),
    )
    fields.finish()
    return message


def checklists(fields: Fields) -> tuple[Checklist, ...]:
    """Return the checklists; the ids of their items are unique in the playbook."""
    used: set[str] = set()
    return tuple(_checklist(node, fields.reading, used) for node in fields.entries("checklists"))


def _checklist(node: Node, reading: Reading, used: set[str]) -> Checklist:
    fields = Fields(node, reading, "A checklist")
    when = fields.text("when") or "after"
    if when not in WHENS:
        reading.report(fields.found["when"], f"“when” must be one of: {', '.join(WHENS)}.")
    checklist = Checklist(
        title=fields.text("title", required=True),
        when=when,
        items=tuple(_item(item, reading, used) for item in fields.entries("items", required=True)),
    )
    fields.finish()
    return checklist


def _item(node: Node, reading: Reading, used: set[str]) -> ChecklistItem:
    if not isinstance(node.value, dict):
        text = text_of(node, reading, "items", longest=LONGEST_ITEM)
        return ChecklistItem(id=_free_id(name_from(text), used), text=text)
    fields = Fields(node, reading, "A checklist item")
    text = fields.text("text", required=True, longest=LONGEST_ITEM)
    given = fields.slug("id")
    if given in used:
        reading.report(node, f"There is already an item with the id “{given}”.")
    item = ChecklistItem(
        id=_free_id(given or name_from(text), used),
        text=text,
        role=fields.slug("role"),
        due_minutes=fields.whole("due_minutes", 1, 90 * 24 * 60),
        due_business_days=fields.whole("due_business_days", 1, 90),
    )
    fields.finish()
    if item.due_minutes and item.due_business_days:
        reading.report(node, "Write “due_minutes” or “due_business_days”, not both.")
    return item


def _free_id(wanted: str, used: set[str]) -> str:
    """Return `wanted`, or with a number behind it where it is taken, and remember it."""
    chosen, number = wanted, 2
    while chosen in used:
        chosen, number = f"{wanted[:56]}-{number}", number + 1
    used.add(chosen)
    return chosen
