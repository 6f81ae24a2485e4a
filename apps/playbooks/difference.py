"""What changed between two playbooks: sentences first, then the lines of their texts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from apps.playbooks import difference_steps
from apps.playbooks.definition import Approvals, Definition
from apps.playbooks.difference_words import sentence, shown
from apps.playbooks.exporting import document, to_yaml

CONTEXT_LINES = 3
WORDS = {
    "name": "The name",
    "kind": "The direction",
    "summary": "The summary",
    "owner": "The owner",
    "target_minutes": "The target in minutes",
    "rto_minutes": "The time to recover in minutes",
    "update_cadence_minutes": "The minutes between updates",
}
LISTS = {
    "when_to_use": "When to use it",
    "when_not_to_use": "When not to use it",
    "triggers": "Triggers",
    "losses": "Losses",
}
NAMED = {"messages": ("message", "name"), "checklists": ("checklist", "title")}


@dataclass(frozen=True)
class Line:
    """One line of both texts. `kind` is " " (both), "-" (old), "+" (new) or "…" (lines left out)."""

    kind: str
    old_number: int | None
    new_number: int | None
    text: str


@dataclass(frozen=True)
class Difference:
    """Sentences for people and lines for those who want to see every letter."""

    sentences: tuple[str, ...]
    lines: tuple[Line, ...]

    @property
    def is_empty(self) -> bool:
        """Say whether nothing changed in content or form."""
        return not self.sentences and all(line.kind in " …" for line in self.lines)


def difference(
    old: Definition, new: Definition, *, old_text: str | None = None, new_text: str | None = None
) -> Difference:
    """Return how `new` differs from `old`. Without texts, the lines are those of the exported YAML."""
    lines = compare_lines(
        old_text if old_text is not None else to_yaml(old), new_text if new_text is not None else to_yaml(new)
    )
    return Difference(tuple(_sentences(old, new)), tuple(lines))


def compare_lines(old_text: str, new_text: str) -> Iterator[Line]:
    """Yield changed lines with three lines around them; what is left out between is one line of kind "…"."""
    old, new = old_text.splitlines(), new_text.splitlines()
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    for index, group in enumerate(matcher.get_grouped_opcodes(CONTEXT_LINES)):
        if index or group[0][1] or group[0][3]:
            yield Line("…", None, None, "")
        for tag, old_from, old_to, new_from, new_to in group:
            if tag == "equal":
                for at in range(old_to - old_from):
                    yield Line(" ", old_from + at + 1, new_from + at + 1, old[old_from + at])
                continue
            yield from (Line("-", at + 1, None, old[at]) for at in range(old_from, old_to))
            yield from (Line("+", None, at + 1, new[at]) for at in range(new_from, new_to))


def _sentences(old: Definition, new: Definition) -> Iterator[str]:
    yield from _approval_sentences(old, new)
    yield from difference_steps.sentences(old, new)
    before, after = document(old), document(new)
    for field, words in WORDS.items():
        if before.get(field) != after.get(field):
            yield sentence(words, before.get(field), after.get(field))
    for field, words in LISTS.items():
        yield from _list_sentences(words, before.get(field, []), after.get(field, []))
    yield from _mapping_sentences("input", before.get("inputs", {}), after.get("inputs", {}))
    for field, (noun, key) in NAMED.items():
        yield from _mapping_sentences(
            noun,
            {one[key]: one for one in before.get(field, [])},
            {one[key]: one for one in after.get(field, [])},
        )
    if before.get("fits") != after.get("fits"):
        yield "Where it is published by default changed."
    if before["slug"] != after["slug"]:
        yield sentence("The slug", before["slug"], after["slug"])


def _approval_sentences(old: Definition, new: Definition) -> Iterator[str]:
    yield from _rule_sentences("", old.approvals, new.approvals)
    for severity in sorted({*old.approvals_by_severity, *new.approvals_by_severity}):
        before, after = old.approvals_for(severity), new.approvals_for(severity)
        if (before, after) != (old.approvals, new.approvals):
            yield from _rule_sentences(f"At {severity}: ", before, after)


def _rule_sentences(where: str, old: Approvals, new: Approvals) -> Iterator[str]:
    if (old.all_of, old.any_of, old.needed) != (new.all_of, new.any_of, new.needed):
        yield f"{where}Other people must agree: it was {who_agrees(old)}, now {who_agrees(new)}."
    if old.due_minutes != new.due_minutes:
        yield where + sentence("The time to agree in minutes", old.due_minutes, new.due_minutes)
    if old.expires_minutes != new.expires_minutes:
        yield where + sentence("The minutes until the question is void", old.expires_minutes, new.expires_minutes)


def who_agrees(rule: Approvals) -> str:
    """Return a rule in words: `founder and client-success-lead`, `2 of cto, founder, owner`, or `nobody`."""
    if rule.nobody:
        return "nobody"
    if rule.all_of:
        return " and ".join(rule.all_of)
    if rule.needed == 1:
        return " or ".join(rule.any_of)
    return f"{rule.needed} of {', '.join(rule.any_of)}"


def _list_sentences(words: str, old: list[Any], new: list[Any]) -> Iterator[str]:
    yield from (f"{words}: removed {shown(entry)}." for entry in old if entry not in new)
    yield from (f"{words}: added {shown(entry)}." for entry in new if entry not in old)
    if old != new and sorted(map(repr, old)) == sorted(map(repr, new)):
        yield f"{words}: the order changed."


def _mapping_sentences(noun: str, old: dict[str, Any], new: dict[str, Any]) -> Iterator[str]:
    yield from (f"The {noun} “{name}” is gone." for name in old if name not in new)
    yield from (f"There is a new {noun}, “{name}”." for name in new if name not in old)
    yield from (f"The {noun} “{name}” changed." for name in old if name in new and old[name] != new[name])
