"""A step is edited in a form, and every other line of the text stays as people wrote it."""

import pytest

from apps.playbooks.catalogue import installed
from apps.playbooks.models import Revision
from apps.playbooks.parsing import parse
from apps.playbooks.shipped import shipped
from apps.playbooks.step_text import change_step
from tests.playbooks.conftest import browser
from tests.playbooks.examples import FULLEST, SMALLEST
from tests.playbooks.factories import RevisionFactory
from tests.providers.foreign import register

TEXTS = [SMALLEST, FULLEST, *(one.text for one in shipped())]
HOME = "/playbooks/portal-release-rollback"


@pytest.mark.parametrize("text", TEXTS)
def test_only_the_lines_of_the_step_change(text):
    new = change_step(text, 1, {"name": "Now: another #1", "gives_up_seconds": 77})
    assert parse(new).steps[0].name == "Now: another #1"
    assert parse(new).steps[0].gives_up_seconds == 77
    assert parse(new).steps[1:] == parse(text).steps[1:]
    kept = [line for line in text.splitlines() if line in new.splitlines()]
    assert len(kept) >= len(text.splitlines()) - 2


def test_fields_are_removed_and_merged():
    new = change_step(FULLEST, 1, {"gives_up_seconds": None, "with": {"prefix": "a: b\nc"}})
    step = parse(new).steps[0]
    assert step.gives_up_seconds is None
    assert step.parameters["prefix"] == "a: b\nc"
    assert step.parameters["deep"] == parse(FULLEST).steps[0].parameters["deep"]


@pytest.mark.parametrize(
    "value", ["yes", "1e5", "0o7", "007", "true", "a # b", " a", "- a", "{release.version}", "é\n x\n", "~"]
)
def test_any_text_survives_the_form(value):
    assert parse(change_step(SMALLEST, 5, {"with": {"text": value}})).steps[4].parameters["text"] == value


def test_line_ends_of_a_browser_are_kept_plain():
    assert parse(change_step(SMALLEST, 5, {"with": {"text": "a\r\nb"}})).steps[4].parameters["text"] == "a\nb"


def test_a_step_is_changed_in_a_form(mavericks, rae):
    RevisionFactory(organisation=mavericks, content="# kept\n" + SMALLEST, published=True)
    client = browser(rae)
    answer = client.post(
        f"{HOME}/draft/steps/3/",
        {"name": "Clear links", "with-prefix": "link:", "gives_up_seconds": "90", "on_failure": "halt"},
    )
    assert answer.status_code == 302, answer.content.decode()
    draft = Revision.objects.get(number=2)
    assert draft.content.startswith("# kept\n")
    step = parse(draft.content).steps[2]
    assert (step.name, step.parameters, step.gives_up_seconds) == ("Clear links", {"prefix": "link:"}, 90)
    page = client.get(f"{HOME}/draft/steps/3/").content.decode()
    assert "Step 3 deletes something else:" in page


def test_checks_and_messages_have_their_own_fields(mavericks, rae):
    RevisionFactory(organisation=mavericks, published=True)
    client = browser(rae)
    said = {"name": "Answers", "path": "/health", "status": "204", "contains": "", "within_seconds": "30"}
    assert client.post(f"{HOME}/draft/steps/4/", said | {"on_failure": "halt"}).status_code == 302
    check = parse(Revision.objects.get(number=2).content).steps[3].check
    assert (check.path, check.status, check.within_seconds) == ("/health", 204, 30)
    bad = {
        "name": "Tell",
        "with-text": "{nobody.knows}",
        "on_failure": "continue",
        "number": "2",
        "edits": "0",
    }
    refused = client.post(f"{HOME}/draft/steps/5/", bad)
    assert refused.status_code == 422
    assert "There is no placeholder {nobody.knows}" in refused.content.decode()


def test_a_form_of_an_older_draft_is_refused(mavericks, rae):
    RevisionFactory(organisation=mavericks, published=True)
    client = browser(rae)
    said = {"name": "Clear", "with-prefix": "a:", "gives_up_seconds": "", "on_failure": "halt"}
    assert client.post(f"{HOME}/draft/steps/3/", said).status_code == 302
    late = client.post(f"{HOME}/draft/steps/3/", said | {"with-prefix": "b:"})
    assert late.status_code == 409
    assert 'name="edits" value="0"' in late.content.decode()
    again = said | {"with-prefix": "b:", "number": "2", "edits": "0"}
    assert client.post(f"{HOME}/draft/steps/3/", again).status_code == 302
    assert parse(Revision.objects.get(number=2).content).steps[2].parameters == {"prefix": "b:"}


@pytest.mark.parametrize("text", TEXTS)
def test_every_step_has_a_form(mavericks, rae, text):
    revision = RevisionFactory(organisation=mavericks, content=text)
    client = browser(rae)
    for position in range(1, len(parse(text).steps) + 1):
        assert client.get(f"/playbooks/{revision.playbook.slug}/draft/steps/{position}/").status_code == 200
    assert client.get(f"/playbooks/{revision.playbook.slug}/draft/steps/99/").status_code == 404


def test_a_providers_check_has_a_field_for_each_of_its_parameters(mavericks, rae, monkeypatch):
    register(monkeypatch)
    asked = "use: metrics.loss_share, with: {window_minutes: 5, below: 1}"
    text = SMALLEST.replace("path: /api/health, status: 200", asked)
    RevisionFactory(organisation=mavericks, content=text, published=True)
    client = browser(rae)
    page = client.get(f"{HOME}/draft/steps/4/").content.decode()
    assert "Foreign: Share of failed requests" in page
    assert "Must be below" in page
    said = {"name": "Errors", "with-window_minutes": "10", "with-below": "0.5", "with-above": "0", "within_seconds": ""}
    assert client.post(f"{HOME}/draft/steps/4/", said | {"on_failure": "halt"}).status_code == 302
    check = parse(Revision.objects.get(number=2).content).steps[3].check
    assert dict(check.parameters) == {"window_minutes": 10, "below": 0.5, "above": 0}
    assert [type(value) for value in check.parameters.values()] == [int, float, int]
    installed.cache_clear()
