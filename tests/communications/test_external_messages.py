"""Words to the outside wait for a second pair of eyes where a rule says so; told is exactly what was agreed on."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from apps.accounts.models import Person, Role, RoleHolding
from apps.approvals import asking
from apps.approvals.models import Question, Rule
from apps.approvals.overdue import close_overdue
from apps.communications import agreeing
from apps.communications.lifecycle import post_update
from apps.communications.models import Update, WaitingUpdate
from apps.incidents import lifecycle as incidents
from apps.incidents.models import Incident
from apps.timeline.answers import Forbidden, Refused
from apps.timeline.models import Event
from tests.accounts.factories import PersonFactory, TokenFactory
from tests.unguarded import unguarded

WORDS = "Share links fail since 14:07.\nWe put the last version back."


@pytest.fixture
def rule(incident: Incident) -> Rule:
    return Rule.objects.create(
        organisation=incident.organisation, name="Customers read what two have read", kinds=["message.external"],
        demand={"all_of": ["client-success-lead"]}, due_minutes=5,
    )  # fmt: skip


@pytest.fixture
def cleo(incident: Incident) -> Person:
    return PersonFactory(organisation=incident.organisation, name="Cleo", roles=["client-success-lead"])


def ask(incident: Incident, by: Person, audience: str = "public", **more: Any) -> Question:
    """Write words that must wait, and return the question about them."""
    asked = post_update(incident, by=by, audience=audience, text=WORDS, **more)
    assert isinstance(asked, Question)
    return asked


def agree(question: Question, by: Person, decision: str = "approve") -> None:
    asking.vote(question, by=by, decision=decision, content_hash=question.content_hash)


@pytest.mark.parametrize("audience", ["public", "stakeholder"])
def test_words_to_the_outside_are_told_when_somebody_else_has_agreed(incident, ian, cleo, rule, audience) -> None:
    question = ask(incident, ian, audience, next_update_minutes=15)
    assert not Update.objects.exists()
    assert question in asking.waiting_for(cleo)
    agree(question, cleo)
    told = Update.objects.get()
    assert (told.text, told.audience, told.author) == (WORDS, audience, ian)
    incident.refresh_from_db()
    assert incident.next_update_at
    event = Event.objects.get(kind="update.posted")
    assert (event.visibility, event.actor_name) == (audience, "Ian Commander")


def test_words_to_the_team_wait_for_nobody(incident, ian, rule) -> None:
    assert isinstance(post_update(incident, by=ian, audience="internal", text="Look at it"), Update)


def test_without_a_rule_they_are_told_at_once(incident, ian) -> None:
    assert isinstance(post_update(incident, by=ian, audience="public", text=WORDS), Update)


def test_a_rule_for_another_severity_asks_nobody(incident, ian, rule) -> None:
    Rule.objects.filter(pk=rule.pk).update(severities=["P3"])
    assert isinstance(post_update(incident, by=ian, audience="public", text=WORDS), Update)


def test_nobody_agrees_to_their_own_words(incident, ian, rule) -> None:
    role = Role.objects.get(organisation=incident.organisation, slug="client-success-lead")
    RoleHolding.objects.create(organisation=incident.organisation, person=ian, role=role)
    with pytest.raises(Forbidden):
        agree(ask(incident, ian), ian)
    assert not Update.objects.exists()


def test_rejected_words_are_never_told(incident, ian, cleo, rule) -> None:
    agree(ask(incident, ian), cleo, "reject")
    assert not Update.objects.exists()
    assert not agreeing.waiting_for(incident).exists()


def test_words_that_nobody_answers_expire(incident, ian, cleo, rule) -> None:
    question = ask(incident, ian)
    with unguarded("approvals_question") as cursor:
        cursor.execute(
            "UPDATE approvals_question SET expires_at = clock_timestamp() - interval '1 second' WHERE id = %s",
            [question.pk],
        )
    close_overdue()
    question.refresh_from_db()
    assert question.state == "expired"
    with pytest.raises(Refused):
        agree(question, cleo)
    assert not Update.objects.exists()


def test_only_their_author_takes_them_back(incident, ian, cleo, rule) -> None:
    question = ask(incident, ian)
    kept = WaitingUpdate.objects.get()
    with pytest.raises(Forbidden):
        agreeing.take_back(kept, by=cleo)
    agreeing.take_back(kept, by=ian)
    with pytest.raises(Refused):
        agree(question, cleo)
    with pytest.raises(Refused, match="decided already"):
        agreeing.take_back(kept, by=ian)
    assert not Update.objects.exists()


def test_pressed_twice_they_are_asked_about_once(incident, ian, rule) -> None:
    assert ask(incident, ian) == ask(incident, ian)
    assert Question.objects.count() == 1


def test_a_promise_that_the_incidents_end_has_outrun_is_not_told(incident, ian, cleo, rule) -> None:
    question = ask(incident, ian, next_update_minutes=15)
    incidents.resolve(incident, by=ian)
    with pytest.raises(Refused, match="Nothing was told"):
        agree(question, cleo)
    question.refresh_from_db()
    assert question.state == "open"
    assert not Update.objects.exists()


def test_those_who_are_asked_read_the_exact_words(incident, ian, cleo, rule, page) -> None:
    question = ask(incident, ian, next_update_minutes=15)
    shown = {fact.label: fact.text for fact in asking.facts_of(question)}
    assert (shown["The exact words"], shown["For"]) == (WORDS, "Everybody")
    text = page(cleo).get(f"/approvals/{question.pk}/").content.decode()
    assert "We put the last version back." in text


def test_who_writes_is_told_before_who_must_agree(incident, ian, rule, page) -> None:
    text = page(ian).get(f"/incidents/{incident.pk}/updates/").content.decode()
    assert "Before stakeholders read it: Client Success Lead must agree." in text
    assert "Before everybody reads it: Client Success Lead must agree." in text
    ask(incident, ian)
    assert "1 message waiting for others" in page(ian).get(f"/incidents/{incident.pk}/updates/").content.decode()
    Rule.objects.update(active=False)
    assert "on the status page at once" in page(ian).get(f"/incidents/{incident.pk}/updates/").content.decode()


def test_programs_are_told_that_they_wait(program, ian, cleo, incident, rule) -> None:
    answer = program(ian).post(f"/incidents/{incident.pk}/updates", {"audience": "public", "text": WORDS})
    waiting = answer.json()
    assert (answer.status_code, waiting["state"], waiting["text"]) == (202, "open", WORDS)
    listed = program(cleo).get(f"/incidents/{incident.pk}/waiting-updates").json()["items"]
    assert [one["approval"] for one in listed] == [waiting["approval"]]
    assert program(cleo).post(f"/waiting-updates/{waiting['id']}/withdrawal").status_code == 403
    assert program(ian).post(f"/waiting-updates/{waiting['id']}/withdrawal").json()["state"] == "void"
    assert not Update.objects.exists()


def test_a_program_without_a_person_cannot_ask(client, incident, rule) -> None:
    token = TokenFactory(organisation=incident.organisation, person=None, scopes=("read", "write"))
    body = {"audience": "public", "text": WORDS}
    path = f"/api/v1/incidents/{incident.pk}/updates"
    answer = client.post(path, data=body, content_type="application/json", headers=token.header)
    assert answer.status_code == 403
    assert not Question.objects.exists()


def test_others_organisations_waiting_words_are_missing(program, ian, mallory, incident, rule) -> None:
    ask(incident, ian)
    kept = WaitingUpdate.objects.get()
    foreign = program(mallory).post(f"/waiting-updates/{kept.pk}/withdrawal")
    missing = program(mallory).post(f"/waiting-updates/{incident.pk}/withdrawal")
    assert (foreign.status_code, foreign.content) == (missing.status_code, missing.content)
    assert foreign.status_code == 404


def test_on_its_page_the_author_takes_words_back(page, ian, cleo, incident, rule) -> None:
    browser = page(ian)
    form = {"audience": "public", "text": WORDS, "phase": "", "next_update_minutes": "15"}
    answer = browser.post(f"/incidents/{incident.pk}/updates/", form)
    assert answer.headers["Location"] == f"/incidents/{incident.pk}/updates/waiting/"
    shown = browser.get(answer.headers["Location"]).content.decode()
    assert "Take it back" in shown
    kept = WaitingUpdate.objects.get()
    other = page(cleo).get(answer.headers["Location"]).content.decode()
    assert "Read and decide" in other
    assert "Take it back" not in other
    back = page(ian).post(f"/incidents/{incident.pk}/updates/waiting/{kept.pk}/withdrawal/")
    assert back.status_code == 302
    assert not agreeing.waiting_for(incident).exists()


# --- what Postgres refuses -------------------------------------------------------------------------------------------


def refused(caught: Any) -> str:
    return caught.value.__cause__.sqlstate


@pytest.mark.parametrize("change", [{"text": "Other words"}, {"audience": "stakeholder"}, {"phase": "resolved"}, {}])
def test_postgres_lets_only_the_agreed_words_be_told(incident, ian, rule, change) -> None:
    question = ask(incident, ian)
    words = {"audience": "public", "phase": "investigating", "text": WORDS, **change}
    with pytest.raises(DatabaseError) as caught, transaction.atomic():
        Update.objects.create(
            organisation=incident.organisation, incident=incident, author=ian, question=question, **words
        )
    assert refused(caught) == "RG009"


def test_told_words_cannot_be_changed_behind_the_agreement(incident, ian, cleo, rule) -> None:
    agree(ask(incident, ian), cleo)
    with pytest.raises(DatabaseError) as caught, transaction.atomic():
        Update.objects.update(text="Other words")
    assert refused(caught) == "RG009"


def test_waiting_words_never_change_and_are_always_asked_about(incident, ian, rule) -> None:
    question = ask(incident, ian)
    with pytest.raises(DatabaseError) as caught, transaction.atomic():
        WaitingUpdate.objects.update(text="Other words")
    assert refused(caught) == "RG011"
    kept = WaitingUpdate(
        organisation=incident.organisation, incident=incident, author=ian, audience="public", phase="investigating",
        text="Never asked", question=question,
    )  # fmt: skip
    with pytest.raises(DatabaseError) as caught, transaction.atomic():
        kept.save(force_insert=True)
    assert refused(caught) == "RG009"
    assert question.expires_at - question.asked_at > timedelta(minutes=5)
