"""The reliability partner reads, edits and publishes in a browser; every form works without JavaScript."""

import re

import pytest

from apps.playbooks import lifecycle
from apps.playbooks.models import Playbook, Revision
from apps.playbooks.shipped import shipped
from tests.playbooks.conftest import browser
from tests.playbooks.examples import FULLEST, SMALLEST
from tests.playbooks.factories import RevisionFactory

HOME = "/playbooks/portal-release-rollback"
LONGER = SMALLEST.replace("within_seconds: 60", "within_seconds: 90")
EVERYTHING = SMALLEST.replace('"share:"', '"*"')


def hidden(page, name):
    found = re.search(rf'name="{name}"(?: value="(\d+)")?', page.content.decode())
    return found[1] or ""


def save(client, content, page, **more):
    seen = {name: hidden(page, name) for name in ("number", "edits")}
    return client.post(f"{HOME}/draft/", {"content": content, "comment": "", **seen, **more})


def test_the_list_shows_what_is_published_and_what_is_written(mavericks, ivo):
    RevisionFactory(organisation=mavericks, published=True)
    RevisionFactory(organisation=mavericks, content=LONGER)
    page = browser(ivo).get("/playbooks/").content.decode()
    assert "Portal release rollback" in page
    assert "Founder and Client Success Lead" in page
    assert f'href="{HOME}/revisions/2/"' in page
    assert "Only " in page


def test_an_empty_list_says_why(rae):
    assert "There is no playbook yet." in browser(rae).get("/playbooks/").content.decode()


@pytest.mark.parametrize("content", [FULLEST, SMALLEST, *(one.text for one in shipped())])
def test_every_playbook_can_be_shown_edited_and_compared(mavericks, rae, content):
    revision = lifecycle.draft(mavericks, by=rae, content=content)
    client = browser(rae)
    home = f"/playbooks/{revision.playbook.slug}"
    for page in (f"{home}/", f"{home}/draft/", f"{home}/revisions/1/", "/playbooks/"):
        assert client.get(page).status_code == 200


def test_a_playbook_is_edited_into_a_new_revision_and_published(mavericks, rae):
    first = RevisionFactory(organisation=mavericks, published=True)
    client = browser(rae)
    page = client.get(f"{HOME}/draft/")
    assert "Publish revision 2" in page.content.decode()
    assert save(client, LONGER, page).status_code == 302
    page = client.get(f"{HOME}/draft/")
    assert "Step 4 waits longer:" in page.content.decode()
    answer = save(client, LONGER, page, deed="publish", comment="The portal starts slowly.")
    assert answer.headers["Location"] == f"{HOME}/"
    second = Revision.objects.get(number=2)
    assert (second.state, second.comment) == ("published", "The portal starts slowly.")
    assert Playbook.objects.get().published == second
    first.refresh_from_db()
    assert first.content == SMALLEST


def test_a_new_text_can_be_published_in_one_go(mavericks, rae):
    RevisionFactory(organisation=mavericks, published=True)
    client = browser(rae)
    save(client, LONGER, client.get(f"{HOME}/draft/"), deed="publish", comment="Longer.")
    assert Playbook.objects.get().published.content == LONGER


def test_a_refused_publication_keeps_the_text_and_saves_nothing(mavericks, rae):
    RevisionFactory(organisation=mavericks, published=True)
    client = browser(rae)
    for content, comment, words in (
        (EVERYTHING, "Wide.", "would delete every key"),
        (LONGER, "", "Say in a comment"),
    ):
        answer = save(client, content, client.get(f"{HOME}/draft/"), deed="publish", comment=comment)
        assert answer.status_code == 422
        assert words in answer.content.decode()
        assert Revision.objects.count() == 1


def test_a_text_that_is_no_playbook_comes_back_with_its_line(mavericks, rae):
    RevisionFactory(organisation=mavericks, published=True)
    client = browser(rae)
    broken = SMALLEST.replace("hosting.rollback", "hostings.rollback")
    answer = save(client, broken, client.get(f"{HOME}/draft/"))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Line 7:" in page
    assert "hostings.rollback" in page


