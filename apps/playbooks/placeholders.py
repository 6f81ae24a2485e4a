"""Fill `{release.version}` and its like into texts. Knows a fixed list of names and never evaluates anything.

`release` is the release that is rolled back, `previous` the deployment that is live before the run, `target`
the one the run goes to. `{{release.version}}` stands for the text `{release.version}`; other braces are
themselves.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

TEXT, LIST = "text", "list"
KNOWN: Mapping[str, str] = {
    "release.version": TEXT,
    "release.reference": TEXT,
    "release.commit": TEXT,
    "release.flags": LIST,
    "target.reference": TEXT,
    "target.version": TEXT,
    "target.commit": TEXT,
    "previous.reference": TEXT,
    "previous.version": TEXT,
    "previous.commit": TEXT,
    "incident.title": TEXT,
    "incident.severity": TEXT,
    "incident.number": TEXT,
    "incident.url": TEXT,
    "incident.summary": TEXT,
    "service.slug": TEXT,
    "service.name": TEXT,
    "environment.name": TEXT,
    "environment.url": TEXT,
    "organisation.name": TEXT,
    "rollback.url": TEXT,
    "rollback.requester": TEXT,
    "playbook.name": TEXT,
    "playbook.update_cadence_minutes": TEXT,
    "time.now": TEXT,
}
WHEN_SENT = frozenset({"time.now"})  # known only when a message leaves, so never part of a plan
_BRACES = re.compile(r"\{\{([ \w.\[\]!:-]{1,80})\}\}|\{([ ]{0,8}[\w.\[\]!:-]{1,80}[ ]{0,8})\}")


class Unfilled(Exception):
    """A placeholder has no value in this situation; `names` lists them in the order of the text."""

    def __init__(self, names: Collection[str]) -> None:
        self.names = tuple(names)
        listed = ", ".join(f"{{{name}}}" for name in self.names)
        super().__init__(f"There is no value for {listed} here.")


def names_in(template: str) -> Iterator[str]:
    """Yield every placeholder name of a text as it is written, known or not."""
    return (found[2] for found in _BRACES.finditer(template) if found[2] is not None)


def names_in_value(value: Any) -> Iterator[str]:
    """Yield every placeholder name in the texts of a value made of mappings, lists and scalars."""
    if isinstance(value, str):
        yield from names_in(value)
    elif isinstance(value, Mapping):
        for child in value.values():
            yield from names_in_value(child)
    elif isinstance(value, (list, tuple)):
        for child in value:
            yield from names_in_value(child)


def why_unknown(name: str, inputs: Collection[str]) -> str:
    """Return why a placeholder cannot be used, as a sentence, or an empty text where it can."""
    if name in KNOWN or (name.startswith("inputs.") and name.removeprefix("inputs.") in inputs):
        return ""
    if name != name.strip():
        return f"Write {{{name.strip()}}} without spaces inside the braces."
    if name.startswith("inputs."):
        return f"{{{name}}} is not declared under inputs."
    return f"There is no placeholder {{{name}}}. To write these braces as they are, double them."


def substitute(template: Any, values: Mapping[str, Any]) -> Any:
    """Return the template with placeholders filled from `values`, keyed by whole names (`release.flags`).

    A text that is one placeholder and nothing else becomes the value itself, so a list stays a list, and is
    spliced where it stands in a list. Inside a text, lists are joined with ", ". Mappings and lists are
    filled member by member. A name that is missing or None raises Unfilled.
    """
    missing = [name for name in names_in_value(template) if values.get(name) is None]
    if missing:
        raise Unfilled(tuple(dict.fromkeys(missing)))
    return _fill(template, values)


def _fill(template: Any, values: Mapping[str, Any]) -> Any:
    if isinstance(template, str):
        alone = _BRACES.fullmatch(template)
        if alone and alone[2] is not None:
            value = values[alone[2]]
            return list(value) if isinstance(value, (list, tuple)) else value
        return _BRACES.sub(lambda found: _text(found, values), template)
    if isinstance(template, Mapping):
        return {key: _fill(child, values) for key, child in template.items()}
    if isinstance(template, (list, tuple)):
        return list(_spliced(template, values))
    return template


def _spliced(items: Collection[Any], values: Mapping[str, Any]) -> Iterator[Any]:
    for item in items:
        filled = _fill(item, values)
        if isinstance(item, str) and isinstance(filled, list):
            yield from filled
        else:
            yield filled


def _text(found: re.Match[str], values: Mapping[str, Any]) -> str:
    if found[2] is None:
        return f"{{{found[1]}}}"
    value = values[found[2]]
    return ", ".join(str(part) for part in value) if isinstance(value, (list, tuple)) else str(value)
