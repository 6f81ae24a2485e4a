"""What the editor does with a text: save it as a draft, publish it, and say what there is to correct."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from apps.accounts.models import Organisation
from apps.playbooks import library, lifecycle
from apps.playbooks.catalogue import Catalogue
from apps.playbooks.definition import Definition
from apps.playbooks.difference import Difference, difference
from apps.playbooks.linter import Report, report
from apps.playbooks.models import Playbook, Revision
from apps.playbooks.parsing import parse
from apps.playbooks.problems import Invalid, Problem
from apps.timeline.answers import Refused

EMPTY = """\
version: 1
slug: my-rollback
name: My rollback
approvals: {any_of: [incident-commander, technical-lead], due_minutes: 5}
steps:
  - name: Put the known-good deployment back
    use: hosting.rollback
    with: {deployment: "{target.reference}"}
  - name: The public address answers
    check: {path: /, status: 200, within_seconds: 180}
"""


@dataclass(frozen=True)
class Preview:
    """What can be said of a text: that it is no playbook yet, or what is found in it and changed."""

    problems: tuple[Problem, ...] = ()
    definition: Definition | None = None
    report: Report = field(default_factory=lambda: Report((), 0))
    difference: Difference | None = None
    compared_with: int | None = None

    @property
    def stops(self) -> int:
        """Return how many things stop publication."""
        return len(self.problems) or len(self.report.errors)


def preview(content: str, published: Revision | None, catalogue: Catalogue) -> Preview:
    """Return what the side of the editor shows for a text; nothing is saved."""
    content = content.replace("\r\n", "\n")
    try:
        definition = parse(content)
    except Invalid as invalid:
        return Preview(problems=invalid.problems)
    changed = None
    if published is not None:
        old = library.definition_of(published)
        changed = difference(old, definition, old_text=published.content, new_text=content)
    return Preview((), definition, report(definition, catalogue), changed, published.number if published else None)


def starting_text(playbook: Playbook) -> tuple[str, Revision | None]:
    """Return the text the editor opens with, and the draft it belongs to, if there is one."""
    draft = library.newest_draft(playbook)
    if draft is not None:
        return draft.content, draft
    return (playbook.published.content if playbook.published else EMPTY), None


@transaction.atomic
def save(playbook: Playbook, *, by: Any, content: str, number: int | None, edits: int | None) -> Revision:
    """Save the editor's text: over the draft the writer saw, or as a new draft where there was none.

    Raises Refused with the difference when somebody else saved in between; what lifecycle raises besides.
    """
    draft = library.newest_draft(playbook)
    if draft is None and number is None:
        return _first_draft(playbook, by=by, content=content)
    if draft is None or draft.number != number:
        raise _another_draft(playbook, draft, content)
    return lifecycle.revise(draft, by=by, content=content, edits=edits if edits is not None else -1)


@transaction.atomic
def save_and_publish(
    playbook: Playbook, *, by: Any, content: str, number: int | None, edits: int | None, comment: str
) -> Revision:
    """Save the text and publish exactly it; neither happens where one of them is refused."""
    revision = save(playbook, by=by, content=content, number=number, edits=edits)
    return lifecycle.publish(revision, by=by, comment=comment)


def create(organisation: Organisation, *, by: Any, content: str) -> Revision:
    """Save the text of a new playbook. Raises Refused where the slug is taken."""
    _, definition = lifecycle.read(content)
    if library.exists(organisation.pk, definition.slug):
        raise Refused(f"There is already a playbook called “{definition.slug}”. Edit it, or take another slug.")
    return lifecycle.draft(organisation, by=by, content=content)


def _first_draft(playbook: Playbook, *, by: Any, content: str) -> Revision:
    _, definition = lifecycle.read(content)
    if definition.slug != playbook.slug:
        raise lifecycle.other_slug(playbook)
    return lifecycle.draft(playbook.organisation, by=by, content=content)


def _another_draft(playbook: Playbook, draft: Revision | None, content: str) -> Refused:
    """Say that the ground moved: somebody began, published or discarded a draft."""
    if draft is None:
        return Refused(
            "The draft you were writing was published or discarded meanwhile. Your text was not saved. "
            "See the difference to what is published, then save it as a new draft.",
            code="changed_meanwhile",
        )
    _, definition = lifecycle.read(content)
    told = difference(library.definition_of(draft), definition).sentences
    return Refused(
        f"Somebody else began revision {draft.number} meanwhile. Your text was not saved. "
        "See the difference, then save over it.",
        code="changed_meanwhile",
        difference=list(told),
    )