def test_two_people_editing_see_each_other(mavericks, rae, ada):
    RevisionFactory(organisation=mavericks, published=True)
    one, other = browser(rae), browser(ada)
    pages = one.get(f"{HOME}/draft/"), other.get(f"{HOME}/draft/")
    assert save(one, LONGER, pages[0]).status_code == 302
    late = save(other, EVERYTHING, pages[1])
    assert late.status_code == 409
    assert "Step 3 deletes more:" in late.content.decode()
    assert Revision.objects.get(number=2).content == LONGER
    assert save(other, EVERYTHING, late).status_code == 302
    assert Revision.objects.get(number=2).content == EVERYTHING


def test_the_preview_reads_along_and_saves_nothing(mavericks, rae):
    RevisionFactory(organisation=mavericks, published=True)
    client = browser(rae)
    page = client.post(f"{HOME}/preview/", {"content": EVERYTHING}).content.decode()
    assert page.strip().startswith('<div id="preview"')
    assert "Line 8: Step 3 would delete every key." in page
    assert "Step 3 deletes more:" in page
    assert "1 finding stops publishing" in page
    assert "Line 1:" in client.post("/playbooks/preview/", {"content": "- a"}).content.decode()
    assert Revision.objects.count() == 1


def test_a_new_playbook_is_saved_as_a_draft(mavericks, rae):
    client = browser(rae)
    text = re.search(r"<textarea[^>]*>\s*(.*?)</textarea>", client.get("/playbooks/new/").content.decode(), re.S)[1]
    content = text.replace("&quot;", '"')
    answer = client.post("/playbooks/drafts/", {"content": content})
    assert answer.headers["Location"] == "/playbooks/my-rollback/draft/"
    assert client.post("/playbooks/drafts/", {"content": content}).status_code == 409


def test_a_draft_is_published_taken_up_again_and_discarded_from_its_page(mavericks, rae):
    RevisionFactory(organisation=mavericks)
    client = browser(rae)
    page = client.get(f"{HOME}/revisions/1/")
    client.post(f"{HOME}/revisions/1/publication/", {"edits": hidden(page, "edits"), "comment": "Good."})
    assert Playbook.objects.get().published.number == 1
    RevisionFactory(organisation=mavericks, content=LONGER, published=True)
    assert "waits longer" in client.get(f"{HOME}/revisions/2/").content.decode()
    assert client.post(f"{HOME}/revisions/1/restoration/").headers["Location"] == f"{HOME}/draft/"
    assert Revision.objects.get(number=3).content == SMALLEST
    client.post(f"{HOME}/revisions/3/disposal/")
    assert Revision.objects.count() == 2


def test_what_people_write_is_never_markup(mavericks, rae):
    content = SMALLEST.replace("Portal release rollback", "<script>alert(1)</script>").replace(
        "Tell the", "<b>Tell</b>"
    )
    lifecycle.draft(mavericks, by=rae, content=content)
    client = browser(rae)
    for page in (f"{HOME}/", f"{HOME}/draft/", f"{HOME}/revisions/1/", "/playbooks/"):
        shown = client.get(page).content.decode()
        assert "<script>alert" not in shown
        assert "<b>Tell</b>" not in shown


def test_who_may_not_edit_gets_the_reason_and_others_nothing(mavericks, ivo, sam, mallory):
    RevisionFactory(organisation=mavericks, published=True)
    assert browser(ivo).get(f"{HOME}/").status_code == 200
    assert browser(ivo).get(f"{HOME}/draft/").status_code == 403
    assert browser(ivo).post(f"{HOME}/draft/", {"content": LONGER}).status_code == 403
    assert browser(ivo).post(f"{HOME}/revisions/1/restoration/").status_code == 403
    assert browser(sam).get(f"{HOME}/").status_code == 403
    for page in ("/", "/draft/", "/revisions/1/"):
        assert browser(mallory).get(HOME + page).status_code == 404
    assert browser(mallory).post(f"{HOME}/revisions/1/restoration/").status_code == 404


def test_the_schema_needs_no_sign_in(client):
    assert client.get("/schema/playbook.v1.json").json()["title"] == "Playbook, version 1"
