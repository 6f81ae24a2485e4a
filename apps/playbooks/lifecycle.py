"""The life of a playbook: drafted, changed, published, taken up again; never changed once it is published."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max

from apps.accounts.models import Organisation
from apps.approvals.models import Question
from apps.playbooks import agreed, events, library, permissions
from apps.playbooks.definition import Definition
from apps.playbooks.difference import difference
from apps.playbooks.exporting import content_hash
from apps.playbooks.linter import report
from apps.playbooks.models import Playbook, Revision
from apps.playbooks.parsing import parse
from apps.playbooks.problems import Invalid
from apps.playbooks.states import RevisionState, move
from apps.timeline.answers import Refused, Unacceptable
from apps.timeline.log import record

RESERVED = {"new", "preview", "drafts"}  # they would hide pages
LONGEST_COMMENT = 2000


@transaction.atomic
def draft(organisation: Organisation, *, by: Any, content: str) -> Revision:
    """Keep a text as a new draft; the first one makes the playbook. Raises Forbidden or Unacceptable."""
    permissions.may_edit(by, organisation).or_refuse()
    content, definition = read(content)
    playbook = _locked(_playbook(organisation, definition))
    revision = _new_revision(playbook, by=by, content=content, definition=definition)
    record(events.DRAFTED, playbook, by=by, playbook=playbook.name, revision=revision.number)
    return revision


@transaction.atomic
def revise(revision: Revision, *, by: Any, content: str, edits: int) -> Revision:
    """Change a draft that still is as the writer saw it (`edits`).

    Raises Forbidden, Unacceptable, or Refused with the difference when somebody saved in between.
    """
    permissions.may_edit(by, revision).or_refuse()
    content, definition = read(content)
    asked = agreed.hold(revision)
    playbook = _locked(revision.playbook)
    revision = playbook.revisions.select_for_update().get(pk=revision.pk)
    _refuse_published(revision)
    if revision.edits != edits:
        raise _changed_meanwhile(revision, definition)
    if definition.slug != playbook.slug:
        raise other_slug(playbook)
    if revision.content != content:
        revision.content, revision.content_hash = content, content_hash(definition)
        revision.edits += 1
        revision.save(update_fields=["content", "content_hash", "edits", "changed_at"])
        record(events.REVISED, playbook, by=by, playbook=playbook.name, revision=revision.number)
        agreed.withdraw(asked, by=by, reason="the draft changed")
    return revision


@transaction.atomic
def publish(revision: Revision, *, by: Any, comment: str, edits: int | None = None) -> Revision:
    """Make a draft the revision that new plans use. Runs under way keep theirs.

    Where a rule wants others to agree it stays a draft, and they are asked (`agreed.open_about`). `edits` refuses a
    draft that changed since the publisher read it. Raises Forbidden, Unacceptable for a missing comment or findings
    that stop it, Refused where it is published already or a newer one is.
    """
    permissions.may_publish(by, revision).or_refuse()
    comment = _comment(comment)
    playbook = _locked(revision.playbook)
    revision = playbook.revisions.select_for_update().get(pk=revision.pk)
    _refuse_published(revision)
    definition = library.definition_of(revision)
    if edits is not None and revision.edits != edits:
        raise _changed_meanwhile(revision, definition)
    _refuse_overtaken(revision, playbook)
    _refuse_findings(revision, definition)
    revision.comment = comment
    if agreed.ask_to_publish(revision, playbook, by=by):
        revision.save(update_fields=["comment"])
        return revision
    return _publish(playbook, revision, definition, by=by)


def when_publication_is_granted(question: Question, by: Any) -> None:
    """Publish what the question asked about, in the name of who asked, in the transaction of the deciding vote."""
    found = Revision.objects.select_related("playbook").get(
        pk=question.subject_id, organisation_id=question.organisation_id
    )
    playbook = _locked(found.playbook)
    revision = playbook.revisions.select_for_update().get(pk=found.pk)
    _refuse_published(revision)
    agreed.refuse_changed(revision, question)
    definition = library.definition_of(revision)
    _refuse_overtaken(revision, playbook)
    _refuse_findings(revision, definition)
    _publish(playbook, revision, definition, by=question.requester)


@transaction.atomic
def restore(revision: Revision, *, by: Any) -> Revision:
    """Take an earlier revision up again as a new draft, to be read and published. Raises Forbidden."""
    permissions.may_edit(by, revision).or_refuse()
    playbook = _locked(revision.playbook)
    definition = library.definition_of(revision)
    again = _new_revision(playbook, by=by, content=revision.content, definition=definition)
    names: dict[str, Any] = {"playbook": playbook.name, "revision": again.number}
    record(events.RESTORED, playbook, by=by, **names, restored=revision.number)
    return again


@transaction.atomic
def discard(revision: Revision, *, by: Any) -> Playbook:
    """Delete a draft; a published revision stays for ever. Raises Forbidden or Refused."""
    permissions.may_edit(by, revision).or_refuse()
    asked = agreed.hold(revision)
    playbook = _locked(revision.playbook)
    revision = playbook.revisions.select_for_update().get(pk=revision.pk)
    _refuse_published(revision)
    agreed.withdraw(asked, by=by, reason="the draft was discarded")
    number = revision.number
    revision.delete()
    record(events.DISCARDED, playbook, by=by, playbook=playbook.name, revision=number)
    return playbook


def read(content: str) -> tuple[str, Definition]:
    """Return the text as it is kept, and what it says. Raises Unacceptable with every problem."""
    content = content.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    try:
        definition = parse(content)
    except Invalid as invalid:
        raise unacceptable(invalid) from invalid
    if definition.slug in RESERVED:
        raise Unacceptable(f"“{definition.slug}” is the address of a page. Take another slug.", field="slug")
    return content, definition


def unacceptable(invalid: Invalid) -> Unacceptable:
    """Return the refusal for a text that is no playbook; its `problems` have line, column, path, message."""
    first = invalid.problems[0]
    found = [vars(problem) for problem in invalid.problems]
    more = f" ({len(found) - 1} more)" if len(found) > 1 else ""
    message = f"This is not a playbook yet. {str(first)[:1].upper()}{str(first)[1:]}{more} Nothing was saved."
    return Unacceptable(message, code="invalid_playbook", field=first.path, problems=found)


def other_slug(playbook: Playbook) -> Unacceptable:
    """Return the refusal for a text of one playbook that carries the slug of another."""
    return Unacceptable(f"The slug stays “{playbook.slug}”; another slug is another playbook.", field="slug")


def _publish(playbook: Playbook, revision: Revision, definition: Definition, *, by: Any) -> Revision:
    move(revision, RevisionState.PUBLISHED, by=by)
    _put_in_use(playbook, revision, definition)
    names: dict[str, Any] = {"playbook": playbook.name, "revision": revision.number}
    record(events.PUBLISHED, playbook, by=by, **names, comment=revision.comment, content_hash=revision.content_hash)
    return revision


def keep_shipped(organisation: Organisation, content: str, definition: Definition, *, by: Any) -> Playbook | None:
    """Publish a shipped text as revision 1, or return None where the organisation already has that slug."""
    with transaction.atomic():
        playbook = Playbook(organisation=organisation, slug=definition.slug, name=definition.name, kind=definition.kind)
        if not _inserted(playbook):
            return None
        revision = _new_revision(playbook, by=by, content=content, definition=definition)
        revision.comment = "Shipped with Rollback Portal."
        move(revision, RevisionState.PUBLISHED, by=by)
        _put_in_use(playbook, revision, definition)
        record(events.SHIPPED, playbook, by=by, playbook=playbook.name, revision=revision.number)
    return playbook


def _playbook(organisation: Organisation, definition: Definition) -> Playbook:
    """Return the playbook of that slug, made now if need be."""
    rows = Playbook.objects.filter(organisation=organisation, slug=definition.slug)
    if (found := rows.first()) is not None:
        return found
    made = Playbook(organisation=organisation, slug=definition.slug, name=definition.name, kind=definition.kind)
    return made if _inserted(made) else rows.get()


def _inserted(playbook: Playbook) -> bool:
    try:
        with transaction.atomic():
            playbook.save(force_insert=True)
    except IntegrityError:
        return False
    return True


def _locked(playbook: Playbook) -> Playbook:
    """Lock first and read then: a row joined to the one that is waited for is the older one, or none."""
    Playbook.objects.select_for_update(no_key=True).get(pk=playbook.pk)
    return Playbook.objects.select_related("published", "organisation").get(pk=playbook.pk)


def _new_revision(playbook: Playbook, *, by: Any, content: str, definition: Definition) -> Revision:
    newest = playbook.revisions.aggregate(newest=Max("number"))["newest"] or 0
    return Revision.objects.create(
        organisation_id=playbook.organisation_id,
        playbook=playbook,
        number=newest + 1,
        content=content,
        content_hash=content_hash(definition),
        based_on=playbook.published,
        created_by_id=by.pk,
    )


def _put_in_use(playbook: Playbook, revision: Revision, definition: Definition) -> None:
    playbook.published, playbook.name, playbook.kind = revision, definition.name, definition.kind
    playbook.save(update_fields=["published", "name", "kind"])


def _comment(comment: str) -> str:
    comment = comment.strip()
    if not comment:
        raise Unacceptable("Say in a comment what changed and why; people read it at night.", field="comment")
    if len(comment) > LONGEST_COMMENT or not comment.replace("\n", " ").replace("\r", " ").isprintable():
        raise Unacceptable(f"A comment is plain text of at most {LONGEST_COMMENT} characters.", field="comment")
    return comment


def _refuse_published(revision: Revision) -> None:
    if revision.state != RevisionState.DRAFT:
        raise Refused(
            f"Revision {revision.number} is published and never changes. Edit a new draft instead.",
            code="already_published",
            state=revision.state,
        )


def _refuse_overtaken(revision: Revision, playbook: Playbook) -> None:
    if playbook.published and playbook.published.number > revision.number:
        raise Refused(
            f"Revision {playbook.published.number} was published after this draft was made. "
            "Nothing was published; draft again from it.",
            code="overtaken",
            published=playbook.published.number,
        )


def _refuse_findings(revision: Revision, definition: Definition) -> None:
    errors = report(definition, library.catalogue_for(revision.organisation_id)).errors
    if errors:
        raise Unacceptable(
            f"{errors[0].message} {errors[0].advice} Nothing was published.",
            code="findings",
            findings=[vars(finding) for finding in errors],
        )


def _changed_meanwhile(revision: Revision, mine: Definition) -> Refused:
    told = difference(library.definition_of(revision), mine).sentences
    return Refused(
        f"Somebody saved revision {revision.number} while you were writing. Your text was not saved. "
        "See the difference, then save again.",
        code="changed_meanwhile",
        edits=revision.edits,
        difference=list(told),
    )
