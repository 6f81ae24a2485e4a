"""The door of playbooks: text or decoded JSON in, a Definition out, or every problem with its line."""

from __future__ import annotations

import json
from typing import Any

from apps.playbooks import parsing_approvals, parsing_people, parsing_steps, yaml_text
from apps.playbooks.choices import Kind
from apps.playbooks.definition import Definition, Fits, Trigger
from apps.playbooks.fields import LONGEST_TEXT, Fields, Reading, text_of
from apps.playbooks.nodes import Node, from_python
from apps.playbooks.problems import Invalid, Problem

LONGEST_TARGET_MINUTES = 7 * 24 * 60


def parse(text: str) -> Definition:
    """Return the playbook of a YAML (or JSON) text. Raises Invalid, and nothing else, for any text."""
    return _definition(yaml_text.read(text))


def parse_json(document: Any) -> Definition:
    """Return the playbook of decoded JSON. Raises Invalid, and nothing else; its problems have no lines."""
    return _definition(from_python(document))


def parse_json_text(text: str | bytes) -> Definition:
    """Return the playbook of a JSON text. Raises Invalid, also for repeated fields."""
    try:
        document = json.loads(text, object_pairs_hook=_without_repetition)
    except Invalid:
        raise
    except (ValueError, RecursionError) as error:  # JSONDecodeError and undecodable bytes are ValueErrors
        line, column = getattr(error, "lineno", None), getattr(error, "colno", None)
        raise Invalid([Problem("This is not readable as JSON.", "", line, column)]) from error
    return parse_json(document)


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise Invalid([Problem(f"“{name[:60]}” is written twice in one object.")])
        found[name] = value
    return found


def _definition(root: Node) -> Definition:
    reading = Reading()
    fields = Fields(root, reading, "A playbook")
    _version(fields)
    inputs = parsing_people.inputs(fields)
    reading.inputs = frozenset(entry.name for entry in inputs)
    approvals, by_severity = parsing_approvals.approvals(fields)
    definition = Definition(
        slug=fields.slug("slug", required=True),
        name=fields.text("name", required=True),
        kind=fields.choice("kind", Kind, Kind.ROLLBACK),
        summary=_summary(fields),
        owner=fields.text("owner"),
        fits=_fits(fields),
        when_to_use=fields.texts("when_to_use"),
        when_not_to_use=fields.texts("when_not_to_use"),
        triggers=tuple(_trigger(node, reading) for node in fields.entries("triggers")),
        target_minutes=fields.whole("target_minutes", 1, LONGEST_TARGET_MINUTES),
        rto_minutes=fields.whole("rto_minutes", 1, LONGEST_TARGET_MINUTES),
        update_cadence_minutes=fields.whole("update_cadence_minutes", 1, LONGEST_TARGET_MINUTES),
        approvals=approvals,
        approvals_by_severity=by_severity,
        inputs=inputs,
        losses=parsing_steps.losses(fields),
        steps=parsing_steps.steps(fields),
        messages=parsing_people.messages(fields),
        checklists=parsing_people.checklists(fields),
    )
    fields.finish()
    if reading.problems:
        raise Invalid(reading.problems)
    return definition


def _version(fields: Fields) -> None:
    node = fields.get("version", required=True)
    if node is not None and (isinstance(node.value, bool) or node.value != 1):
        fields.reading.report(node, "“version” must be 1; other versions are not known yet.")


def _summary(fields: Fields) -> str:
    """Read `summary`, or `description`, which means the same."""
    summary = fields.text("summary", longest=LONGEST_TEXT)
    other = fields.get("description")
    if other is not None and summary:
        fields.reading.report(other, "Write “summary” or “description”, not both: they mean the same.")
    elif other is not None:
        summary = text_of(other, fields.reading, "description", longest=LONGEST_TEXT)
    return summary


def _fits(fields: Fields) -> Fits:
    node = fields.get("fits")
    if node is None:
        return Fits()
    inner = Fields(node, fields.reading, "“fits”")
    fits = Fits(organisations=inner.slugs("organisations"), services=inner.slugs("services"))
    inner.finish()
    return fits


def _trigger(node: Node, reading: Reading) -> Trigger:
    if not isinstance(node.value, dict):
        return Trigger(text=text_of(node, reading, "triggers", longest=LONGEST_TEXT))
    fields = Fields(node, reading, "A trigger")
    above = fields.get("above")
    if above is not None and (isinstance(above.value, bool) or not isinstance(above.value, (int, float))):
        reading.report(above, "“above” must be a number.")
    trigger = Trigger(
        text=fields.text("text", longest=LONGEST_TEXT),
        signal=fields.text("signal"),
        above=above.value if above is not None and isinstance(above.value, (int, float)) else None,
        for_minutes=fields.whole("for_minutes", 0, LONGEST_TARGET_MINUTES),
    )
    fields.finish()
    if not trigger.text and not trigger.signal and fields.is_mapping:
        reading.report(node, "A trigger needs “text” or “signal”.")
    return trigger
