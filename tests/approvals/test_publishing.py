"""Publishing a playbook is a question where a rule says so: for this text, by others, and as today without a rule."""

from __future__ import annotations

from typing import Any

import pytest

from apps.approvals import asking
from apps.approvals.models import Question, Rule
from apps.playbooks import agreed, lifecycle
from apps.playbooks.models import Revision
from apps.timeline.answers import Refused
from tests.accounts.conftest import program, sign_in
from tests.accounts.factories import OrganisationFactory, PersonFactory

TEXT = """
version: 1
slug: shop
name: Shop rollback
approvals: {any_of: [incident-commander]}
steps:
  - {name: Look at the shop, human: Open it and say what you see.}
"""


@pytest.fixture
def team(db: None) -> Any:
    return OrganisationFactory()


@pytest.fixture
def hanna(team: Any) -> Any:
    return PersonFactory(organisation=team, name="Hanna", roles=["reliability-partner"])


@pytest.fixture
def ines(team: Any) -> Any:
    return PersonFactory(organisation=team, name="Ines", roles=["cto"])


@pytest.fixture
def rule(team: Any, ines: Any) -> Rule:
    return Rule.objects.create(
        organisation=team, name="Two for a playbook", kinds=["playbook.publish"], demand={"all_of": ["cto"]}
    )


@pytest.fixture
def draft(team: Any, hanna: Any) -> Revision:
    return lifecycle.draft(team, by=hanna, content=TEXT)


def state_of(draft: Revision) -> str:
    return Revision.objects.values_list("state", flat=True).get(pk=draft.pk)


def test_without_a_rule_it_is_published_at_once(draft: Revision, hanna: Any) -> None:
    lifecycle.publish(draft, by=hanna, comment="First")
    assert state_of(draft) == "published"
    assert not Question.objects.exists()


def test_with_a_rule_the_others_publish_what_they_read(draft: Revision, hanna: Any, ines: Any, rule: Rule) -> None:
    lifecycle.publish(draft, by=hanna, comment="First")
    assert state_of(draft) == "draft"
    question = agreed.open_about(draft).get()
    assert question.rule["because"] == "CTO must agree: “Two for a playbook” asks for it at any severity."
    with pytest.raises(Refused, match="Somebody has asked for this already"):
        lifecycle.publish(draft, by=hanna, comment="Again")
    asking.vote(question, by=ines, decision="approve", content_hash=question.content_hash)
    assert state_of(draft) == "published"
    draft.refresh_from_db()
    assert (draft.published_by, draft.comment) == (hanna, "First")


def test_a_changed_draft_takes_the_question_back(draft: Revision, hanna: Any, ines: Any, rule: Rule) -> None:
    lifecycle.publish(draft, by=hanna, comment="First")
    question = agreed.open_about(draft).get()
    lifecycle.revise(draft, by=hanna, content=TEXT.replace("any_of: [incident-commander]", "all_of: []"), edits=0)
    with pytest.raises(Refused, match="withdrawn"):
        asking.vote(question, by=ines, decision="approve", content_hash=question.content_hash)
    assert state_of(draft) == "draft"


def test_nobody_is_asked_where_nobody_else_may_agree(draft: Revision, hanna: Any, ines: Any, rule: Rule) -> None:
    ines.active = False
    ines.save()
    with pytest.raises(Refused, match="Nobody else here may agree"):
        lifecycle.publish(draft, by=hanna, comment="First")


def test_programs_are_told_that_it_waits(draft: Revision, hanna: Any, rule: Rule) -> None:
    client = program(hanna)
    answer = client.post(
        f"/api/v1/playbooks/shop/revisions/{draft.number}/publication", {"comment": "First"}, "application/json"
    )
    assert answer.status_code == 202, answer.content
    assert answer.json()["approval"] == str(agreed.open_about(draft).get().pk)
    assert answer.json()["state"] == "draft"


def test_the_page_says_who_must_agree(draft: Revision, hanna: Any, rule: Rule) -> None:
    browser = sign_in(hanna)
    told = browser.post(f"/playbooks/shop/revisions/{draft.number}/publication/", {"comment": "First"}, follow=True)
    assert "it is published when everybody needed has agreed" in told.content.decode()
    page = browser.get(f"/playbooks/shop/revisions/{draft.number}/").content.decode()
    assert "“Two for a playbook” asks for it" in page
    assert "Publish revision" not in page
