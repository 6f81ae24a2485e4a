"""Drafts change, published revisions never do, and nobody's work is lost in silence."""

import pytest
from django.db import DatabaseError, transaction

from apps.playbooks import library, lifecycle
from apps.playbooks.exporting import content_hash
from apps.playbooks.models import Playbook, Revision
from apps.playbooks.parsing import parse
from apps.timeline.answers import Forbidden, Refused, Unacceptable
from apps.timeline.models import Event
from tests.playbooks.examples import SMALLEST
from tests.playbooks.factories import RevisionFactory

LONGER = SMALLEST.replace("within_seconds: 60", "within_seconds: 90")
EVERYTHING = SMALLEST.replace('prefix: "share:"', 'prefix: "*"')


def kinds():
    return list(Event.objects.filter(kind__startswith="playbook.").order_by("id").values_list("kind", flat=True))


def test_a_first_draft_makes_the_playbook(mavericks, rae):
    revision = lifecycle.draft(mavericks, by=rae, content=SMALLEST.replace("\n", "\r\n"))
    assert (revision.number, revision.state, revision.created_by) == (1, "draft", rae)
    assert revision.content == SMALLEST
    assert revision.content_hash == content_hash(parse(SMALLEST))
    assert (revision.playbook.slug, revision.playbook.published) == ("portal-release-rollback", None)
    assert kinds() == ["playbook.drafted"]
    assert Event.objects.get(kind="playbook.drafted").text == "Rae drafted revision 1 of Portal release rollback."


def test_the_next_draft_is_the_next_revision(mavericks, rae):
    first = RevisionFactory(organisation=mavericks, published=True)
    second = lifecycle.draft(mavericks, by=rae, content=LONGER)
    assert (second.number, second.playbook, second.based_on) == (2, first.playbook, first)


def test_a_text_that_is_no_playbook_is_refused_with_its_lines(mavericks, rae):
    with pytest.raises(Unacceptable) as caught:
        lifecycle.draft(mavericks, by=rae, content="version: 1\nslug: a\nname: A\nsteps:\n  - {name: b}\n")
    assert caught.value.extra["problems"][0]["line"] == 5
    assert "Line 5" in caught.value.message
    assert not Playbook.objects.exists()


def test_a_slug_that_hides_a_page_is_refused(mavericks, rae):
    with pytest.raises(Unacceptable):
        lifecycle.draft(mavericks, by=rae, content=SMALLEST.replace("portal-release-rollback", "new"))


def test_publishing_puts_a_draft_in_use_and_freezes_it(mavericks, rae):
    revision = lifecycle.draft(mavericks, by=rae, content=SMALLEST)
    lifecycle.publish(revision, by=rae, comment="First one.")
    revision.refresh_from_db()
    assert (revision.state, revision.published_by, revision.comment) == ("published", rae, "First one.")
    assert revision.playbook.published == revision
    with pytest.raises(DatabaseError), transaction.atomic():
        Revision.objects.filter(pk=revision.pk).update(content="x")
    with pytest.raises(Refused) as caught:
        lifecycle.publish(revision, by=rae, comment="Again.")
    assert caught.value.status == 409
    with pytest.raises(Refused):
        lifecycle.revise(revision, by=rae, content=LONGER, edits=0)
    with pytest.raises(Refused):
        lifecycle.discard(revision, by=rae)


def test_publishing_needs_a_comment(mavericks, rae):
    revision = RevisionFactory(organisation=mavericks)
    with pytest.raises(Unacceptable) as caught:
        lifecycle.publish(revision, by=rae, comment="  ")
    assert caught.value.extra["field"] == "comment"


def test_findings_that_stop_it_stop_it(mavericks, rae):
    revision = RevisionFactory(organisation=mavericks, content=EVERYTHING)
    with pytest.raises(Unacceptable, match="would delete every key") as caught:
        lifecycle.publish(revision, by=rae, comment="Wide.")
    assert caught.value.extra["findings"][0]["code"] == "deletes_everything"
    revision.refresh_from_db()
    assert revision.state == "draft"


def test_an_overtaken_draft_is_not_published(mavericks, rae):
    old = RevisionFactory(organisation=mavericks)
    RevisionFactory(organisation=mavericks, content=LONGER, published=True)
    with pytest.raises(Refused) as caught:
        lifecycle.publish(old, by=rae, comment="Late.")
    assert caught.value.code == "overtaken"


def test_somebody_who_saved_in_between_is_not_overwritten(mavericks, rae):
    revision = RevisionFactory(organisation=mavericks)
    lifecycle.revise(revision, by=rae, content=LONGER, edits=0)
    with pytest.raises(Refused) as caught:
        lifecycle.revise(revision, by=rae, content=EVERYTHING, edits=0)
    assert caught.value.code == "changed_meanwhile"
    assert caught.value.extra["edits"] == 1
    assert "Step 3 deletes more: prefix was share:, now *." in caught.value.extra["difference"]
    with pytest.raises(Refused):
        lifecycle.publish(revision, by=rae, comment="Unread.", edits=0)
    revision.refresh_from_db()
    assert revision.content == LONGER


def test_the_slug_of_a_draft_stays(mavericks, rae):
    revision = RevisionFactory(organisation=mavericks)
    with pytest.raises(Unacceptable):
        lifecycle.revise(revision, by=rae, content=SMALLEST.replace("slug: portal", "slug: other"), edits=0)


def test_an_earlier_revision_is_taken_up_again_as_a_draft(mavericks, rae):
    first = RevisionFactory(organisation=mavericks, published=True)
    second = RevisionFactory(organisation=mavericks, content=LONGER, published=True)
    again = lifecycle.restore(first, by=rae)
    assert (again.number, again.state, again.content) == (3, "draft", SMALLEST)
    assert library.newest_draft(Playbook.objects.get()) == again
    assert Playbook.objects.get().published == second
    lifecycle.discard(again, by=rae)
    assert library.newest_draft(Playbook.objects.get()) is None
    assert kinds()[-2:] == ["playbook.revision_restored", "playbook.draft_discarded"]


def test_who_may_not_edit_changes_nothing(mavericks, ivo, sam, mallory):
    revision = RevisionFactory(organisation=mavericks)
    for person in (ivo, sam, mallory):
        for deed in (
            lambda by: lifecycle.draft(mavericks, by=by, content=LONGER),
            lambda by: lifecycle.revise(revision, by=by, content=LONGER, edits=0),
            lambda by: lifecycle.publish(revision, by=by, comment="Mine."),
            lambda by: lifecycle.restore(revision, by=by),
            lambda by: lifecycle.discard(revision, by=by),
        ):
            with pytest.raises(Forbidden):
                deed(person)
    assert Revision.objects.count() == 1
